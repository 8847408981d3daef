"""Whether two series of runs differ: a permutation test; and correction for many such questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

MOST_SPLITS = 20_000
ROUNDING = 1e-12
"""Two equal sums of the same numbers in another order may differ by so much."""


@dataclass(frozen=True)
class Permutation:
    """What a permutation test says.

    Attributes:
        p: two-sided.
        smallest: the least p that so many runs can give, if all of one series beat all of the
            other.
        exact: whether every split of the runs was looked at, not a sample of them.
    """

    p: float
    smallest: float
    exact: bool


def permutation_test(
    first: Sequence[float], second: Sequence[float], *, splits: int = MOST_SPLITS, seed: int = 0
) -> Permutation:
    """How often chance alone, dealing the runs out to two series, parts the means so far.

    The test of Fisher (1935, The Design of Experiments) and Pitman (1937, Supplement to the JRSS
    4(1)) on the difference of means; all splits if there are at most `splits`, else a sample of so
    many, to which the observed one is added so that p is never 0.

    Args:
        first: a figure of each run of one configuration; at least one.
        second: of the other; at least one.
        splits: how many are looked at, at most.
        seed: of the sample.
    """
    # scipy.stats.permutation_test gives the same p where all splits are looked at, as a test shows,
    # but it took 5 to 40 times as long, and it draws other samples, so that a seed would no longer
    # give the same p where they are not.
    values = np.array([*first, *second], dtype=float)
    size, rest = len(first), len(second)
    exact = comb(size + rest, size) <= splits
    chosen = all_splits(size + rest, size) if exact else some(size + rest, size, splits, seed)
    sums = values[chosen].sum(axis=1)
    differences = np.abs(sums / size - (values.sum() - sums) / rest)
    observed = abs(values[:size].mean() - values[size:].mean())
    extreme = int((differences >= observed - ROUNDING).sum())
    p = extreme / len(chosen) if exact else (extreme + 1) / (len(chosen) + 1)
    return Permutation(p, smallest_p(size, rest, splits=splits), exact)


def smallest_p(first: int, second: int, *, splits: int = MOST_SPLITS) -> float:
    """The least two-sided p of a permutation test of so many runs against so many.

    With as many runs on both sides, the split with the sides exchanged is as far apart.
    """
    every = comb(first + second, first)
    if every > splits:
        return 1 / (splits + 1)
    return min(1.0, (1 + (first == second)) / every)


def all_splits(values: int, size: int) -> NDArray[np.intp]:
    """Places of the first series in every split, (number of splits, size)."""
    places = chain.from_iterable(combinations(range(values), size))
    return np.fromiter(places, dtype=np.intp).reshape(-1, size)


def some(values: int, size: int, splits: int, seed: int) -> NDArray[np.intp]:
    """Places of the first series in random splits, (splits, size)."""
    order = np.random.default_rng(seed).random((splits, values)).argsort(axis=1)
    return order[:, :size]


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for how many there are (Holm 1979, Scand. J. Statistics 6).

    The smallest of m counts m times, the next m - 1 times, and so on, none less than the one
    before it, none more than 1: below α, the chance of any false finding is below α.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
