"""A rule that chooses one of several exclusive labels for the best micro-F1.

The most probable label makes the fewest errors. Where one label, such as EmoContext's `others`,
does not count in the averaged F1, that is not the same as the best F1. So each label has a
threshold t, and the label with the highest p/t is given: ln t is taken off its log-probability.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration.functions import Floats
from emoscope.metrics.counts import f1_score

WIDEST = 2.5
"""Offsets lie between minus and plus this, in log-probability."""
STARTS = (-1.6, -0.8, -0.3, 0.0, 0.3, 0.8, 1.6)
"""Offsets of all labels that count, from which the search begins."""


def fit_decision(
    probabilities: Floats,
    labels: Floats,
    counted: Sequence[bool],
    resamples: int = 25,
    seed: int = 0,
) -> Floats:
    """Thresholds of exclusive labels that hold on texts that they were not fitted on, (K,).

    The mean of the best offsets of bootstrap resamples, as of `fit_thresholds`. The highest
    threshold is ½.

    Args:
        probabilities: of held-out texts, (N, K).
        labels: one-hot, (N, K); texts with one that is not known (NaN) are left out.
        counted: which labels count in the micro-F1, (K,).
        resamples: how many; 0 for the best offsets on the texts themselves.
        seed: of the resamples.
    """
    known = ~np.isnan(labels).any(axis=1)
    scores = np.log(np.maximum(probabilities[known], 1e-12))
    gold = np.asarray(labels)[known].argmax(axis=1)
    counts = np.array(counted, dtype=np.bool_)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, max(len(gold), 1), size=(resamples, len(gold)))
    found = [search_offsets(scores[rows], gold[rows], counts) for rows in drawn if len(rows)]
    if not found:
        found = [search_offsets(scores, gold, counts)]
    offsets = np.mean(found, axis=0)
    return np.asarray(0.5 * np.exp(offsets.min() - offsets))


def search_offsets(scores: Floats, gold: NDArray[np.int64], counted: NDArray[np.bool_]) -> Floats:
    """The offsets of log-probabilities with the best micro-F1 that a search finds, (K,).

    One label at a time is moved to its exact best place, until none gains, from several starts. Of
    equally good offsets it prefers those near zero.

    Args:
        scores: log-probabilities, (N, K).
        gold: the label of each text, (N,).
        counted: which labels count, (K,).
    """
    best, chosen = -1.0, np.zeros(scores.shape[1])
    for start in sorted(STARTS, key=abs):
        offsets = np.where(counted, start, 0.0)
        reached = micro_f1((scores + offsets).argmax(axis=1), gold, counted)
        gaining = True
        while gaining:
            gaining = False
            for label in np.flatnonzero(counted):
                bounds = (-WIDEST - offsets[label], WIDEST - offsets[label])
                value, place = move_label(scores + offsets, gold, counted, int(label), bounds)
                if value > reached + 1e-12:
                    offsets[label] += place
                    reached, gaining = value, True
        if reached > best + 1e-12:
            best, chosen = reached, offsets
    return chosen


def move_label(
    scores: Floats,
    gold: NDArray[np.int64],
    counted: NDArray[np.bool_],
    label: int,
    bounds: tuple[float, float],
) -> tuple[float, float]:
    """The best micro-F1 by adding to the scores of one label, and what to add, within bounds.

    Each text turns to the label at one point, so that all points are tried by one running sum.
    """
    rest = scores.copy()
    rest[:, label] = -np.inf
    rival = rest.argmax(axis=1)
    points = rest.max(axis=1) - scores[:, label]
    order = np.argsort(points, kind="stable")
    # What turning a text changes: hits, and labels given that count.
    hits = (gold == label).astype(np.int64) - (counted[rival] & (rival == gold))
    given = 1 - counted[rival].astype(np.int64)
    tp = int((counted[rival] & (rival == gold)).sum()) + np.append(0, np.cumsum(hits[order]))
    sizes = int(counted[rival].sum()) + np.append(0, np.cumsum(given[order]))
    values = f1_score(tp, sizes, counted[gold].sum())
    ranked = np.clip(points[order], *bounds)
    lower = np.append(bounds[0], ranked)
    upper = np.append(ranked, bounds[1])
    places = (lower + upper) / 2
    # Texts that turn at one point turn together; so do those that turn beyond the bounds.
    values = np.where(upper > lower, values, -1.0)
    best = np.flatnonzero(values >= values.max() - 1e-12)
    nearest = best[np.abs(places[best]).argmin()]
    return float(values[nearest]), float(places[nearest])


def micro_f1(
    given: NDArray[np.int64], gold: NDArray[np.int64], counted: NDArray[np.bool_]
) -> float:
    """Micro-F1 of the labels that count."""
    tp = (counted[given] & (given == gold)).sum()
    return float(f1_score(tp, counted[given].sum(), counted[gold].sum()))
