"""NELEC: a vocabulary fitted on the training texts, static vectors, a recurrent network."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from transformers import PreTrainedModel

from emoscope.corpora.corpus import Corpus
from emoscope.embeddings.emoji2vec import learn_emoji_vectors, load_emoji_vectors
from emoscope.embeddings.shares import coverage
from emoscope.embeddings.vectors import WordVectors, load_vectors
from emoscope.embeddings.vocabulary import Vocabulary, embedding_matrix
from emoscope.errors import InputError
from emoscope.models.nelec.diagram import draw_network
from emoscope.models.nelec.encoder import BOUNDARY, PlainEncoder, split_words
from emoscope.models.nelec.network import Nelec, NelecConfig
from emoscope.models.nelec.section import NelecSection
from emoscope.models.nelec.start import begin_from, load_start, take_vectors
from emoscope.models.shared.family import Family, make_pipeline
from emoscope.recipes.schema import Recipe, VectorsSection
from emoscope.taxonomy import Taxonomy
from emoscope.text import CHAT_STEPS


def make_nelec_family(recipe: Recipe, train: Sequence[Corpus]) -> Family:
    """Fit a vocabulary, find its vectors.

    Args:
        recipe: what to train.
        train: the corpora trained on, all with the same labels.

    Raises:
        InputError: corpora of different labels, or single turns to pool where there are none.
    """
    section = cast(NelecSection, recipe.model)
    names = {corpus.taxonomy.names for corpus in train}
    if len(names) > 1:
        raise InputError(
            "NELEC learns a fixed set of labels, and the corpora of this recipe have several. "
            "Take a model that reads its labels, such as Demux."
        )
    if section.head in ("two_stage", "multitask") and not train[0].taxonomy.exclusive:
        raise InputError(
            f"model.head={section.head} is for labels that exclude each other. Set model.head=flat."
        )
    if section.head == "multitask" and not recipe.objective.stage:
        raise InputError(
            "model.head=multitask has a layer for a second task, and objective.stage, which trains "
            "it, is 0. Set objective.stage=0.5."
        )
    pipeline = make_pipeline(recipe.text, CHAT_STEPS)
    vectors = make_vectors(recipe.vectors, recipe.seed)
    words = [split_words(pipeline, turns) for corpus in train for turns in corpus.turns]
    if section.pooled_turns and not any(BOUNDARY in text for text in words):
        raise InputError(
            f"model.pooled_turns pools single turns, but no text has a {BOUNDARY}: it takes texts "
            "of several turns and the step turn_boundaries. Set model.pooled_turns=0."
        )
    start, known = None, vectors
    if section.start is not None:
        start, trained = load_start(section.start)
        known = add_trained(vectors, start, trained)
    vocabulary = Vocabulary.fit(
        words,
        vectors=known,
        max_size=recipe.vectors.max_size,
        min_count=recipe.vectors.min_count,
        extension=recipe.vectors.extension,
    )
    counts = Counter(word for text in words for word in text)
    # The boundary is no word, and no vectors know it.
    del counts[BOUNDARY]
    covered = coverage(counts, vectors)
    return Family(
        encoder=PlainEncoder(pipeline, vocabulary, recipe.text.max_length, recipe.text.truncation),
        make_model=lambda: make_nelec(recipe, section, train[0].taxonomy, vocabulary, known, start),
        reads_labels=False,
        notes=(
            f"Word vectors: {recipe.vectors.words}, emoji {recipe.vectors.emoji}.",
            str(covered),
            *([] if start is None else [f"Begun from {section.start}."]),
        ),
        facts={"coverage": covered.to_dict()},
        draw=draw_nelec,
    )


def make_vectors(section: VectorsSection, seed: int) -> WordVectors:
    """Word vectors with emoji vectors beside them."""
    words = load_vectors(section.words)
    if section.emoji == "none":
        return words
    if section.emoji == "learned":
        return words.merged(learn_emoji_vectors(words, seed=seed))
    return words.merged(load_emoji_vectors(Path(section.emoji)))


def add_trained(vectors: WordVectors, start: Nelec, vocabulary: Vocabulary) -> WordVectors:
    """Word vectors, those of the words that a network was trained on as it has learnt them.

    Raises:
        InputError: it has vectors of another size.
    """
    if start.config.embedding_size != vectors.dimension:
        raise InputError(
            f"model.start: its word vectors have {start.config.embedding_size} dimensions, "
            f"vectors.words here {vectors.dimension}. Name the vectors that it was trained with."
        )
    return vectors.merged(take_vectors(start, vocabulary))


def make_nelec(
    recipe: Recipe,
    section: NelecSection,
    taxonomy: Taxonomy,
    vocabulary: Vocabulary,
    vectors: WordVectors,
    start: Nelec | None = None,
) -> Nelec:
    """A new network with the static vectors, or the layers that it begins from, in place."""
    words, extension = embedding_matrix(
        vocabulary, vectors, seed=recipe.seed, unknown=recipe.vectors.unknown
    )
    config = NelecConfig(
        vocabulary_size=vocabulary.size,
        extension_size=vocabulary.extension_size,
        embedding_size=vectors.dimension,
        boundary_token_id=vocabulary.ids([BOUNDARY])[0],
        id2label=dict(enumerate(taxonomy.names)),
        label2id={name: k for k, name in enumerate(taxonomy.names)},
        others=[k for k in range(len(taxonomy)) if k not in taxonomy.averaged],
        **section.model_dump(exclude={"type", "start"}),
    )
    model = Nelec(config)
    with torch.no_grad():
        model.embedding.words.weight.copy_(torch.from_numpy(words))
        model.embedding.extension.copy_(torch.from_numpy(extension))
    if start is not None:
        begin_from(model, start)
    return model


def draw_nelec(model: PreTrainedModel, path: Path) -> None:
    """The network with its real sizes."""
    draw_network(cast(Nelec, model), path)
