"""How far probabilities are from the shares of texts they stand for."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ReliabilityBins:
    """M claims such as "joy with 0.7", in B bins of equal width by their probability.

    Attributes:
        counts: claims in each bin, (B,).
        confidence: mean probability in each bin, (B,); NaN where there is none.
        observed: share of them that are so, (B,); NaN where there is none.
    """

    counts: Floats
    confidence: Floats
    observed: Floats

    @classmethod
    def of(cls, confidence: Floats, truth: Floats) -> "ReliabilityBins":
        """Sort claims into bins.

        Args:
            confidence: probabilities, (M,).
            truth: whether it is so, or the share of annotators who say so, (M,).
        """
        places = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
        counts = np.bincount(places, minlength=BINS).astype(float)
        filled = np.where(counts > 0, counts, np.nan)
        sums = (np.bincount(places, values, BINS) for values in (confidence, truth))
        means, shares = (total / filled for total in sums)
        return cls(counts, means, shares)

    @property
    def error(self) -> float:
        """Expected calibration error: the mean over claims of the gap of their bin, in [0, 1].

        0 of no claim at all. With rare labels most claims are near 0 and right, so that the error
        is small whatever the others are: look at the bins too.

        References:
            Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv 1706.04599.
        """
        gaps = np.where(self.counts > 0, np.abs(self.confidence - self.observed), 0.0)
        return float((self.counts * gaps).sum() / max(self.counts.sum(), 1))


def label_errors(probabilities: Floats, labels: Floats) -> Floats:
    """Expected calibration error of each label by itself, (K,).

    Their mean over the annotated cells is at least the error of all labels together, in which one
    label's claims that are too high make up for another's that are too low.

    Args:
        probabilities: (N, K).
        labels: in [0, 1], (N, K), NaN where not known, which is left out.
    """
    known = ~np.isnan(labels)
    columns = zip(probabilities.T, labels.T, known.T, strict=True)
    return np.array(
        [ReliabilityBins.of(claims[rows], truth[rows]).error for claims, truth, rows in columns]
    )
