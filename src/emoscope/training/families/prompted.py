"""Demux and MEmo: a pretrained encoder with a prompt around the text."""

from collections.abc import Sequence, Sized
from functools import partial
from typing import cast

from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import PreTrainedModel

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.feelings import load_feelings
from emoscope.encoding.demux import DemuxEncoder
from emoscope.encoding.independent import IndependentEncoder
from emoscope.encoding.memo import MemoEncoder, check_template, template_for
from emoscope.encoding.tokens import TextTokenizer
from emoscope.errors import InputError
from emoscope.folder import WEIGHTS, ModelFolder
from emoscope.models.backbone import backbone_config, load_backbone, load_tokenizer, shape_of
from emoscope.models.demux import Demux, DemuxConfig
from emoscope.models.memo import Memo, MemoConfig
from emoscope.recipes.models import DemuxSection, MemoSection, PromptedSection
from emoscope.recipes.schema import AnchorSection, ObjectiveSection, Recipe
from emoscope.taxonomy import Taxonomy
from emoscope.training.corpus_bias import add_corpus_bias, check_alone, drop_corpus_bias
from emoscope.training.data import Augmentation, LabelSampler
from emoscope.training.families.family import Family, make_pipeline
from emoscope.training.freezing import add_lora, freeze, merge_lora
from emoscope.training.label_sampling import LabelSampling


def demux_family(recipe: Recipe, train: Sequence[Corpus]) -> Family:
    """Demux on the recipe's encoder.

    Args:
        recipe: what to train.
        train: the corpora trained on; each may have labels of its own.
    """
    section = cast(DemuxSection, recipe.model)
    taxonomy = train[0].taxonomy
    shape = backbone_config(section.backbone)
    tokenizer = load_tokenizer(section.backbone, shape)
    independent = section.labels == "independent"
    encoder = (IndependentEncoder if independent else DemuxEncoder)(
        pipeline=make_pipeline(recipe.text, ()),
        tokenizer=tokenizer,
        taxonomy=taxonomy,
        max_length=recipe.text.max_length,
        truncation=recipe.text.truncation,
    )
    config = DemuxConfig(
        backbone=shape_of(shape),
        cluster=section.cluster,
        dropout=section.dropout,
        joint_layers=section.joint_layers,
        labels=section.labels,
        label_feed_forward=section.label_feed_forward,
        similarity=section.similarity,
        **names_of(taxonomy),
    )
    words = [word for corpus in train for label in corpus.taxonomy.labels for word in label.words]

    def make_model() -> PreTrainedModel:
        model = adapted(Demux(config, load_backbone(section.backbone)), section, tokenizer, words)
        if recipe.objective.corpus_bias:
            check_alone()
            add_corpus_bias(model, [corpus.labels for corpus in train])
        return model

    return Family(
        encoder=encoder,
        make_model=make_model,
        told=told(section, encoder.frame, tokenizer),
        augmentation=sampler_of(section, recipe.objective),
        finish=partial(finish, section=section),
    )


def sampler_of(section: DemuxSection, objective: ObjectiveSection) -> LabelSampler | None:
    """What changes in the labels from batch to batch."""
    if section.labels == "joint":
        augmented = section.shuffle_labels or section.drop_labels > 0
        return Augmentation(section.shuffle_labels, section.drop_labels) if augmented else None
    anchor = objective.anchor
    if anchor is None and section.max_labels is None and not section.swap_forms:
        return None
    families = load_feelings().values()
    return LabelSampling(
        most=section.max_labels,
        forms={word: forms for forms in families for word in forms},
        swap=section.swap_forms,
        vocabulary=0 if anchor is None else len(words_to_hold(anchor)),
        anchored=0 if anchor is None else anchor.words,
    )


def words_to_hold(anchor: AnchorSection) -> tuple[str, ...]:
    """Words for feelings that may be held where the encoder had them."""
    words = (word for forms in load_feelings().values() for word in forms)
    return tuple(word for word in words if word not in anchor.exclude)


