"""The permutation test against one that deals out runs in loops; Holm's correction by hand."""

from itertools import permutations
from math import comb

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from emoscope.metrics.permutation import (
    MOST_SPLITS,
    adjust_holm,
    find_smallest_p,
    list_splits,
    permutation_test,
)


def slow(first, second):
    """p from every order of the runs, each split so many times."""
    values = [*first, *second]
    observed = abs(np.mean(first) - np.mean(second))
    orders = list(permutations(values))
    apart = [abs(np.mean(o[: len(first)]) - np.mean(o[len(first) :])) for o in orders]
    return sum(one >= observed - 1e-12 for one in apart) / len(orders)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([0.6, 0.61, 0.63], [0.5, 0.52, 0.62]),
        ([0.6, 0.61], [0.5, 0.52, 0.62, 0.4]),
        ([0.6, 0.6, 0.6], [0.6, 0.6]),
        ([0.6], [0.5, 0.7, 0.8]),
    ],
)
def test_equals_every_order(first, second):
    got = permutation_test(first, second)
    assert got.exact
    assert got.p == pytest.approx(slow(first, second))
    assert got.p == permutation_test(second, first).p


@pytest.mark.parametrize(("first", "second"), [(3, 3), (5, 5), (2, 7)])
def test_equals_scipy(first, second):
    """Differences without their sign: scipy's two-sided p is twice the smaller of two."""

    def apart(ours, theirs, axis):
        return np.abs(ours.mean(axis=axis) - theirs.mean(axis=axis))

    rng = np.random.default_rng(0)
    series = rng.normal(size=first), rng.normal(0.5, 1, second)
    theirs = scipy.stats.permutation_test(
        series, apart, vectorized=True, n_resamples=np.inf, alternative="greater"
    )
    assert permutation_test(*series).p == pytest.approx(theirs.pvalue, rel=1e-12)


def test_by_hand():
    # Of 20 splits only this one and its mirror image are so far apart.
    assert permutation_test([4, 5, 6], [1, 2, 3]).p == 0.1
    # 1, 4 | 2, 3 and 2, 3 | 1, 4 have no difference; all six are at least as far apart.
    assert permutation_test([1, 4], [2, 3]).p == 1
    # Unequal numbers: no mirror image.
    assert permutation_test([5, 6, 7], [1]).p == 1 / 4


@pytest.mark.parametrize(("first", "second"), [(3, 3), (5, 5), (3, 5), (1, 1), (10, 10), (2, 9)])
def test_the_smallest_p_is_that_of_runs_parted_cleanly(first, second):
    got = permutation_test(
        10 + np.random.default_rng(0).random(first), np.random.default_rng(1).random(second)
    )
    if got.exact:
        # With unequal numbers the mirror image is less far apart.
        assert got.p == got.smallest
    assert got.smallest == find_smallest_p(first, second)


def test_many_runs_are_sampled():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.4, 1, 9), rng.normal(0, 1, 9)
    assert comb(18, 9) > MOST_SPLITS
    sampled = permutation_test(first, second, seed=1)
    exact = permutation_test(first, second, splits=50_000)
    assert (sampled.exact, exact.exact) == (False, True)
    assert sampled.p == pytest.approx(exact.p, abs=0.01)
    assert sampled == permutation_test(first, second, seed=1)
    apart = permutation_test(first + 100, second)
    assert apart.p >= 1 / (MOST_SPLITS + 1)
    assert apart.smallest == 1 / (MOST_SPLITS + 1)


def test_without_a_difference_no_level_is_passed_too_often():
    rng = np.random.default_rng(0)
    p = np.array([permutation_test(*rng.normal(size=(2, 5))).p for _ in range(2000)])
    for level in (0.05, 0.1, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=0.03)
        assert (p <= level).mean() <= level + 3 * np.sqrt(level * (1 - level) / 2000)


def test_all_splits():
    assert list_splits(4, 2).tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]


def test_holm_by_hand():
    # 0.01 · 4, 0.02 · 3, 0.03 · 2 (less than the one before, so as much), 0.6 · 1.
    assert adjust_holm([0.03, 0.01, 0.6, 0.02]) == pytest.approx([0.06, 0.04, 0.6, 0.06])
    assert adjust_holm([0.5, 0.9]) == [1.0, 1.0]
    assert adjust_holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_lies_below_bonferroni(p):
    adjusted = adjust_holm(p)
    for mine, one in zip(adjusted, p, strict=True):
        assert one <= mine <= min(1.0, len(p) * one) + 1e-12
    order = np.argsort(p, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()


def test_holm_seldom_finds_anything_where_nothing_is():
    rng = np.random.default_rng(0)
    found = [min(adjust_holm(list(rng.random(9)))) < 0.05 for _ in range(4000)]
    assert np.mean(found) == pytest.approx(0.05, abs=0.012)
