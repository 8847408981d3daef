"""Which labels are taken for which others, where a text may have several."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from emoscope.metrics.counts import Bools, Floats
from emoscope.taxonomy import Taxonomy

__all__ = ["Confusion", "find_confusions"]


@dataclass(frozen=True)
class Confusion:
    """A label that texts have, and one that was predicted wrongly in its place.

    Attributes:
        label: what the texts have, and was not predicted.
        predicted: what was predicted, and they have not; None where nothing was.
        texts: how many.
    """

    label: str
    predicted: str | None
    texts: int

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return vars(self)


def find_confusions(labels: Floats, predictions: Bools, taxonomy: Taxonomy) -> list[Confusion]:
    """Every confusion of two labels, the most frequent first.

    Each label that a text has and that was missed is set against each label that was predicted and
    that it has not. A text in which a label was missed and nothing was predicted wrongly counts for
    that label with None.

    Args:
        labels: 0 or 1, or shares cut at ½, (N, K).
        predictions: (N, K).
        taxonomy: the K labels.
    """
    truth = np.asarray(labels) >= 0.5
    missed, wrong = truth & ~predictions, predictions & ~truth
    counted: Counter[tuple[int, int | None]] = Counter()
    for row in np.flatnonzero(missed.any(axis=1)):
        others: list[int | None] = [*np.flatnonzero(wrong[row]).tolist()] or [None]
        given = np.flatnonzero(missed[row]).tolist()
        counted.update((label, other) for label in given for other in others)
    names = taxonomy.names
    found = [
        Confusion(names[label], None if other is None else names[other], texts)
        for (label, other), texts in counted.items()
    ]
    return sorted(found, key=lambda each: (-each.texts, each.label, each.predicted or ""))
