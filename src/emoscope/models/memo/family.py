"""How MEmo is trained: its encoder and network from a recipe."""

from collections.abc import Sequence
from functools import partial
from typing import cast

from transformers import PreTrainedModel

from emoscope.corpora.corpus import Corpus
from emoscope.models.memo.encoder import MemoEncoder, check_template, find_template
from emoscope.models.memo.network import Memo, MemoConfig
from emoscope.models.memo.section import MemoSection
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
from emoscope.recipes.schema import Recipe


def make_memo_family(recipe: Recipe, train: Sequence[Corpus]) -> Family:
    """MEmo on the recipe's encoder.

    Args:
        recipe: what to train.
        train: the corpora trained on, all with the same labels unless the head is `"mlm"`.
    """
    section = cast(MemoSection, recipe.model)
    taxonomy = train[0].taxonomy
    masked = section.head == "mlm"
    shape = load_backbone_config(section.backbone)
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
        backbone=to_shape(shape),
        head=section.head,
        masks=check_template(encoder.sentence),
        combine_masks=section.combine_masks,
        synonyms=section.synonyms,
        dropout=section.dropout,
        **to_label_maps(taxonomy),
    )
    words = [word for corpus in train for label in corpus.taxonomy.labels for word in label.words]
    languages = dict.fromkeys(corpus.taxonomy.language for corpus in train)
    sentences = dict.fromkeys(section.template or find_template(language) for language in languages)

    def make_model() -> PreTrainedModel:
        return prepare_network(
            Memo(config, load_backbone(section.backbone, masked)), section, tokenizer, words
        )

    return Family(
        encoder=encoder,
        make_model=make_model,
        notes=(
            *(f"Template: {sentence}" for sentence in sentences),
            *describe_encoder(section, encoder.prompt.frame, tokenizer),
        ),
        finish=partial(finish_training, section=section),
    )
