"""A temperature and thresholds that fit held-out texts."""

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration.functions import Floats, log_softmax
from emoscope.metrics.counts import f1_score


def fit_temperature(logits: Floats, labels: Floats, exclusive: bool = True) -> float:
    """Temperature that makes the labels likeliest (Guo et al. 2017, arXiv 1706.04599).

    The cross-entropy is convex in 1/T, so a ternary search on log T finds its minimum. scipy has
    such a search, but the light install, which calibrates too, has no scipy.

    Args:
        logits: of held-out texts, (N, K).
        labels: in [0, 1], (N, K), NaN where not known; one-hot if exclusive.
        exclusive: softmax cross-entropy, else that of each label's sigmoid.

    Returns:
        A temperature between 0.05 and 20; 1 where nothing is known to fit it to: no label, or of
        exclusive ones no text with all of them.
    """
    known = ~np.isnan(labels)
    cells = known.all(axis=1) if exclusive else known
    if not cells.any():
        return 1.0
    scores, truth = np.asarray(logits, dtype=np.float64)[cells], np.asarray(labels)[cells]

    def loss(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        if exclusive:
            return float(-(log_softmax(scaled) * truth).sum())
        return float((np.logaddexp(0.0, scaled) - scaled * truth).sum())

    low, high = np.log(0.05), np.log(20.0)
    while high - low > 1e-6:
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return float(np.exp((low + high) / 2))


def fit_thresholds(
    probabilities: Floats, labels: Floats, resamples: int = 25, seed: int = 0
) -> Floats:
    """Thresholds that hold on texts that they were not fitted on, (K,).

    The best threshold of a rare label says more about the few texts it was found on than about the
    label, and lets too much pass. So each is the mean of the best ones of bootstrap resamples
    (bagging, Breiman 1996), moved half-way to the best threshold that all labels have in common.
    `benchmarks/demux_quality.py` compares this with simpler ways on halves of dev.

    Args:
        probabilities: of held-out texts, (N, K).
        labels: in [0, 1], cut at ½, (N, K), NaN where not known.
        resamples: how many.
        seed: of the resamples.
    """
    known = ~np.isnan(labels)
    common = best_threshold(probabilities[known], np.asarray(labels)[known] >= 0.5)
    rng = np.random.default_rng(seed)
    thresholds = []
    for column, gold, rows in zip(probabilities.T, np.asarray(labels).T, known.T, strict=True):
        scores, truth = column[rows], gold[rows] >= 0.5
        drawn = rng.integers(0, max(len(truth), 1), size=(resamples, len(truth)))
        best = [
            best_threshold(scores[each_rows], truth[each_rows])
            for each_rows in drawn
            if truth[each_rows].any()
        ]
        thresholds.append((np.mean(best) + common) / 2 if best else common)
    return np.array(thresholds)


def best_threshold(probabilities: Floats, truth: NDArray[np.bool_]) -> float:
    """The threshold with the best F1; ½ without a case.

    It lies between the two neighbouring probabilities that it parts.

    Args:
        probabilities: (N,).
        truth: (N,).
    """
    if not truth.any():
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], truth[order].cumsum()
    chosen = np.arange(1, len(ranked) + 1)
    f1 = f1_score(hits, chosen, truth.sum())
    # A threshold cannot part two equal probabilities.
    following = np.append(ranked[1:], 0.0)
    f1[:-1][ranked[:-1] == ranked[1:]] = -1.0
    best = int(f1.argmax())
    return float((ranked[best] + following[best]) / 2)


def expected_threshold(probabilities: Floats) -> float:
    """The threshold with the best F1 to be expected, were the probabilities true.

    Half of that F1 (Lipton, Elkan & Naryanaswamy 2014, arXiv 1402.1892). It needs no labels, and
    so is steadier than `best_threshold` on few texts whose probabilities were calibrated.

    Args:
        probabilities: (N,), of one text at least.
    """
    ranked = np.sort(np.asarray(probabilities, dtype=np.float64))[::-1]
    given = np.arange(1, len(ranked) + 1)
    return float(f1_score(ranked.cumsum(), given, ranked.sum()).max() / 2)
