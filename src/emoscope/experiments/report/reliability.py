"""How well probabilities are calibrated: reliability curve, expected calibration error."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.experiments.report.measured import MeasuredRuns
from emoscope.experiments.runs import MeanStd
from emoscope.metrics.calibration_error import ReliabilityBins

TINY = 1e-7
"""Before a logarithm, probabilities are kept this far from 0 and 1, to which float32 may round."""
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Reliability:
    """Calibration of R runs, in B bins of equal width (Guo et al. 2017, arXiv 1706.04599).

    Where labels are exclusive, the probability of the most probable label of each text is counted;
    else that of each label that a text is annotated for.

    Attributes:
        counts: number of probabilities in each bin, a mean over the runs, (B,).
        confidence: mean probability in each bin, (R, B); NaN where a run has none.
        observed: share of gold labels in each bin, (R, B); NaN where a run has none.
        error: expected calibration error.
        brier: mean squared error of the probabilities; of exclusive labels, summed over the labels.
        log_loss: mean cross-entropy of a text; of labels that are not exclusive, their mean.
    """

    counts: Floats
    confidence: Floats
    observed: Floats
    error: MeanStd
    brier: MeanStd
    log_loss: MeanStd


def measure_reliability(measured: MeasuredRuns) -> Reliability:
    """Measure the calibration of each run on the texts with gold labels."""
    exclusive = measured.taxonomy.exclusive
    bins, briers = [], []
    for probabilities in measured.probabilities:
        bins.append(
            ReliabilityBins.of(
                *select_claims(probabilities, measured.gold, measured.known, exclusive)
            )
        )
        briers.append(compute_brier_score(probabilities, measured.gold, measured.known, exclusive))
    losses = np.nanmean(compute_text_losses(measured), axis=1)
    return Reliability(
        counts=np.mean([item.counts for item in bins], axis=0),
        confidence=np.stack([run_bins.confidence for run_bins in bins]),
        observed=np.stack([run_bins.observed for run_bins in bins]),
        error=MeanStd.of([run_bins.error for run_bins in bins]),
        brier=MeanStd.of(briers),
        log_loss=MeanStd.of([float(loss) for loss in losses]),
    )


def select_claims(
    probabilities: Floats, gold: Floats, known: NDArray[np.bool_], exclusive: bool
) -> tuple[Floats, Floats]:
    """Probabilities to count, (M,), and whether each came true, (M,), both from (N, K)."""
    if not exclusive:
        return probabilities[known], gold[known]
    annotated = known.all(axis=1)
    top = probabilities.argmax(axis=1)[:, None]
    confidence, truth = (
        np.take_along_axis(item, top, axis=1)[:, 0] for item in (probabilities, gold)
    )
    return confidence[annotated], truth[annotated]


def compute_brier_score(
    probabilities: Floats, gold: Floats, known: NDArray[np.bool_], exclusive: bool
) -> float:
    """Mean squared error of (N, K) probabilities where the gold label is known."""
    squares = (probabilities - gold) ** 2
    if exclusive:
        return float(squares[known.all(axis=1)].sum(axis=1).mean())
    return float(squares[known].mean())


def compute_text_losses(measured: MeasuredRuns) -> Floats:
    """Cross-entropy of each text for each run, (R, N); NaN where a text has no gold label."""
    known, gold = measured.known, measured.gold
    safe = np.clip(measured.probabilities, TINY, 1 - TINY)
    if measured.taxonomy.exclusive:
        losses = -(gold * np.log(safe)).sum(axis=2)
        return np.where(known.all(axis=1), losses, np.nan)
    losses = -(gold * np.log(safe) + (1 - gold) * np.log1p(-safe))
    numbers = np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), np.where(known, losses, 0.0).sum(axis=2) / numbers, np.nan)
