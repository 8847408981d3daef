"""How Demux is trained: encoder and network from a recipe, and which labels a batch has."""

from collections.abc import Sequence
from functools import partial
from typing import cast

from transformers import PreTrainedModel

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.feelings import load_feelings
from emoscope.models.demux.anchor import Anchor
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.independent_encoder import IndependentEncoder
from emoscope.models.demux.label_sampling import LabelSampling
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.demux.section import DemuxSection
from emoscope.models.shared.backbone import (
    load_backbone,
    load_backbone_config,
    load_tokenizer,
    to_shape,
)
from emoscope.models.shared.family import Family, make_pipeline
from emoscope.models.shared.prompted import (
    describe_encoder,
    finish_training,
    prepare_network,
    to_label_maps,
)
from emoscope.recipes.objective import AnchorSection, ObjectiveSection
from emoscope.recipes.schema import Recipe
from emoscope.training.corpus_bias import add_corpus_bias, check_alone
from emoscope.training.data import Augmentation, LabelSampler


def make_demux_family(recipe: Recipe, train: Sequence[Corpus]) -> Family:
    """Demux on the recipe's encoder.

    Args:
        recipe: what to train.
        train: the corpora trained on; each may have labels of its own.
    """
    section = cast(DemuxSection, recipe.model)
    taxonomy = train[0].taxonomy
    shape = load_backbone_config(section.backbone)
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
        backbone=to_shape(shape),
        cluster=section.cluster,
        dropout=section.dropout,
        joint_layers=section.joint_layers,
        labels=section.labels,
        label_feed_forward=section.label_feed_forward,
        similarity=section.similarity,
        **to_label_maps(taxonomy),
    )
    words = [word for corpus in train for label in corpus.taxonomy.labels for word in label.words]

    anchor = recipe.objective.anchor

    def make_anchor(model: PreTrainedModel) -> Anchor:
        held = list_held_words(cast(AnchorSection, anchor))
        return Anchor(cast(Demux, model), cast(IndependentEncoder, encoder), held)

    def make_model() -> PreTrainedModel:
        model = prepare_network(
            Demux(config, load_backbone(section.backbone)), section, tokenizer, words
        )
        if recipe.objective.corpus_bias:
            check_alone()
            add_corpus_bias(model, [corpus.labels for corpus in train])
        return model

    return Family(
        encoder=encoder,
        make_model=make_model,
        notes=describe_encoder(section, encoder.frame, tokenizer),
        augmentation=make_sampler(section, recipe.objective),
        hold_words=None if anchor is None else make_anchor,
        finish=partial(finish_training, section=section),
    )


def make_sampler(section: DemuxSection, objective: ObjectiveSection) -> LabelSampler | None:
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
        vocabulary=0 if anchor is None else len(list_held_words(anchor)),
        anchored=0 if anchor is None else anchor.words,
    )


def list_held_words(anchor: AnchorSection) -> tuple[str, ...]:
    """Words for feelings that may be held where the encoder had them."""
    words = (word for forms in load_feelings().values() for word in forms)
    return tuple(word for word in words if word not in anchor.exclude)
