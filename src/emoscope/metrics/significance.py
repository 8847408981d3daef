"""How far a figure may be off: bootstrap over texts (Efron & Tibshirani 1993)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.taxonomy import Taxonomy


def micro_f1_interval(
    labels: NDArray[np.floating[Any]],
    decisions: NDArray[np.bool_],
    taxonomy: Taxonomy,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of micro-F1 over resampled texts.

    A text matters only through its own counts of true positives, false positives and false
    negatives, so a resample is a multinomial draw over the few distinct triples.

    Args:
        labels: (N, K), 0 or 1, or shares cut at ½.
        decisions: (N, K).
        taxonomy: its ignored labels stay out of the sums.
        level: share of the resamples inside the interval.
        resamples: how many.
        seed: of the draws.
    """
    averaged = list(taxonomy.averaged)
    truth = (np.asarray(labels) >= 0.5)[:, averaged]
    chosen = decisions[:, averaged]
    triples = np.stack(
        [(truth & chosen).sum(1), (~truth & chosen).sum(1), (truth & ~chosen).sum(1)], axis=1
    )
    kinds, frequency = np.unique(triples, axis=0, return_counts=True)
    texts = len(truth)
    draws = np.random.default_rng(seed).multinomial(texts, frequency / texts, size=resamples)
    tp, fp, fn = (draws @ kinds).T
    f1 = 2 * tp / np.maximum(2 * tp + fp + fn, 1)
    tail = (1 - level) / 2
    low, high = np.quantile(f1, [tail, 1 - tail])
    return float(low), float(high)
