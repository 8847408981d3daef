"""Whether what a model says of a label depends on which other labels it is asked for with."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emoscope.corpora.feelings import load_feelings
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.metrics.counts import Floats
from emoscope.taxonomy import Label, Taxonomy

UNTRAINED = 60
CLUSTERS = 20
"""Of trained words, and as many of words of which some are not trained."""
LARGEST_SET = 60


@dataclass
class Invariance:
    """What changed over sets of labels.

    Attributes:
        changes: the largest change of a score of each kind of label, against the label alone.
        labels: how many labels of each kind were asked for.
        sets: how many sets were scored.
        refused: how many sets the model did not take.
    """

    changes: dict[str, float] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    sets: int = 0
    refused: int = 0

    @property
    def largest(self) -> float:
        """The largest change of any score."""
        return max(self.changes.values(), default=float("nan"))


def label_pool(trained: Taxonomy, rng: np.random.Generator) -> dict[str, list[Label]]:
    """Labels by kind: trained ones, untrained words, and clusters of two to four words.

    Args:
        trained: the labels of the model.
        rng: draws words.
    """
    known = [word for label in trained.labels for word in label.words]
    forms = [form for family in load_feelings().values() for form in family]
    others = [form for form in forms if form not in (*trained.names, *known)]

    def cluster(words: Sequence[str]) -> Label:
        count = min(int(rng.integers(2, 5)), len(words))
        chosen = tuple(map(str, rng.choice(words, count, replace=False)))
        return Label("|".join(chosen), chosen)

    pool = {
        "trained labels": list(trained.labels),
        "untrained words": [
            Label(word, (word,)) for word in rng.choice(others, UNTRAINED, replace=False).tolist()
        ],
        "clusters of trained words": [cluster(known) for _ in range(CLUSTERS)],
        "other clusters": [cluster([*known, *others]) for _ in range(CLUSTERS)],
    }
    return {kind: list({label.name: label for label in pool[kind]}.values()) for kind in pool}


def measure_invariance(
    annotator: Annotator, conversations: Sequence[Sequence[str]], sets: int, seed: int = 0
) -> Invariance:
    """Ask for random sets of labels, and for each of these alone.

    Args:
        annotator: of the model, asked for its own labels.
        conversations: to score.
        sets: how many sets, of 1 to `LARGEST_SET` labels.
        seed: of the sets.
    """
    rng = np.random.default_rng(seed)
    pool = label_pool(annotator.taxonomy, rng)
    kinds = {label: kind for kind, labels in pool.items() for label in labels}
    every = list(kinds)
    alone: dict[Label, Floats] = {}
    found = Invariance()
    for _ in range(sets):
        size = int(rng.integers(1, LARGEST_SET + 1))
        chosen = [every[place] for place in rng.permutation(len(every))[:size]]
        try:
            scores = annotator.with_labels(Taxonomy("together", tuple(chosen))).probabilities(
                conversations
            )
        except InputError:
            found.refused += 1
            continue
        found.sets += 1
        for label, together in zip(chosen, scores.T, strict=True):
            if label not in alone:
                asked = annotator.with_labels(Taxonomy("alone", (label,)))
                alone[label] = asked.probabilities(conversations)[:, 0]
            kind = kinds[label]
            change = float(np.abs(together - alone[label]).max())
            found.changes[kind] = max(found.changes.get(kind, 0.0), change)
    found.labels = {kind: sum(label in alone for label in labels) for kind, labels in pool.items()}
    return found
