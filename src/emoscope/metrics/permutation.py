"""Permutation test of whether two groups of runs differ, and correction for multiple tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

MOST_SPLITS = 20_000
ROUNDING = 1e-12
"""Sums of the same numbers in another order may differ by this much."""


@dataclass(frozen=True)
class Permutation:
    """Result of a permutation test.

    Attributes:
        p: two-sided p-value.
        smallest: the smallest p-value possible with these numbers of runs, reached where all runs
            of one group are better than all of the other.
        exact: whether all splits of the runs were tried, not a sample of them.
    """

    p: float
    smallest: float
    exact: bool


def permutation_test(
    first: Sequence[float], second: Sequence[float], *, splits: int = MOST_SPLITS, seed: int = 0
) -> Permutation:
    """Test the difference of the means of two groups of runs by permutation.

    The test of Fisher (1935, The Design of Experiments) and Pitman (1937, Supplement to the JRSS
    4(1)). The p-value is the share of the splits of all runs into two groups of these sizes whose
    means are at least as far apart. If there are more than `splits` of them, a random sample is
    tried, to which the observed split is added so that p is never 0.

    Args:
        first: the value of a metric in each run of one configuration; one run or more.
        second: the same for the other configuration; one run or more.
        splits: number of splits to try, at most.
        seed: random seed of the sample.
    """
    # scipy.stats.permutation_test gives the same p where all splits are tried, as a test shows. But
    # it takes 5 to 40 times as long, and where it samples, a seed would give another p than before.
    values = np.array([*first, *second], dtype=float)
    size, rest = len(first), len(second)
    exact = comb(size + rest, size) <= splits
    chosen = (
        list_splits(size + rest, size) if exact else draw_splits(size + rest, size, splits, seed)
    )
    sums = values[chosen].sum(axis=1)
    differences = np.abs(sums / size - (values.sum() - sums) / rest)
    observed = abs(values[:size].mean() - values[size:].mean())
    extreme = int((differences >= observed - ROUNDING).sum())
    p = extreme / len(chosen) if exact else (extreme + 1) / (len(chosen) + 1)
    return Permutation(p, find_smallest_p(size, rest, splits=splits), exact)


def find_smallest_p(first: int, second: int, *, splits: int = MOST_SPLITS) -> float:
    """The smallest two-sided p-value of a permutation test of `first` runs against `second` runs.

    With equal numbers of runs, the split with the groups exchanged is as far apart, and counts too.
    """
    every = comb(first + second, first)
    if every > splits:
        return 1 / (splits + 1)
    return min(1.0, (1 + (first == second)) / every)


def list_splits(values: int, size: int) -> NDArray[np.intp]:
    """Indices of the runs of the first group in every split, (number of splits, size)."""
    places = chain.from_iterable(combinations(range(values), size))
    return np.fromiter(places, dtype=np.intp).reshape(-1, size)


def draw_splits(values: int, size: int, splits: int, seed: int) -> NDArray[np.intp]:
    """Indices of the runs of the first group in random splits, (splits, size)."""
    order = np.random.default_rng(seed).random((splits, values)).argsort(axis=1)
    return order[:, :size]


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for multiple tests (Holm 1979, Scand. J. Statistics 6).

    The smallest of m p-values is multiplied by m, the next by m - 1, and so on; none becomes
    smaller than the one before it, none larger than 1. If corrected p-values below α count as
    findings, the probability of any false finding is at most α.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
