"""Correlations against numpy and geometry; the weights made of them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.losses.correlation import (
    TRANSFORMS,
    data_correlation,
    make_pair_weights,
    wheel_correlation,
)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 999), rows=st.integers(10, 40), count=st.integers(2, 6))
def test_correlation_equals_numpy(seed, rows, count):
    rng = np.random.default_rng(seed)
    labels = rng.choice([0.0, 1.0, 0.4], (rows, count))
    labels[0], labels[1] = 0, 1
    got = data_correlation(labels.astype(np.float32))
    np.testing.assert_allclose(got, np.corrcoef(labels.astype(np.float32).T), atol=1e-9)


def test_unlabelled_rows_are_left_out():
    labels = np.random.default_rng(0).integers(0, 2, (20, 3)).astype(float)
    with_gaps = np.insert(labels, [0, 7, 20], math.nan, axis=0)
    with_gaps = np.vstack([with_gaps, [1, math.nan, 0]])
    np.testing.assert_array_equal(data_correlation(with_gaps), data_correlation(labels))


def test_a_label_that_never_varies_correlates_with_itself_only():
    labels = np.array([[0, 0.1, 1], [1, 0.1, 0], [1, 0.1, 0], [0, 0.1, 1]])
    np.testing.assert_allclose(data_correlation(labels), [[1, 0, -1], [0, 1, 0], [-1, 0, 1]])


def test_one_row_correlates_nothing():
    np.testing.assert_array_equal(data_correlation(np.array([[1.0, 0.0]])), np.eye(2))


@pytest.mark.parametrize("rows", [0, 3])
def test_no_labelled_rows(rows):
    with pytest.raises(InputError, match="found none"):
        data_correlation(np.full((rows, 2), math.nan))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("joy", "joy", 1),
        ("joy", "Sadness", -1),
        ("anger", "fear", -1),
        ("trust", "disgust", -1),
        ("surprise", "anticipation", -1),
        ("OPTIMISM", "pessimism", -1),
        ("pessimism", "disapproval", 1),
        ("joy", "love", math.cos(math.pi / 8)),
        ("awe", "fear", math.cos(math.pi / 8)),
        ("joy", "anger", math.cos(4 * math.pi / 8)),
    ],
)
def test_correlation_on_the_wheel(first, second, expected):
    correlation = wheel_correlation([first, second])
    np.testing.assert_allclose(correlation, [[1, expected], [expected, 1]], atol=1e-12)


def test_emotions_that_the_wheel_lacks_are_named():
    with pytest.raises(InputError, match=r"no 'ennui', 'Spleen'\. It knows: fear, .*pessimism"):
        wheel_correlation(["joy", "ennui", "Spleen"])


@pytest.mark.parametrize(
    ("transform", "expected"),
    [("identity", 0.25), ("sqrt", 0.5), ("square", 0.0625), ("log", math.log2(1.25))],
)
@pytest.mark.parametrize("plus_one", [False, True])
def test_weights_worked_by_hand(transform, expected, plus_one):
    rho = np.array([[1.0, -0.5], [-0.5, 1.0]])
    weights = make_pair_weights(rho, transform, plus_one)
    assert float(weights.within[0, 1]) == pytest.approx(expected + plus_one, abs=1e-6)
    assert float(weights.between[0, 1]) == pytest.approx(1 - expected + plus_one, abs=1e-6)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_transforms_grow_from_0_to_1(transform):
    rho = np.linspace(-1, 1, 21)[None]
    within = make_pair_weights(rho, transform).within[0].numpy()
    assert (np.diff(within) > 0).all()
    assert (within[0], within[-1]) == (0, 1)


def test_transforms_that_there_are_not():
    with pytest.raises(InputError, match="'cube'"):
        make_pair_weights(np.eye(2), "cube")
