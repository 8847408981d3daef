"""Shifts and a temperature that fit held-out texts, against slow and obvious searches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from emoscope.calibration import (
    Calibration,
    Scaling,
    fit_calibration,
    fit_groups,
    fit_scaling,
    fit_shifts,
    fit_thresholds,
    group_probability,
    label_shares,
    sigmoid,
    untrained_shift,
)

NAMES = ("joy", "fear", "anger")


def texts(seed, size=300, unknown=0.2, shift=(1.0, -2.0, 0.0), temperature=1.6):
    """Logits and labels (N, 3) for which some shifts and a temperature are right."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1, 2, (size, 3))
    labels = (rng.random((size, 3)) < sigmoid((logits + shift) / temperature)).astype(np.float64)
    labels[rng.random((size, 3)) < unknown] = np.nan
    return logits, labels


def loss(slope, shift, logits, labels, strength):
    """Cross-entropy of the known cells, one after the other, and the pull of the shifts to 0."""
    total = 0.0
    for row, gold in zip(logits, labels, strict=True):
        for z, y, b in zip(row, gold, shift, strict=True):
            if not np.isnan(y):
                total += np.logaddexp(0, slope * z + b) - y * (slope * z + b)
    return total + strength * sum(b * b for b in shift) / 2


def bisected(scores, truth, strength):
    """Where the derivative of one label's loss is 0."""
    low, high = -50.0, 50.0
    for _ in range(80):
        middle = (low + high) / 2
        over = sum(sigmoid(scores + middle) - truth) + strength * middle
        low, high = (low, middle) if over > 0 else (middle, high)
    return middle


@pytest.mark.parametrize("strength", [0.0, 1.0, 30.0])
@pytest.mark.parametrize("temperature", [0.7, 1.0, 3.0])
def test_a_shift_is_where_the_loss_is_flat(strength, temperature):
    logits, labels = texts(0)
    found = fit_shifts(logits, labels, temperature, strength)
    for place in range(3):
        known = ~np.isnan(labels[:, place])
        scores, truth = logits[known, place] / temperature, labels[known, place]
        assert found[place] / temperature == pytest.approx(bisected(scores, truth, strength))


def test_the_mean_probability_of_a_label_is_its_share():
    logits, labels = texts(1)
    shifted = sigmoid((logits + fit_shifts(logits, labels, 2.0, 0.0)) / 2.0)
    known = ~np.isnan(labels)
    means = [shifted[known[:, place], place].mean() for place in range(3)]
    assert means == pytest.approx(label_shares(labels).tolist())


@given(st.integers(0, 50), st.integers(0, 50), st.floats(-8, 8), st.floats(0.01, 100))
def test_any_label_has_a_shift(cases, others, logit, strength):
    """One that every text has, or none; all logits alike; nothing known at all."""
    labels = np.array([1.0] * cases + [0.0] * others + [np.nan])[:, None]
    logits = np.full(labels.shape, logit)
    [found] = fit_shifts(logits, labels, strength=strength)
    assert found == pytest.approx(bisected(logits[:-1, 0], labels[:-1, 0], strength), abs=1e-6)


def test_few_cases_move_a_label_less_than_many():
    logits, labels = texts(2, 2000, shift=(2.0, 2.0, 2.0))
    few = np.where(np.arange(2000)[:, None] < [2000, 200, 20], labels, np.nan)
    shifts = fit_shifts(logits, few, 1.6, 20.0)
    assert 2.1 > shifts[0] > shifts[1] > shifts[2] > 0
    strong = fit_shifts(logits, labels, 1.6, np.array([0.0, 1e9, 0.0]))
    assert abs(strong[1]) < 1e-3 < strong[2]


@pytest.mark.parametrize(("seed", "strength"), [(3, 0.0), (4, 1.0), (5, 25.0)])
def test_temperature_and_shifts_are_the_best_together(seed, strength):
    logits, labels = texts(seed, 120)
    found = fit_scaling(logits, labels, strength)
    slow = minimize(
        lambda x: loss(x[0], x[1:], logits, labels, strength), [1, 0, 0, 0], method="BFGS"
    )
    assert 1 / found.temperature == pytest.approx(slow.x[0], abs=1e-3)
    assert found.shifts / found.temperature == pytest.approx(slow.x[1:], abs=1e-3)
    # Given its temperature the shifts are those that are fitted alone.
    alone = fit_shifts(logits, labels, found.temperature, strength)
    assert found.shifts == pytest.approx(alone, abs=1e-3)


