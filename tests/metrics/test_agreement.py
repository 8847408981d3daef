"""Agreement against counting pairs of raters text by text, and worked examples."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from emoscope.metrics.agreement import cohen_kappa, fleiss_kappa, pairwise_agreement


def slow_kappa(given):
    """Of the raters' answers, (R, N): each pair of raters on each text; by chance, two answers."""
    columns = given.T.tolist()
    pairs = [first == second for column in columns for first, second in combinations(column, 2)]
    share = np.mean(given)
    by_chance = share * share + (1 - share) * (1 - share)
    return (np.mean(pairs) - by_chance) / (1 - by_chance)


@pytest.mark.parametrize("raters", [2, 3, 5])
def test_fleiss_kappa_equals_looking_at_all_pairs(raters):
    rng = np.random.default_rng(raters)
    given = rng.random((raters, 40)) < rng.random(40)
    assert fleiss_kappa(given.sum(axis=0), raters) == pytest.approx(slow_kappa(given))


def test_fleiss_kappa_of_a_worked_example():
    """Four texts, three raters: alike on two of them, two against one on the others.

    Mean agreement (1 + 1 + 1/3 + 1/3) / 4 = 2/3; by chance, with half of the votes, 1/2.
    """
    assert fleiss_kappa(np.array([3, 0, 2, 1]), 3) == pytest.approx((2 / 3 - 1 / 2) / (1 / 2))
    assert fleiss_kappa(np.array([2, 2, 0]), 2) == pytest.approx(1)
    assert np.isnan(fleiss_kappa(np.array([0, 0]), 2))
    assert np.isnan(fleiss_kappa(np.array([1, 1]), 1))


def test_pairs_agree_where_all_labels_are_alike():
    predictions = np.array([[[0, 1], [1, 1]], [[0, 1], [1, 0]], [[1, 1], [1, 0]]], dtype=bool)
    assert pairwise_agreement(predictions) == [0.5, 0, 0.5]
    assert pairwise_agreement(predictions[:1]) == []


@pytest.mark.parametrize("categories", [2, 4])
def test_cohen_kappa_equals_scikit_learn(categories):
    rng = np.random.default_rng(categories)
    first = rng.integers(0, categories, 80)
    second = np.where(rng.random(80) < 0.6, first, rng.integers(0, categories, 80))
    assert cohen_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))
    assert cohen_kappa(first, first) == pytest.approx(1)


def test_cohen_kappa_where_there_is_none():
    assert np.isnan(cohen_kappa(np.zeros(0), np.zeros(0)))
    assert np.isnan(cohen_kappa(np.ones(5), np.ones(5)))
    assert cohen_kappa(np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0])) == 0
