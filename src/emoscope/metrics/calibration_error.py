"""Calibration error: how far probabilities are from observed frequencies."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ReliabilityBins:
    """M predicted probabilities, such as 0.7 for joy, in B bins of equal width.

    Attributes:
        counts: number of probabilities in each bin, (B,).
        confidence: mean probability in each bin, (B,); NaN in an empty bin.
        observed: observed frequency in each bin, (B,); NaN in an empty bin.
    """

    counts: Floats
    confidence: Floats
    observed: Floats

    @classmethod
    def of(cls, confidence: Floats, truth: Floats) -> "ReliabilityBins":
        """Sort probabilities into bins.

        Args:
            confidence: probabilities, (M,).
            truth: 1 where the text has the label and 0 where not, or the share of annotators who
                gave the label, (M,).
        """
        places = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
        counts = np.bincount(places, minlength=BINS).astype(float)
        filled = np.where(counts > 0, counts, np.nan)
        sums = (np.bincount(places, values, BINS) for values in (confidence, truth))
        means, shares = (total / filled for total in sums)
        return cls(counts, means, shares)

    @property
    def error(self) -> float:
        """Expected calibration error, in [0, 1]: mean over probabilities of the gap of their bin.

        The gap of a bin is the difference of mean probability and observed frequency. Without any
        probability the error is 0. With rare labels most probabilities are near 0 and right, so
        that the error is small whatever the others are: look at the bins as well.

        References:
            Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv 1706.04599.
        """
        gaps = np.where(self.counts > 0, np.abs(self.confidence - self.observed), 0.0)
        return float((self.counts * gaps).sum() / max(self.counts.sum(), 1))


def label_errors(probabilities: Floats, labels: Floats) -> Floats:
    """Expected calibration error of each label by itself, (K,).

    Their mean, weighted by annotated texts, is at least the error of all labels together, in which
    too high probabilities of one label can cancel too low ones of another.

    Args:
        probabilities: (N, K).
        labels: in [0, 1], (N, K); NaN where not annotated, which is left out.
    """
    known = ~np.isnan(labels)
    columns = zip(probabilities.T, labels.T, known.T, strict=True)
    return np.array(
        [ReliabilityBins.of(column[rows], truth[rows]).error for column, truth, rows in columns]
    )
