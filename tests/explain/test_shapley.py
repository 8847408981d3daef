"""Shapley values against their definition, the mean over all orders, and against their axioms."""

from itertools import permutations

import numpy as np
import pytest

from emoscope.explain.shapley import _estimate, occlusion, shapley

LABELS = 3


class Game:
    """Any game: random values of all sets of M parts; counts how it is asked."""

    def __init__(self, parts, seed=0):
        self.table = np.random.default_rng(seed).normal(size=(2**parts, LABELS))
        self.bits = 1 << np.arange(parts)
        self.asked = []

    def __call__(self, sets):
        assert sets.dtype == bool
        self.asked.append(len(sets))
        return self.table[sets @ self.bits]


def by_definition(game, parts):
    """What each part adds to those before it, averaged over all orders: (K, M)."""
    found = np.zeros((LABELS, parts))
    orders = list(permutations(range(parts)))
    for order in orders:
        inside = np.zeros((1, parts), dtype=bool)
        for part in order:
            before = game(inside)[0]
            inside[0, part] = True
            found[:, part] += game(inside)[0] - before
    return found / len(orders)


@pytest.mark.parametrize("parts", range(7))
def test_exact_values_are_those_of_the_definition(parts):
    game = Game(parts)
    found = shapley(game, parts, 256, seed=0)
    assert game.asked == [2**parts], "all sets, in one call"
    assert found.evaluations == 2**parts
    assert found.values.shape == found.errors.shape == (LABELS, parts)
    assert not found.errors.any()
    assert found.values == pytest.approx(by_definition(game, parts))
    assert found.nothing == pytest.approx(game.table[0])
    assert found.values.sum(axis=1) == pytest.approx(game.table[-1] - game.table[0])


def many(values):
    """A game of 12 parts from a function of (C, 12) zeros and ones."""
    return lambda sets: values(sets.astype(float))


@pytest.mark.parametrize("parts", [10, 40, 64])
def test_an_estimate_stays_within_its_evaluations(parts):
    asked = []

    def count(sets):
        asked.append(len(sets))
        return sets.sum(axis=1, keepdims=True) ** 2.0

    for evaluations in (256, 512, 4096):
        found = shapley(count, parts, evaluations, seed=0)
        assert asked.pop() == found.evaluations <= evaluations
        assert not asked, "one call"


def test_an_estimate_sums_to_the_whole_less_nothing():
    game = Game(12, seed=1)
    for seed in range(3):
        found = shapley(game, 12, 512, seed)
        assert found.values.sum(axis=1) == pytest.approx(game.table[-1] - game.table[0])


def test_an_estimate_gives_nothing_to_a_part_without_effect():
    game = Game(11, seed=2)
    found = shapley(lambda sets: game(np.delete(sets, 4, axis=1)), 12, 512, seed=0)
    assert (found.values[:, 4] == 0).all()
    assert (found.errors[:, 4] == 0).all()
    assert (np.abs(np.delete(found.values, 4, axis=1)) > 1e-3).all()


def test_an_estimate_of_pairs_is_exact():
    """And so parts that do the same get the same: parts 0 and 1 do here."""
    rng = np.random.default_rng(3)
    alone, pairs = rng.normal(size=12), rng.normal(size=(12, 12))
    pairs = np.triu(pairs + pairs.T, 1)
    alone[1], pairs[1, 2:] = alone[0], pairs[0, 2:]
    found = shapley(
        many(lambda x: (x @ alone + np.einsum("ci,ij,cj->c", x, pairs, x))[:, None]), 12, 512, 0
    )
    expected = alone + (pairs + pairs.T).sum(axis=1) / 2
    assert found.values[0] == pytest.approx(expected)
    assert found.values[0, 0] == pytest.approx(found.values[0, 1])
    assert found.errors[0] == pytest.approx(0, abs=1e-12)


def test_an_estimate_is_as_wrong_as_it_says():
    """Over many seeds its mean is right, and its errors spread as the standard errors tell."""
    game = Game(8, seed=4)
    exact = shapley(game, 8, 256, seed=0).values
    estimates = [_estimate(game, 8, 3, seed) for seed in range(1000)]
    off = np.array([one.values - exact for one in estimates])
    told = np.array([one.errors for one in estimates])
    assert np.abs(off.mean(axis=0)).max() < 5 * told.mean() / np.sqrt(1000)
    assert off.std(axis=0) == pytest.approx(np.sqrt((told**2).mean(axis=0)), rel=0.12)


def test_more_evaluations_err_less():
    game = Game(12, seed=5)
    few, more = (shapley(game, 12, evaluations, 0).errors.mean() for evaluations in (256, 2048))
    assert more < few / 2


def test_an_estimate_depends_on_its_seed_alone():
    game = Game(12, seed=6)
    first, again, other = (shapley(game, 12, 512, seed).values for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


@pytest.mark.parametrize("parts", range(7))
def test_occlusion_is_what_is_lost_without_one_part(parts):
    game = Game(parts)
    found = occlusion(game, parts)
    assert len(game.asked) == 1
    assert found.evaluations == game.asked[0] == len({0, 2**parts - 1} | without(parts))
    assert found.values.shape == found.errors.shape == (LABELS, parts)
    for part in range(parts):
        lost = game.table[-1] - game.table[2**parts - 1 - 2**part]
        assert found.values[:, part] == pytest.approx(lost)
    assert found.nothing == pytest.approx(game.table[0])


def without(parts):
    return {2**parts - 1 - 2**part for part in range(parts)}
