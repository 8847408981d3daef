"""From a recipe to what a trainer takes: corpora, in parts of one set of labels, encoded."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.registry import load_corpus
from emoscope.errors import InputError
from emoscope.evaluation.metrics import report
from emoscope.recipes.schema import CorpusSection, Recipe
from emoscope.registry import MODELS, resolve
from emoscope.taxonomy import Taxonomy
from emoscope.training.data import EncodedDataset, Part
from emoscope.training.families.family import Family

THREE_LETTERS = {"arq": "ar", "ary": "ar", "deu": "de", "eng": "en", "esp": "es", "hin": "hi"}
"""Codes of SemEval-2025's languages as taxonomies call them."""


@dataclass(frozen=True)
class Prepared:
    """A recipe's examples, in parts that share one set of labels and one language of its words.

    Attributes:
        train: examples to learn from; the labels of the first part are those of the model.
        dev: examples to choose on.
        family: the kind of model, fitted to `train`.
    """

    train: tuple[Corpus, ...]
    dev: tuple[Corpus, ...]
    family: Family

    @property
    def taxonomy(self) -> Taxonomy:
        """The labels of the model."""
        return self.train[0].taxonomy

    @cached_property
    def train_set(self) -> EncodedDataset:
        """`train` as arrays, encoded once for all runs."""
        return EncodedDataset(self.encode(self.train), self.family.augmentation)

    @cached_property
    def dev_set(self) -> tuple[Part, ...]:
        """`dev` as arrays, encoded once for all runs."""
        return self.encode(self.dev)

    def encode(self, corpora: tuple[Corpus, ...]) -> tuple[Part, ...]:
        """Corpora with an encoder that asks for the labels of each."""
        encoder = self.family.encoder
        return tuple(
            Part(
                corpus,
                encoder
                if corpus.taxonomy == self.taxonomy
                else encoder.for_taxonomy(corpus.taxonomy),
            )
            for corpus in corpora
        )

    def of_model(self, dev: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Values for the dev parts, (M, K') each, in the columns of the model's labels.

        Returns:
            (sum of M, K), NaN where a part lacks a label.
        """
        joined = []
        for corpus, values in zip(self.dev, dev, strict=True):
            wide = np.full((len(values), len(self.taxonomy)), np.nan, dtype=np.float32)
            for place, name in enumerate(corpus.taxonomy.names):
                if name in self.taxonomy.names:
                    wide[:, self.taxonomy.index(name)] = values[:, place]
            joined.append(wide)
        return np.concatenate(joined)


def load_corpora(section: CorpusSection, root: Path) -> tuple[list[Corpus], list[Corpus]]:
    """The training and the dev parts of one corpus of a recipe, the holdout taken out of training.

    A corpus is one part, unless its labels are shown in each text's own language.
    """
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
    return parts_of(train, section.words), parts_of(dev, section.words)


def parts_of(corpus: Corpus, words: str | None) -> list[Corpus]:
    """A corpus by language, its labels in the words of one.

    Args:
        corpus: of one or several languages.
        words: a language, `"own"` for that of each text, or None for that of the taxonomy.
    """
    parts = corpus.by_language()
    if words is None:
        return list(parts.values())
    return [
        part.with_taxonomy(part.taxonomy.translated(two_letters(language, words)))
        for language, part in parts.items()
    ]


def two_letters(language: str, words: str) -> str:
    """The language to show labels in: the one asked for, or a text's own as taxonomies call it."""
    return THREE_LETTERS.get(language, language) if words == "own" else words


def check_metric(metric: str, taxonomies: list[Taxonomy]) -> None:
    """Check that the dev figure that chooses the best weights is one that is measured."""
    known = ["loss"]
    for taxonomy in taxonomies:
        nothing = np.zeros((1, len(taxonomy)))
        names = list(report(nothing, nothing > 0, taxonomy).flat())
        known += names if taxonomy.exclusive else [*names, *(f"half_{name}" for name in names)]
    if metric not in known:
        choices = ", ".join(dict.fromkeys(known))
        raise InputError(f"training.metric: expected one of {choices}; found {metric!r}.")


def prepare(recipe: Recipe, root: Path) -> Prepared:
    """Load and encode what a recipe names; the same for every run of it.

    Args:
        recipe: what to train.
        root: folder of the corpora's files.
    """
    train: list[Corpus] = []
    dev: list[Corpus] = []
    for section in (recipe.corpus, *recipe.mix.corpora):
        of_train, of_dev = load_corpora(section, root)
        train += of_train
        dev += of_dev
    check_metric(recipe.training.metric, [corpus.taxonomy for corpus in dev])
    family: Family = resolve(MODELS[recipe.model.type].family)(recipe, train)
    return Prepared(tuple(train), tuple(dev), family)
