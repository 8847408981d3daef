"""From a recipe to what a trainer takes: corpora, encoder, arrays, model."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from sklearn.model_selection import train_test_split

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.registry import load_corpus
from emoscope.embeddings.emoji2vec import learn_emoji_vectors, load_emoji_vectors
from emoscope.embeddings.shares import Coverage, coverage
from emoscope.embeddings.vectors import WordVectors, load_vectors
from emoscope.embeddings.vocabulary import Vocabulary, embedding_matrix
from emoscope.encoding.plain import BOUNDARY, PlainEncoder, split
from emoscope.errors import InputError
from emoscope.evaluation.metrics import report
from emoscope.models.nelec import Nelec, NelecConfig
from emoscope.recipes.schema import CorpusSection, Recipe, TextSection, VectorsSection
from emoscope.taxonomy import Taxonomy
from emoscope.text import CHAT_STEPS, TextPipeline
from emoscope.training.data import EncodedDataset


@dataclass(frozen=True)
class Prepared:
    """A recipe's examples, encoded.

    Attributes:
        train: examples to learn from.
        dev: examples to choose on.
        encoder: turns to word ids, vocabulary fitted on `train` alone.
        vectors: the static vectors, emoji included.
        coverage: how much of the training text the vectors know.
    """

    train: Corpus
    dev: Corpus
    encoder: PlainEncoder
    vectors: WordVectors
    coverage: Coverage

    @property
    def taxonomy(self) -> Taxonomy:
        """The labels of the training corpus."""
        return self.train.taxonomy

    @cached_property
    def train_set(self) -> EncodedDataset:
        """`train` as arrays, encoded once for all runs."""
        return self.encode(self.train)

    @cached_property
    def dev_set(self) -> EncodedDataset:
        """`dev` as arrays, encoded once for all runs."""
        return self.encode(self.dev)

    def encode(self, corpus: Corpus) -> EncodedDataset:
        """A corpus as arrays."""
        return EncodedDataset(self.encoder.encode(corpus.turns), corpus.labels)


def load_corpora(section: CorpusSection, root: Path) -> tuple[Corpus, Corpus]:
    """The training and the dev corpus of a recipe, the holdout taken out of training."""
    train = load_corpus(section, root, section.train)
    dev = load_corpus(section, root, section.dev)
    if dev.taxonomy.names != train.taxonomy.names:
        raise InputError(
            f"The labels of {section.train} {list(train.taxonomy.names)} and {section.dev} "
            f"{list(dev.taxonomy.names)} differ. Name the taxonomy: --set corpus.taxonomy=FILE."
        )
    for corpus, name in ((train, section.train), (dev, section.dev)):
        if not len(corpus) or not corpus.labelled:
            raise InputError(f"{section.name} {name}: training needs labelled examples.")
    if section.holdout is not None:
        if len(train) < 2:
            raise InputError(
                f"{section.name} {section.train}: a holdout needs two examples or more; "
                "found one. Set corpus.holdout=null."
            )
        kept, _ = train_test_split(
            np.arange(len(train)),
            test_size=section.holdout.share,
            random_state=section.holdout.seed,
        )
        train = train.select(np.sort(kept))
    return train, dev


def check_metric(metric: str, taxonomy: Taxonomy) -> None:
    """Check that the dev figure that chooses the best epoch is one that is measured."""
    nothing = np.zeros((1, len(taxonomy)))
    known = [*report(nothing, nothing > 0, taxonomy).flat(), "loss"]
    if metric not in known:
        raise InputError(f"training.metric: expected one of {', '.join(known)}; found {metric!r}.")


def make_pipeline(section: TextSection) -> TextPipeline:
    """The cleaning of a recipe."""
    if section.steps == "chat":
        return TextPipeline(CHAT_STEPS)
    return TextPipeline.from_config(list(section.steps))


def make_vectors(section: VectorsSection, seed: int) -> WordVectors:
    """Word vectors with emoji vectors beside them."""
    words = load_vectors(section.words)
    if section.emoji == "none":
        return words
    if section.emoji == "learned":
        return words.merged(learn_emoji_vectors(words, seed=seed))
    return words.merged(load_emoji_vectors(Path(section.emoji)))


def prepare(recipe: Recipe, root: Path) -> Prepared:
    """Load, clean and encode what a recipe names; the same for every run of it.

    Args:
        recipe: what to train.
        root: folder of the corpus' files.
    """
    train, dev = load_corpora(recipe.corpus, root)
    check_metric(recipe.training.metric, train.taxonomy)
    pipeline = make_pipeline(recipe.text)
    vectors = make_vectors(recipe.vectors, recipe.seed)
    words = [split(pipeline, turns) for turns in train.turns]
    if recipe.model.pooled_turns and not any(BOUNDARY in text for text in words):
        raise InputError(
            f"model.pooled_turns pools single turns, but no text has a {BOUNDARY}: it takes texts "
            "of several turns and the step turn_boundaries. Set model.pooled_turns=0."
        )
    vocabulary = Vocabulary.fit(
        words,
        vectors=vectors,
        max_size=recipe.vectors.max_size,
        min_count=recipe.vectors.min_count,
        extension=recipe.vectors.extension,
    )
    encoder = PlainEncoder(pipeline, vocabulary, recipe.text.max_length, recipe.text.truncation)
    counts = Counter(word for text in words for word in text)
    # The boundary is no word, and no vectors know it.
    del counts[BOUNDARY]
    known = coverage(counts, vectors)
    return Prepared(train, dev, encoder, vectors, known)


def make_model(recipe: Recipe, prepared: Prepared) -> Nelec:
    """A new network with the static vectors in place; weights drawn from torch's generator."""
    vocabulary, taxonomy = prepared.encoder.vocabulary, prepared.taxonomy
    words, extension = embedding_matrix(
        vocabulary, prepared.vectors, seed=recipe.seed, unknown=recipe.vectors.unknown
    )
    config = NelecConfig(
        vocabulary_size=vocabulary.size,
        extension_size=vocabulary.extension_size,
        embedding_size=prepared.vectors.dimension,
        boundary_token_id=vocabulary.ids([BOUNDARY])[0],
        id2label=dict(enumerate(taxonomy.names)),
        label2id={name: k for k, name in enumerate(taxonomy.names)},
        **recipe.model.model_dump(exclude={"type"}),
    )
    model = Nelec(config)
    with torch.no_grad():
        model.embedding.words.weight.copy_(torch.from_numpy(words))
        model.embedding.extension.copy_(torch.from_numpy(extension))
    return model
