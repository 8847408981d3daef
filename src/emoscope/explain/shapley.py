"""What each part of a whole adds to a value: Shapley values, and leaving one out.

The Shapley value of a part is what it adds to the parts before it, averaged over all orders in
which the parts can come (Shapley 1953; for features of a prediction Štrumbelj & Kononenko 2014,
Knowledge and Information Systems 41(3); Lundberg & Lee 2017, arXiv 1705.07874). Nothing else has
all these properties: the values sum to the value of the whole less that of nothing, a part that
never changes anything gets zero, two that always change the same get the same, and the values of a
sum of games are the sum of their values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["shapley", "occlusion"]
Floats = NDArray[np.floating[Any]]
Coalitions = NDArray[np.bool_]
Values = Callable[[Coalitions], Floats]
"""From C sets of parts, (C, M), to K values of each, (C, K)."""


@dataclass(frozen=True)
class Additions:
    """What each part adds.

    Attributes:
        values: (K, M).
        errors: their standard errors, (K, M); zero where the values are exact.
        nothing: the values without any part, (K,).
        evaluations: how many sets were valued.
    """

    values: Floats
    errors: Floats
    nothing: Floats
    evaluations: int


def shapley(values: Values, parts: int, evaluations: int, seed: int) -> Additions:
    """Shapley values, exact if all sets may be valued, else estimated.

    The estimate draws orders at random, each together with its reverse (Mitchell et al. 2022,
    arXiv 2104.12199), and averages over them. It too sums to the value of the whole less that of
    nothing, and gives zero to a part without effect; where parts interact in pairs at most it is
    exact.

    Args:
        values: called once with all sets.
        parts: their number M.
        evaluations: so many sets are valued at most, or those that two orders and their reverses
            need, if these are more.
        seed: the random seed of the orders.
    """
    if 2**parts <= evaluations:
        return _compute_exact(values, parts)
    pairs = max(2, (evaluations - 2) // (2 * (parts - 1)))
    return _estimate(values, parts, pairs, seed)


def occlusion(values: Values, parts: int) -> Additions:
    """What the whole loses without each part (Li, Monroe & Jurafsky 2016, arXiv 1612.08220).

    Args:
        values: called once with M + 2 sets, fewer if M is below 2.
        parts: their number M.
    """
    sets = np.concatenate([np.zeros((1, parts)), np.ones((1, parts)), 1 - np.eye(parts)]) > 0
    valued, evaluations = _evaluate_sets(values, sets)
    lost = (valued[1] - valued[2:]).T
    return Additions(lost, np.zeros_like(lost), valued[0], evaluations)


def _evaluate_sets(values: Values, sets: Coalitions) -> tuple[Floats, int]:
    """Values of sets, (C, K), each different one valued once, and how many these are."""
    different, places = np.unique(sets, axis=0, return_inverse=True)
    return np.asarray(values(different), dtype=np.float64)[places.ravel()], len(different)


def _compute_exact(values: Values, parts: int) -> Additions:
    """The mean over all sets of what a part adds to them, those of each size weighing alike."""
    sets = (np.arange(2**parts)[:, None] >> np.arange(parts)) & 1 > 0
    valued = np.asarray(values(sets), dtype=np.float64)
    sizes = sets.sum(axis=1)
    found = np.empty((parts, valued.shape[1]))
    for part in range(parts):
        without = np.flatnonzero(~sets[:, part])
        weights = np.array([1 / (parts * comb(parts - 1, size)) for size in sizes[without]])
        found[part] = weights @ (valued[without + 2**part] - valued[without])
    return Additions(found.T, np.zeros_like(found.T), valued[0], len(sets))


def _estimate(values: Values, parts: int, pairs: int, seed: int) -> Additions:
    """The mean over random orders and their reverses, with its standard error over the pairs."""
    rng = np.random.default_rng(seed)
    # When each part comes, counted from 0, in each order and in its reverse.
    times = rng.permuted(np.tile(np.arange(parts), (pairs, 1)), axis=1)
    times = np.concatenate([times, parts - 1 - times])
    sets = times[:, None, :] < np.arange(parts + 1)[:, None]
    valued, evaluations = _evaluate_sets(values, sets.reshape(-1, parts))
    added = np.diff(valued.reshape(2 * pairs, parts + 1, -1), axis=1)
    of_part = np.take_along_axis(added, times[:, :, None], axis=1)
    means = of_part.reshape(2, pairs, parts, -1).mean(axis=0)
    errors = means.std(axis=0, ddof=1) / np.sqrt(pairs)
    return Additions(means.mean(axis=0).T, errors.T, valued[0], evaluations)
