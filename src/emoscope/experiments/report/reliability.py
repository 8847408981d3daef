"""Whether probabilities mean what they say: reliability curve, expected calibration error."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.experiments.log import MeanStd
from emoscope.experiments.report.measured import MeasuredRuns
from emoscope.metrics.calibration_error import ReliabilityBins

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
    error: MeanStd
    brier: MeanStd
    log_loss: MeanStd


def reliability(measured: MeasuredRuns) -> Reliability:
    """Calibration of each run on the texts with gold labels."""
    exclusive = measured.taxonomy.exclusive
    bins, briers = [], []
    for probabilities in measured.probabilities:
        bins.append(
            ReliabilityBins.of(*cells(probabilities, measured.gold, measured.known, exclusive))
        )
        briers.append(brier(probabilities, measured.gold, measured.known, exclusive))
    losses = np.nanmean(text_losses(measured), axis=1)
    return Reliability(
        counts=np.mean([item.counts for item in bins], axis=0),
        confidence=np.stack([run_bins.confidence for run_bins in bins]),
        observed=np.stack([run_bins.observed for run_bins in bins]),
        error=MeanStd.of([run_bins.error for run_bins in bins]),
        brier=MeanStd.of(briers),
        log_loss=MeanStd.of([float(loss) for loss in losses]),
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
        np.take_along_axis(item, top, axis=1)[:, 0] for item in (probabilities, gold)
    )
    return confidence[annotated], truth[annotated]


def brier(probabilities: Floats, gold: Floats, known: NDArray[np.bool_], exclusive: bool) -> float:
    """Mean squared error of (N, K) probabilities where the gold label is known."""
    squares = (probabilities - gold) ** 2
    if exclusive:
        return float(squares[known.all(axis=1)].sum(axis=1).mean())
    return float(squares[known].mean())


def text_losses(measured: MeasuredRuns) -> Floats:
    """Cross-entropy of each text by each run, (R, N); NaN of a text without gold labels."""
    known, gold = measured.known, measured.gold
    safe = np.clip(measured.probabilities, TINY, 1 - TINY)
    if measured.taxonomy.exclusive:
        losses = -(gold * np.log(safe)).sum(axis=2)
        return np.where(known.all(axis=1), losses, np.nan)
    losses = -(gold * np.log(safe) + (1 - gold) * np.log1p(-safe))
    numbers = np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), np.where(known, losses, 0.0).sum(axis=2) / numbers, np.nan)
