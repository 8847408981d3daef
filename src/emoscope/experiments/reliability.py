"""Whether probabilities mean what they say: reliability curve, expected calibration error."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.experiments.log import Spread
from emoscope.experiments.measured import Measured

BINS = 10
TINY = 1e-7
"""Probabilities are kept so far from 0 and 1, which float32 rounds to, when their log is taken."""
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Reliability:
    """Calibration over R runs, in B bins of equal width (Guo et al. 2017, arXiv 1706.04599).

    What is looked at is one cell a text where labels are exclusive, the most probable label; else
    one for each text and label that is annotated.

    Attributes:
        counts: cells in each bin, mean over runs, (B,).
        confidence: mean probability in each bin, (R, B); NaN where a run has none there.
        observed: share of gold labels among them, (R, B).
        error: expected calibration error, the mean over cells of the gap of their bin.
        brier: mean squared error of the probabilities, summed over the labels where exclusive.
        log_loss: mean cross-entropy of a text; of labels that are not exclusive their mean.
    """

    counts: Floats
    confidence: Floats
    observed: Floats
    error: Spread
    brier: Spread
    log_loss: Spread


def reliability(measured: Measured) -> Reliability:
    """Calibration of each run on the texts with gold labels."""
    exclusive = measured.taxonomy.exclusive
    binned, errors, briers = [], [], []
    for probabilities in measured.probabilities:
        confidence, truth = cells(probabilities, measured.gold, measured.known, exclusive)
        counts, means, shares = in_bins(confidence, truth)
        binned.append((counts, means, shares))
        gaps = np.where(counts > 0, np.abs(means - shares), 0.0)
        errors.append(float((counts * gaps).sum() / max(counts.sum(), 1)))
        briers.append(brier(probabilities, measured.gold, measured.known, exclusive))
    losses = np.nanmean(text_losses(measured), axis=1)
    counts, confidence, observed = (np.stack(one) for one in zip(*binned, strict=True))
    return Reliability(
        counts=counts.mean(axis=0),
        confidence=confidence,
        observed=observed,
        error=Spread.of(errors),
        brier=Spread.of(briers),
        log_loss=Spread.of([float(one) for one in losses]),
    )


def cells(
    probabilities: Floats, gold: Floats, known: NDArray[np.bool_], exclusive: bool
) -> tuple[Floats, Floats]:
    """Probabilities that claim something, (M,), and whether it is so, (M,), from (N, K) each."""
    if not exclusive:
        return probabilities[known], gold[known]
    annotated = known.all(axis=1)
    top = probabilities.argmax(axis=1)[:, None]
    confidence, truth = (
        np.take_along_axis(one, top, axis=1)[:, 0] for one in (probabilities, gold)
    )
    return confidence[annotated], truth[annotated]


def in_bins(confidence: Floats, truth: Floats) -> tuple[Floats, Floats, Floats]:
    """Number of cells, mean probability and share of gold labels of each bin, (B,) each."""
    places = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS).astype(float)
    filled = np.where(counts > 0, counts, np.nan)
    sums = (np.bincount(places, values, BINS) for values in (confidence, truth))
    means, shares = (one / filled for one in sums)
    return counts, means, shares


def brier(probabilities: Floats, gold: Floats, known: NDArray[np.bool_], exclusive: bool) -> float:
    """Mean squared error of (N, K) probabilities where the gold label is known."""
    squares = (probabilities - gold) ** 2
    if exclusive:
        return float(squares[known.all(axis=1)].sum(axis=1).mean())
    return float(squares[known].mean())


def text_losses(measured: Measured) -> Floats:
    """Cross-entropy of each text by each run, (R, N); NaN of a text without gold labels."""
    known, gold = measured.known, measured.gold
    safe = np.clip(measured.probabilities, TINY, 1 - TINY)
    if measured.taxonomy.exclusive:
        losses = -(gold * np.log(safe)).sum(axis=2)
        return np.where(known.all(axis=1), losses, np.nan)
    losses = -(gold * np.log(safe) + (1 - gold) * np.log1p(-safe))
    numbers = np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), np.where(known, losses, 0.0).sum(axis=2) / numbers, np.nan)
