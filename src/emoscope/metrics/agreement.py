"""How far raters agree on labels: people, a model, runs that differ in their seed alone."""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.metrics.counts import Bools


def pairwise_agreement(predictions: Bools) -> list[float]:
    """Share of the texts whose labels two raters all predict alike, for each of R(R - 1)/2 pairs.

    Args:
        predictions: (R, N, K).
    """
    return [
        float((first == second).all(axis=1).mean())
        for first, second in combinations(predictions, 2)
    ]


def fleiss_kappa(votes: NDArray[np.integer[Any]], raters: int) -> float:
    """Fleiss' kappa of one label that so many of the raters give to each text (Fleiss 1971).

    Args:
        votes: (N,), each between 0 and `raters`.
        raters: at least two for a number.

    Returns:
        At most 1; NaN where all raters always or never give the label.
    """
    if not len(votes) or raters < 2:
        return float("nan")
    share = votes.sum() / (len(votes) * raters)
    by_chance = share**2 + (1 - share) ** 2
    against = raters - votes
    alike = (votes * (votes - 1) + against * (against - 1)) / (raters * (raters - 1))
    return float((alike.mean() - by_chance) / (1 - by_chance)) if by_chance < 1 else float("nan")


def cohen_kappa(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Cohen's kappa of two raters who give each text one of several categories (Cohen 1960).

    Args:
        first: the categories given by one, (N,); whether a label is given, for a single label.
        second: those given by the other, (N,).

    Returns:
        At most 1, and 0 where they agree as often as by chance; NaN without texts, or where both
        always give the same category.
    """
    if not len(first):
        return float("nan")
    observed = float(np.mean(first == second))
    categories = np.union1d(first, second)
    by_chance = float(
        sum(np.mean(first == category) * np.mean(second == category) for category in categories)
    )
    return (observed - by_chance) / (1 - by_chance) if by_chance < 1 else float("nan")
