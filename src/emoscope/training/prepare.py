"""From a recipe to what a trainer takes: corpora, in parts of one set of labels, encoded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.registry import load_corpus
from emoscope.corpora.splits import part_holdout
from emoscope.encoding.encoder import Encoder
from emoscope.errors import InputError, require
from emoscope.losses.objective import check_objective
from emoscope.metrics.classification import report
from emoscope.metrics.metric import MACRO_F1, MICRO_F1
from emoscope.models.shared.family import Family
from emoscope.recipes.schema import CorpusSection, Recipe
from emoscope.registry import MODELS, resolve
from emoscope.taxonomy import Taxonomy
from emoscope.training.data import EncodedDataset, Part

THREE_LETTERS = {
    **{"afr": "af", "arq": "ar", "ary": "ar", "chn": "zh", "deu": "de", "eng": "en", "esp": "es"},
    **{"hin": "hi", "mar": "mr", "ptbr": "pt", "ptmz": "pt", "ron": "ro", "rus": "ru"},
    **{"swa": "sw", "swe": "sv", "ukr": "uk"},
}
"""Codes of SemEval-2025's languages as taxonomies call them."""
PART_METRICS = (MICRO_F1, MACRO_F1)
"""Followed for each part of dev by itself, where there are several."""


@dataclass(frozen=True)
class Prepared:
    """A recipe's examples, in parts that share one set of labels and one language of its words.

    Attributes:
        train: examples to learn from; the labels of the first part are those of the model.
        dev: examples to choose on.
        family: the kind of model, fitted to `train`.
        test: examples to measure the finished model on.
        sections: the sections of the recipe, for each part of `train`.
    """

    train: tuple[Corpus, ...]
    dev: tuple[Corpus, ...]
    family: Family
    test: tuple[Corpus, ...] = ()
    sections: tuple[CorpusSection, ...] = ()

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

    @cached_property
    def test_set(self) -> tuple[Part, ...]:
        """`test` as arrays, encoded once for all runs."""
        return self.encode(self.test)

    def encode(self, corpora: tuple[Corpus, ...]) -> tuple[Part, ...]:
        """Corpora with an encoder that asks for the labels of each."""
        return tuple(Part(corpus, self.choose_encoder(corpus.taxonomy)) for corpus in corpora)

    def choose_encoder(self, taxonomy: Taxonomy) -> Encoder:
        """An encoder that asks for these labels.

        Raises:
            InputError: a model that has learnt a fixed set of labels, and others.
        """
        encoder, ours = self.family.encoder, self.taxonomy
        if taxonomy.labels == ours.labels and taxonomy.exclusive == ours.exclusive:
            return encoder
        if self.family.reads_labels:
            return encoder.for_taxonomy(taxonomy)
        if taxonomy.names == ours.names and taxonomy.exclusive == ours.exclusive:
            return encoder  # Their words may differ, which this model does not read.
        raise InputError(
            f"The model learns {describe(ours)}, and {taxonomy.name} has {describe(taxonomy)}: "
            "such a model can be measured on its own labels only. Name one taxonomy for all, "
            "--set corpus.taxonomy=FILE, or take a model that reads its labels, such as Demux."
        )

    def of_model(
        self,
        values_of: list[NDArray[np.float32]],
        corpora: tuple[Corpus, ...] | None = None,
        names: tuple[str, ...] | None = None,
    ) -> NDArray[np.float32]:
        """Values of several parts, (M, K') each, in the columns of the model's labels.

        Args:
            values_of: the values of each part.
            corpora: the parts; those of dev if None.
            names: the names of the columns, if they are others.

        Returns:
            (sum of M, K), NaN where a part lacks a label.
        """
        column = {name: place for place, name in enumerate(names or self.taxonomy.names)}
        joined = [np.empty((0, len(column)), dtype=np.float32)]
        for corpus, values in zip(self.dev if corpora is None else corpora, values_of, strict=True):
            wide = np.full((len(values), len(column)), np.nan, dtype=np.float32)
            for place, name in enumerate(corpus.taxonomy.names):
                if name in column:
                    wide[:, column[name]] = values[:, place]
            joined.append(wide)
        return np.concatenate(joined)


def describe(taxonomy: Taxonomy) -> str:
    """The labels in words, and whether a text has one or several."""
    kind = "one of" if taxonomy.exclusive else "any of"
    return f"{kind} {', '.join(taxonomy.names)}"


def load_corpora(section: CorpusSection, root: Path) -> tuple[list[Corpus], list[Corpus]]:
    """The training and the dev parts of one corpus of a recipe, the holdout taken out of training.

    A corpus is a part for each language. Either list is empty where the recipe says null.
    """
    train = load_training(section, root)
    dev = load_labelled(section, root, section.dev, train)
    if train is not None and dev is not None and dev.taxonomy.names != train.taxonomy.names:
        raise InputError(
            f"The labels of {section.train} {list(train.taxonomy.names)} and {section.dev} "
            f"{list(dev.taxonomy.names)} differ. Name the taxonomy: --set corpus.taxonomy=FILE."
        )
    if section.holdout is not None and train is not None:
        if len(train) < 2:
            raise InputError(
                f"{section.name} {section.train}: a holdout needs two examples or more; "
                "found one. Set corpus.holdout=null."
            )
        kept, _ = part_holdout(len(train), section.holdout.share, section.holdout.seed)
        train = train.select(kept)
    of_train, of_dev = (
        [] if corpus is None else split_by_language(corpus, section.words)
        for corpus in (train, dev)
    )
    return of_train, of_dev


