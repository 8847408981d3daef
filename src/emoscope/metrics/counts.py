"""Counts of predictions, and the scores that follow from them: the one code for each.

Only numpy is needed, so that calibration and inference use these functions too. Counts are arrays
of any shape, of integers or floats, and scores keep single precision. A score with nothing to
divide by is 0: precision without a prediction, recall without a case, F1 without either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]
Numbers = NDArray[np.integer[Any]] | NDArray[np.floating[Any]]


def precision_score(true_positives: Numbers, predicted: Numbers) -> Floats:
    """Share of the predictions that are right, of shapes that broadcast together."""
    return _divide(true_positives, predicted)


def recall_score(true_positives: Numbers, actual: Numbers) -> Floats:
    """Share of the cases that are predicted, of shapes that broadcast together."""
    return _divide(true_positives, actual)


def f1_score(true_positives: Numbers, predicted: Numbers, actual: Numbers) -> Floats:
    """Harmonic mean of precision and recall, of shapes that broadcast together.

    Args:
        true_positives: predictions that are right.
        predicted: all predictions, which are the true and the false positives.
        actual: all cases, which are the true positives and the false negatives.
    """
    return _divide(2 * true_positives, predicted + actual)


def harmonic_mean(
    precision: Floats | np.floating[Any], recall: Floats | np.floating[Any]
) -> Floats:
    """Harmonic mean of precision and recall, of shapes that broadcast together; 0 of two zeros."""
    first, second = np.asarray(precision), np.asarray(recall)
    return _divide(2 * first * second, first + second)


def jaccard_score(truth: Bools, predictions: Bools) -> Floats:
    """|predicted ∩ true| / |predicted ∪ true| of each text, 1 where both are empty.

    Args:
        truth: whether a text has a label, (..., K).
        predictions: whether it is predicted, (..., K); shapes broadcast together.

    Returns:
        (...), in [0, 1].
    """
    both = (truth & predictions).sum(axis=-1)
    either = (truth | predictions).sum(axis=-1)
    return np.where(either > 0, _divide(both, either), 1.0)


def _divide(part: Numbers, whole: Numbers) -> Floats:
    """Quotients that are 0 where there is nothing to divide by, and so nothing to divide."""
    return np.asarray(part / np.where(whole > 0, whole, 1))


@dataclass(frozen=True)
class Counts:
    """What precision, recall and F1 are computed of; arrays of one shape.

    Attributes:
        true_positives: predictions that are right.
        predicted: all predictions.
        actual: all cases.
    """

    true_positives: NDArray[np.integer[Any]]
    predicted: NDArray[np.integer[Any]]
    actual: NDArray[np.integer[Any]]

    @classmethod
    def of(cls, truth: Bools, predictions: Bools, axis: int = 0) -> "Counts":
        """Count over an axis of two (N, K) arrays: 0 for each label (K,), 1 for each text (N,)."""
        return cls(
            (truth & predictions).sum(axis=axis),
            predictions.sum(axis=axis),
            truth.sum(axis=axis),
        )

    def total(self, places: Sequence[int] | None = None) -> "Counts":
        """The sums, of shape (), of the counts at some places, or at all."""
        counts = (self.true_positives, self.predicted, self.actual)
        chosen = counts if places is None else [count[list(places)] for count in counts]
        return Counts(*(count.sum() for count in chosen))

    @property
    def precision(self) -> Floats:
        """Precision of each count."""
        return precision_score(self.true_positives, self.predicted)

    @property
    def recall(self) -> Floats:
        """Recall of each count."""
        return recall_score(self.true_positives, self.actual)

    @property
    def f1(self) -> Floats:
        """F1 of each count."""
        return f1_score(self.true_positives, self.predicted, self.actual)