def memo_family(recipe: Recipe, train: Sequence[Corpus]) -> Family:
    """MEmo on the recipe's encoder.

    Args:
        recipe: what to train.
        train: the corpora trained on, all with the same labels unless the head is `"mlm"`.
    """
    section = cast(MemoSection, recipe.model)
    taxonomy = train[0].taxonomy
    masked = section.head == "mlm"
    shape = backbone_config(section.backbone)
    tokenizer = load_tokenizer(section.backbone, shape)
    encoder = MemoEncoder(
        pipeline=make_pipeline(recipe.text, ()),
        tokenizer=tokenizer,
        taxonomy=taxonomy,
        template=section.template,
        max_length=recipe.text.max_length,
        truncation=recipe.text.truncation,
        open_labels=masked,
    )
    config = MemoConfig(
        backbone=shape_of(shape),
        head=section.head,
        masks=check_template(encoder.sentence),
        combine_masks=section.combine_masks,
        synonyms=section.synonyms,
        dropout=section.dropout,
        **names_of(taxonomy),
    )
    words = [word for corpus in train for label in corpus.taxonomy.labels for word in label.words]
    languages = dict.fromkeys(corpus.taxonomy.language for corpus in train)
    sentences = dict.fromkeys(section.template or template_for(one) for one in languages)

    def make_model() -> PreTrainedModel:
        return adapted(
            Memo(config, load_backbone(section.backbone, masked)), section, tokenizer, words
        )

    return Family(
        encoder=encoder,
        make_model=make_model,
        told=(
            *(f"Template: {one}" for one in sentences),
            *told(section, encoder.prompt.frame, tokenizer),
        ),
        finish=partial(finish, section=section),
    )


def names_of(taxonomy: Taxonomy) -> dict[str, dict[int, str] | dict[str, int]]:
    """The labels as transformers' configurations hold them."""
    return {
        "id2label": dict(enumerate(taxonomy.names)),
        "label2id": {name: k for k, name in enumerate(taxonomy.names)},
    }


def adapted(
    model: Demux | Memo, section: PromptedSection, tokenizer: TextTokenizer, words: Sequence[str]
) -> PreTrainedModel:
    """The network with the weights to begin from, and what shall not learn frozen.

    Args:
        model: new, with its pretrained encoder.
        section: of the recipe.
        tokenizer: of the encoder.
        words: of the labels.
    """
    if section.start is not None:
        start_from(model, section.start, section.start_head)
    # A tokenizer may split the first word of a prompt, which has no space before it, otherwise.
    shown = [*words, *(f" {word}" for word in words)]
    tokens = sorted({token for ids in tokenizer.ids(shown) for token in ids})
    freeze(model, section.freeze, section.frozen_layers, tokens)
    if section.lora is not None:
        add_lora(model, section.lora)
    return model


def start_from(model: PreTrainedModel, folder: str, head: bool) -> None:
    """Copy the weights of a trained model.

    Args:
        model: of the same kind and encoder.
        folder: of the trained model, or of its training.
        head: copy its head too.

    Raises:
        InputError: weights that have no place in this model, or leave some without; a head that
            was trained for other labels.
    """
    try:
        opened = ModelFolder.open(folder)
    except InputError as error:
        raise InputError(f"model.start: {error} Train it first, or name another model.") from None
    try:
        weights = load_file(opened.path / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"model.start: {opened.path / WEIGHTS} cannot be read: {error}."
        ) from error
    if not head:
        weights = {name: one for name, one in weights.items() if name.startswith("backbone.")}
    own = model.state_dict()
    # One tensor under two names, as embeddings that are a head's weights too, is stored once.
    stored = {one.data_ptr() for name, one in own.items() if name in weights}
    expected = {
        name
        for name, one in own.items()
        if (head or name.startswith("backbone."))
        and (name in weights or one.data_ptr() not in stored)
    }
    wrong = expected ^ set(weights) or {
        name for name in expected if own[name].shape != weights[name].shape
    }
    if wrong:
        raise InputError(
            f"model.start: the weights of {opened.path} do not fit this model: "
            f"{', '.join(sorted(wrong)[:5])}{' …' if len(wrong) > 5 else ''}. Take the same "
            "model.type and model.backbone; with other labels, set model.start_head=false."
        )
    fixed = isinstance(model, Memo) and model.config.head != "mlm"
    names = tuple((model.config.id2label or {}).values())
    if head and fixed and opened.taxonomy.names != names:
        raise InputError(
            f"model.start: the head of {opened.path} scores {', '.join(opened.taxonomy.names)}, in "
            f"this order, and this model's labels are {', '.join(names)}. Set "
            "model.start_head=false to begin from the encoder alone."
        )
    model.load_state_dict(weights, strict=False)


def told(section: PromptedSection, frame: Sized, tokenizer: TextTokenizer) -> tuple[str, ...]:
    """What the model is made of, in words."""
    lines = [
        f"Encoder: {section.backbone}; the prompt takes {len(frame)} of the {tokenizer.window} "
        "tokens that it reads."
    ]
    if section.start is not None:
        lines.append(f"Begun from the weights of {section.start}.")
    return tuple(lines)


def finish(model: PreTrainedModel, section: PromptedSection) -> None:
    """Put low-rank updates into the weights that they change."""
    if section.lora is not None:
        merge_lora(model)
    drop_corpus_bias(model)