def load_training(section: CorpusSection, root: Path) -> Corpus | None:
    """The examples of all training splits as one corpus; None where the recipe says null."""
    loaded = [load_labelled(section, root, split) for split in section.train_splits]
    splits = [corpus for corpus in loaded if corpus is not None]
    if not splits:
        return None
    first = splits[0]
    if len(splits) == 1:
        return first
    for split, corpus in zip(section.train_splits, splits, strict=True):
        if corpus.taxonomy.names != first.taxonomy.names:
            raise InputError(
                f"The labels of {section.train_splits[0]} {list(first.taxonomy.names)} and {split} "
                f"{list(corpus.taxonomy.names)} differ. Name the taxonomy: "
                "--set corpus.taxonomy=FILE."
            )
    datasets = require("datasets", "train")
    joined = datasets.concatenate_datasets([corpus.data for corpus in splits])
    return replace(first, data=joined)


def load_test(section: CorpusSection, root: Path, train: Corpus | None = None) -> list[Corpus]:
    """The parts that the finished model is measured on; none where the recipe says null.

    Args:
        section: the corpus.
        root: folder of its files.
        train: what is trained on of this corpus; see `load_labelled`.
    """
    test = load_labelled(section, root, section.test, train)
    return [] if test is None else split_by_language(test, section.words)


def load_labelled(
    section: CorpusSection, root: Path, split: str | None, train: Corpus | None = None
) -> Corpus | None:
    """The labelled examples of a split; None where the recipe says null.

    Args:
        section: the corpus.
        root: folder of its files.
        split: which examples.
        train: those trained on. Where no taxonomy is named, their labels are looked for, as a
            smaller file may lack some of them.
    """
    if split is None:
        return None
    known = None if train is None or section.exclude else train.taxonomy
    corpus = load_corpus(section, root, split, taxonomy=known)
    return corpus.only_labelled(f"{section.name} {split}")


def split_by_language(corpus: Corpus, words: str | None) -> list[Corpus]:
    """A corpus by language, its labels in the words of one.

    Args:
        corpus: a corpus of one or several languages.
        words: a language, `"own"` for that of each text, or None for that of the taxonomy.
    """
    parts = corpus.by_language()
    if words is None:
        return list(parts.values())
    return [
        part.with_taxonomy(part.taxonomy.translated(find_label_language(language, words)))
        for language, part in parts.items()
    ]


def find_label_language(language: str, words: str) -> str:
    """Find the language of the labels: `words`, or with `"own"` the language of the text."""
    return THREE_LETTERS.get(language, language) if words == "own" else words


def name_parts(corpora: Sequence[Corpus]) -> list[str]:
    """Name each part by its language, and also by its corpus if languages are not unique."""
    languages = [corpus.languages[0] for corpus in corpora]
    if len(corpora) == 1:
        return [corpora[0].name]
    if len(set(languages)) == len(languages):
        return languages
    names = [
        f"{corpus.name}_{language}" for corpus, language in zip(corpora, languages, strict=True)
    ]
    return [
        name if names.count(name) == 1 else f"{name}_{place}"
        for place, name in enumerate(names, start=1)
    ]


def check_metric(metric: str, dev: Sequence[Corpus]) -> None:
    """Check that the dev metric that selects the best weights is measured."""
    known = ["loss"]
    for taxonomy in (corpus.taxonomy for corpus in dev):
        nothing = np.zeros((1, len(taxonomy)))
        metrics = list(report(nothing, nothing > 0, taxonomy).metrics())
        if not taxonomy.exclusive:
            metrics += [metric.at_fixed_threshold() for metric in metrics]
        known += map(str, metrics)
    if len(dev) > 1:
        known += [str(item.of_part(name)) for name in name_parts(dev) for item in PART_METRICS]
    if metric not in known:
        choices = ", ".join(dict.fromkeys(known))
        raise InputError(f"training.metric: expected one of {choices}; found {metric!r}.")


def make_family(recipe: Recipe, train: Sequence[Corpus]) -> Family:
    """The kind of model that a recipe names, fitted to its training texts.

    What is drawn at random for it, such as vectors of unknown words, is the same for all seeds, so
    that a run is the same whichever other runs it is prepared with.
    """
    family: Family = resolve(MODELS[recipe.model.type].family)(
        recipe.model_copy(update={"seed": 0}), train
    )
    return family


def prepare(recipe: Recipe, root: Path) -> Prepared:
    """Load and encode what a recipe names; the same for every run of it.

    Args:
        recipe: what to train.
        root: folder of the corpora's files.
    """
    train: list[Corpus] = []
    dev: list[Corpus] = []
    test: list[Corpus] = []
    sections: list[CorpusSection] = []
    for section in recipe.corpora:
        of_train, of_dev = load_corpora(section, root)
        train += of_train
        sections += [section] * len(of_train)
        dev += of_dev
        test += load_test(section, root, of_train[0] if of_train else None)
    if dev:
        check_metric(recipe.training.metric, dev)
    check_objective(recipe.objective, [corpus.taxonomy for corpus in train])
    family = make_family(recipe, train)
    prepared = Prepared(tuple(train), tuple(dev), family, tuple(test), tuple(sections))
    for corpus in (*dev, *test):
        prepared.choose_encoder(corpus.taxonomy)  # Now, rather than after hours of training.
    return prepared