def test_what_made_the_labels_is_found():
    logits, labels = texts(6, 40_000)
    found = fit_scaling(logits, labels)
    assert found.temperature == pytest.approx(1.6, rel=0.03)
    assert found.shifts == pytest.approx([1.0, -2.0, 0.0], abs=0.06)
    kept = fit_scaling(logits, labels, 1.0, slope_strength=1e9)
    assert kept.temperature == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_logits_of_any_size_are_scaled(scale):
    """A temperature stays within its bounds, and no step makes the fit worse than doing nothing."""
    logits, labels = texts(7)
    found = fit_scaling(logits * scale, labels)
    assert 0.05 <= found.temperature <= 20
    assert np.isfinite(found.shifts).all()
    slope, shifts = 1 / found.temperature, found.shifts / found.temperature
    before = loss(1.0, (0, 0, 0), logits * scale, labels, 1.0)
    assert loss(slope, shifts, logits * scale, labels, 1.0) <= before + 1e-6


def test_labels_that_can_be_told_apart_without_error_have_a_finite_fit():
    logits = np.linspace(-3, 3, 40)[:, None]
    found = fit_scaling(logits, (logits > 0).astype(np.float64))
    assert found.temperature == pytest.approx(0.05)
    assert np.isfinite(found.shifts).all()


def slow_group(labels):
    """Whether each text has one of its labels; None if nobody knows."""
    found = []
    for row in labels:
        known = [value >= 0.5 for value in row if not np.isnan(value)]
        found.append(1.0 if any(known) else 0.0 if len(known) == len(row) else np.nan)
    return np.array(found)


def test_groups_have_thresholds_as_labels_have():
    logits, labels = texts(8)
    probabilities = sigmoid(logits)
    groups = [("joy", "anger"), ("fear", "joy", "anger")]
    found = fit_groups(probabilities, labels, NAMES, groups)
    assert [words for words, _ in found] == [("anger", "joy"), ("anger", "fear", "joy")]
    scores = np.stack(
        [group_probability(probabilities[:, [0, 2]]), group_probability(probabilities)], 1
    )
    truth = np.stack([slow_group(labels[:, [0, 2]]), slow_group(labels)], axis=1)
    assert [cut for _, cut in found] == pytest.approx(fit_thresholds(scores, truth).tolist())
    assert fit_groups(probabilities, labels, NAMES, ()) == ()


def test_a_calibration_is_all_of_it():
    logits, labels = texts(9)
    wild = np.where(np.isnan(labels), np.nan, logits)
    found = fit_calibration(wild, labels, NAMES, [("joy", "fear")], strength=2.0)
    scaling = fit_scaling(logits, labels, 2.0)
    assert found.temperature == pytest.approx(scaling.temperature)
    assert found.prior_shift == pytest.approx(scaling.shifts.tolist())
    assert found.shares == pytest.approx(label_shares(labels).tolist())
    probabilities = found.probabilities(logits, exclusive=False)
    assert found.thresholds == pytest.approx(fit_thresholds(probabilities, labels).tolist())
    assert [words for words, _ in found.groups] == [("fear", "joy")]
    assert Calibration.from_dict(found.to_dict()) == found


def test_a_label_without_texts_is_shifted_as_far_as_its_share_asks():
    """Labels whose scores say the same but for how frequent they are: the shift is exact."""
    shares = np.array([0.5, 0.1, 0.01])
    scaling = Scaling(2.0, 2.0 * (np.log(shares / (1 - shares)) - 1.5))
    assert untrained_shift(scaling, shares, 0.1) == pytest.approx(float(scaling.shifts[1]))
    assert untrained_shift(scaling, shares, 0.05) < untrained_shift(scaling, shares, 0.1)
    assert untrained_shift(scaling, np.array([0.0, 1.0, 0.0]), 0.05) == 0.0
