"""Which threshold a label without examples should get, and how good it is.

    python benchmarks/unseen_threshold.py --data-dir DIR --left-out FOLDER [--quick] [--json FILE]

--left-out is a model trained without the words of six families of feelings (`label_families.py`).
It is asked for each of these words on held-out texts of EDOS and Event2Mind, and for the two labels
of GoEmotions that are among them. A text has a word if the votes for its whole family sum to ½
(EDOS, GoEmotions) or ⅓ (Event2Mind). On dev one threshold for all words is chosen, by the mean of
their F1; on test it stands beside the median of the thresholds of the model's own labels and beside
the best threshold of each word, which only labelled texts can tell. The model that ships has the
chosen one as `untrained_threshold` in its `config.json`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import emoscope
from common import finish, machine, options
from emoscope.corpora import edos, event2mind, goemotions
from emoscope.corpora.corpus import Corpus
from emoscope.inference.annotator import Annotator
from emoscope.metrics.counts import Bools, Floats
from label_families import FAMILIES, words_left_out
from label_parts import EDOS, EPSILON, EVENT2MIND, VOTES

GOEMOTIONS = "GoEmotions"
READERS = {EDOS: edos, EVENT2MIND: event2mind, GOEMOTIONS: goemotions}
GRID = np.linspace(0.01, 0.9, 90)
CASES = 5
QUICK_TEXTS = 200


@dataclass(frozen=True)
class Word:
    """A label that the model was not trained on.

    Attributes:
        title: corpus and word.
        probabilities: of the texts, (N,).
        truth: which texts have it, (N,).
    """

    title: str
    probabilities: Floats
    truth: Bools

    def f1_at(self, thresholds: Floats) -> Floats:
        """F1 at each threshold."""
        given = self.probabilities[:, None] >= thresholds
        hits = (given & self.truth[:, None]).sum(axis=0)
        f1: Floats = 2 * hits / np.maximum(given.sum(axis=0) + self.truth.sum(), 1)
        return f1


def read_words(annotator: Annotator, root: Path, split: str, most: int | None) -> list[Word]:
    """The words with 5 cases or more."""
    words = []
    for name, reader in READERS.items():
        corpus: Corpus = reader.load(root / reader.__name__.rpartition(".")[2], split)
        rows = np.arange(len(corpus))[:most]
        words += ask_words(annotator, name, corpus.select(rows))
    return words


def ask_words(annotator: Annotator, name: str, corpus: Corpus) -> Iterator[Word]:
    """Ask for the words of the families that a corpus has as labels."""
    families = list(families_of(corpus))
    if not families:
        return
    asked = corpus.taxonomy.subset(word for family in families for word in family)
    found = annotator.with_labels(asked).with_truncation().probabilities(corpus.turns)
    for family in families:
        votes = corpus.labels[:, [corpus.taxonomy.index(word) for word in family]].sum(axis=1)
        truth = votes >= VOTES.get(name, 1 / 2) - EPSILON
        if truth.sum() < CASES:
            continue
        for word in family:
            yield Word(f"{name}, {word}", found[:, asked.index(word)], truth)


def families_of(corpus: Corpus) -> Iterator[list[str]]:
    """The labels of a corpus that belong to each family; of GoEmotions those that were left out."""
    if corpus.name == "goemotions":
        yield from ([x] for x in corpus.taxonomy.names if x in words_left_out())
        return
    for family in FAMILIES.values():
        if words := [word for word in family.words if word in corpus.taxonomy.names]:
            yield words


def main() -> None:
    """Choose on dev, measure on test."""
    parser = options(__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--left-out", type=Path, required=True, help="trained without the families")
    arguments = parser.parse_args()
    most = QUICK_TEXTS if arguments.quick else None
    print(machine(), flush=True)
    annotator = emoscope.load(arguments.left_out)
    dev = read_words(annotator, arguments.data_dir, "dev", most)
    chosen = float(GRID[np.mean([word.f1_at(GRID) for word in dev], axis=0).argmax()])
    median = float(np.median(annotator.scoring.fitted.thresholds))
    print(
        f"  chosen on dev, {len(dev)} words: {chosen:.2f}; median of the own labels': {median:.2f}"
    )
    figures: dict[str, Any] = {"threshold": chosen, "median": median, "words": {}}
    print(f"  {'test, F1':28}{'chosen':>10}{'median':>10}{'best':>10}{'cases':>10}")
    for word in read_words(annotator, arguments.data_dir, "test", most):
        at_chosen, at_median = word.f1_at(np.array([chosen, median]))
        found = {
            "chosen": float(at_chosen),
            "median": float(at_median),
            "best": float(word.f1_at(GRID).max()),
        }
        cells = "".join(f"{value:>10.3f}" for value in found.values())
        print(f"  {word.title:28}{cells}{word.truth.sum():>10}", flush=True)
        figures["words"][word.title] = found
    means = {
        key: float(np.mean([found[key] for found in figures["words"].values()]))
        for key in ("chosen", "median", "best")
    }
    print(f"  {'mean':28}" + "".join(f"{value:>10.3f}" for value in means.values()))
    figures["mean"] = means
    finish(figures, {}, arguments.json, arguments.quick)


if __name__ == "__main__":
    main()
