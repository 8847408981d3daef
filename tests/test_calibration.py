"""Probabilities, prior shift and temperature against Bayes' rule and brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.calibration import (
    Calibration,
    estimate_prior,
    fit_temperature,
    label_prior,
    log_softmax,
    sigmoid,
    softmax,
)
from emoscope.errors import InputError

SOURCE = np.array([0.5, 0.2, 0.3])
TARGET = np.array([0.85, 0.05, 0.10])


def world(prior: np.ndarray, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes drawn from a prior, and the true p(y|x) under SOURCE of one feature x ~ N(2y, 1)."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, size=size, p=prior)
    x = rng.normal(2 * y, 1.0)
    joint = np.exp(-((x[:, None] - 2 * np.arange(3)) ** 2) / 2) * SOURCE
    return joint / joint.sum(1, keepdims=True), y


def test_shift_is_bayes_rule():
    posterior, _ = world(SOURCE, 50, 0)
    calibration = Calibration.of_shift(SOURCE, TARGET)
    got = calibration.probabilities(np.log(posterior), exclusive=True)
    for row, p in zip(got, posterior, strict=True):
        weighted = [p[k] * TARGET[k] / SOURCE[k] for k in range(3)]
        assert row == pytest.approx([w / sum(weighted) for w in weighted])


def test_no_shift_where_nothing_shifts():
    assert Calibration.of_shift(SOURCE, SOURCE).prior_shift == pytest.approx((0, 0, 0))


def test_expectation_maximisation_finds_the_prior():
    posterior, y = world(TARGET, 20_000, 1)
    estimated = estimate_prior(posterior, SOURCE)
    assert estimated == pytest.approx(np.bincount(y, minlength=3) / len(y), abs=0.01)
    assert estimated.sum() == pytest.approx(1)


def test_the_estimate_is_the_likeliest_prior():
    posterior, _ = world(TARGET, 2_000, 2)
    ratio = posterior / SOURCE

    def likelihood(prior: np.ndarray) -> float:
        return float(np.log(ratio @ prior).sum())

    best = likelihood(estimate_prior(posterior, SOURCE))
    rng = np.random.default_rng(0)
    assert all(likelihood(prior) <= best + 1e-6 for prior in rng.dirichlet([5, 1, 1], 500))


def test_a_label_without_training_examples_cannot_be_shifted():
    with pytest.raises(InputError, match="no example in training"):
        Calibration.of_shift(np.array([0.0, 0.5, 0.5]), TARGET)


def test_label_prior_leaves_unlabelled_rows_out():
    labels = np.array([[1, 0], [0, 1], [0, 1], [np.nan, np.nan]])
    assert label_prior(labels) == pytest.approx([1 / 3, 2 / 3])
    with pytest.raises(InputError, match="found none"):
        label_prior(np.full((2, 2), np.nan))


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_temperature_is_found(true):
    """Logits are the true ones times T; dividing by T makes them likeliest again."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, (20_000, 3))
    y = (rng.random((20_000, 1)) > softmax(scores).cumsum(1)).sum(1)
    got = fit_temperature(scores * true, np.eye(3)[y])
    assert got == pytest.approx(true, rel=0.05)


def test_temperature_is_fitted_after_the_shift_and_moves_no_decision():
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(0, 3, (500, 3)), np.eye(3)[rng.integers(0, 3, 500)]
    shifted = Calibration.of_shift(SOURCE, TARGET)
    tempered = shifted.tempered(logits, labels)
    assert tempered.temperature == fit_temperature(shifted.scale(logits), labels)
    assert tempered.temperature > 2
    before = shifted.probabilities(logits, exclusive=True).argmax(1)
    assert (tempered.probabilities(logits, exclusive=True).argmax(1) == before).all()


@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=5))
def test_probabilities_are_probabilities(logits):
    row = np.array([logits])
    assert softmax(row).sum() == pytest.approx(1)
    assert np.exp(log_softmax(row)) == pytest.approx(softmax(row))
    assert ((sigmoid(row) >= 0) & (sigmoid(row) <= 1)).all()
    assert sigmoid(row) + sigmoid(-row) == pytest.approx(np.ones_like(row))


def test_round_trip():
    calibration = Calibration(1.7, (0.5, -0.25))
    assert Calibration.from_dict(calibration.to_dict()) == calibration
