"""The rule that chooses one of several exclusive labels for the best micro-F1."""

from itertools import product

import numpy as np
import pytest

from emoscope.calibration import Calibration, decide, fit_decision
from emoscope.calibration.decision import micro_f1, search_offsets

COUNTED = np.array([False, True, True, True])


def texts(seed: int, count: int = 60):
    """Noisy probabilities of four labels, half of the texts of the first."""
    rng = np.random.default_rng(seed)
    gold = rng.choice(4, count, p=[0.55, 0.15, 0.15, 0.15])
    scores = rng.normal(size=(count, 4)) + 1.5 * np.eye(4)[gold]
    scores[:, 1] += 0.9
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True), gold


@pytest.mark.parametrize("seed", range(8))
def test_no_grid_is_better_than_the_search(seed):
    scores, gold = texts(seed)
    found = search_offsets(scores, gold, COUNTED)
    reached = micro_f1((scores + found).argmax(axis=1), gold, COUNTED)
    grid = np.arange(-2, 2.01, 0.8)
    best = max(
        micro_f1((scores + np.array([0, *offsets])).argmax(axis=1), gold, COUNTED)
        for offsets in product(grid, repeat=3)
    )
    assert reached >= best - 0.02
    assert reached >= micro_f1(scores.argmax(axis=1), gold, COUNTED)
    assert found[0] == 0


def test_the_move_of_one_label_is_exact():
    scores, gold = texts(3)
    two = np.array([False, True])
    scores, gold = scores[:, :2], np.minimum(gold, 1)
    found = search_offsets(scores, gold, two)
    reached = micro_f1((scores + found).argmax(axis=1), gold, two)
    grid = np.arange(-2.5, 2.5, 0.001)
    values = [micro_f1((scores + np.array([0, move])).argmax(axis=1), gold, two) for move in grid]
    assert reached == pytest.approx(max(values))


@pytest.mark.parametrize("bias", [-4.0, 4.0])
def test_a_best_place_that_is_too_far_hides_none_that_is_not(bias):
    scores, gold = texts(3)
    two = np.array([False, True])
    scores, gold = scores[:, :2] + np.array([0, bias]), np.minimum(gold, 1)
    found = search_offsets(scores, gold, two)
    reached = micro_f1((scores + found).argmax(axis=1), gold, two)
    grid = np.arange(-2.5, 2.5, 0.01)
    values = [micro_f1((scores + np.array([0, move])).argmax(axis=1), gold, two) for move in grid]
    assert reached >= max(values)
    assert abs(found[1]) <= 2.5


def test_thresholds_help_on_texts_that_they_were_not_fitted_on():
    scores, gold = texts(0, 4000)
    scores[:, 1:] += 0.7  # Labels that count are given too often.
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    fitted = fit_decision(probabilities[:2000], np.eye(4)[gold[:2000]], COUNTED)
    assert fitted.max() == pytest.approx(0.5)
    plain, by_rule = (
        micro_f1(decide(probabilities[2000:], True, cuts).argmax(axis=1), gold[2000:], COUNTED)
        for cuts in (0.5, fitted)
    )
    assert by_rule > plain + 0.01


def test_equal_thresholds_change_nothing():
    scores, _ = texts(1)
    probabilities = np.exp(scores)
    assert (decide(probabilities, True) == decide(probabilities, True, np.full(4, 0.3))).all()


def test_a_rule_is_kept_with_the_calibration():
    calibration = Calibration(thresholds=(0.5, 0.2, 0.4, 0.3))
    again = Calibration.from_dict(calibration.to_dict())
    assert decide(np.array([[0.6, 0.3, 0.05, 0.05]]), True, again.cuts()).tolist() == [
        [False, True, False, False]
    ]


def test_texts_without_a_known_label_have_no_say():
    scores, gold = texts(2)
    probabilities, labels = np.exp(scores), np.eye(4)[gold]
    holed = labels.copy()
    holed[::3, 1] = np.nan
    kept = ~np.isnan(holed).any(axis=1)
    expected = fit_decision(probabilities[kept], labels[kept], COUNTED)
    assert fit_decision(probabilities, holed, COUNTED) == pytest.approx(expected)
