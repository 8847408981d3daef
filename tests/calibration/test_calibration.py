"""Probabilities, prior shift, temperature and thresholds against Bayes' rule and brute force."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.calibration import (
    Calibration,
    best_threshold,
    decide,
    estimate_prior,
    fit_temperature,
    fit_thresholds,
    group_probability,
    label_prior,
    label_shares,
    log_odds,
    log_softmax,
    share_shift,
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


def test_label_prior_leaves_single_cells_out():
    """Texts of several corpora each know some of the labels."""
    nan = np.nan
    labels = np.array([[1, nan, 0], [0, 1, nan], [1, 0, 0], [nan, 1, 1], [nan, nan, 0]])
    shares = np.array([2 / 3, 2 / 3, 1 / 4])
    assert label_prior(labels) == pytest.approx(shares / shares.sum())
    labels[:, 1] = nan
    with pytest.raises(InputError, match="found none"):
        label_prior(labels)


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
    tempered = shifted.fitted(logits, labels, exclusive=True)
    assert tempered.thresholds == ()
    assert tempered.prior_shift == shifted.prior_shift
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
    full = Calibration(2.0, (1.0,), (0.5,), (0.1,), ((("a", "b"), 0.3),), -1.0, 0.4, 0.2)
    for calibration in (Calibration(1.7, (0.5, -0.25)), Calibration(0.3, (), (0.1, 0.9)), full):
        assert Calibration.from_dict(calibration.to_dict()) == calibration
    assert Calibration.from_dict({"temperature": 2, "prior_shift": []}) == Calibration(2.0)


def test_decisions():
    probabilities = np.array([[0.2, 0.5, 0.3], [0.6, 0.7, 0.1]])
    assert decide(probabilities, exclusive=True).astype(int).tolist() == [[0, 1, 0], [0, 1, 0]]
    assert decide(probabilities, exclusive=False).astype(int).tolist() == [[0, 1, 0], [1, 1, 0]]
    own = np.array([0.1, 0.9, 0.3])
    assert decide(probabilities, False, own).astype(int).tolist() == [[1, 0, 1], [1, 0, 0]]


def several(seed, size=400, unknown=0.2):
    """Logits and labels (N, 3) that do not exclude each other, some cells not known."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-0.5, 2, (size, 3))
    labels = (rng.random((size, 3)) < sigmoid(logits / 1.7 + 0.4)).astype(np.float64)
    labels[rng.random((size, 3)) < unknown] = np.nan
    return logits, labels


def loss_at(temperature, logits, labels):
    """Cross-entropy of the known cells, one after the other."""
    pairs = zip(logits.ravel() / temperature, labels.ravel(), strict=True)
    return sum(np.logaddexp(0, z) - z * y for z, y in pairs if not np.isnan(y))


@pytest.mark.parametrize("shift", [(), (1.5, -1.0, 0.5)])
def test_the_temperature_of_several_labels_is_the_likeliest(shift):
    logits, labels = several(3)
    logits[0, np.isnan(labels[0])] = np.nan
    found = Calibration(prior_shift=shift).fitted(logits, labels, exclusive=False)
    assert found.prior_shift == shift
    moved = logits + (np.array(shift) if shift else 0.0)
    best = loss_at(found.temperature, moved, labels)
    assert all(best <= loss_at(t, moved, labels) + 1e-9 for t in np.geomspace(0.05, 20, 200))
    assert 0.06 < found.temperature < 19


def test_shares_of_annotators_have_a_temperature_too():
    logits, _ = several(5)
    labels = sigmoid(logits / 3)
    assert fit_temperature(logits, labels, exclusive=False) == pytest.approx(3, rel=1e-4)


def test_the_temperature_of_exclusive_labels_leaves_unknown_texts_out():
    rng = np.random.default_rng(2)
    logits, labels = rng.normal(0, 3, (100, 3)), np.eye(3)[rng.integers(0, 3, 100)]
    holed = np.concatenate([labels, np.array([[1, 0, np.nan]])])
    more = np.concatenate([logits, np.array([[9, 9, np.nan]])])
    assert fit_temperature(more, holed) == fit_temperature(logits, labels)


def f1_of(decisions, truth):
    hits = (decisions & truth).sum()
    return 2 * hits / (decisions.sum() + truth.sum())


def midpoints(values):
    """The thresholds that part sorted distinct values, and the one below all of them."""
    distinct = [0.0, *sorted(set(values))]
    return [(low + high) / 2 for low, high in pairwise(distinct)] + [distinct[1] / 2]


# Few distinct values, so that many are equal; some of them extreme.
shares = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]) | st.floats(0, 1, width=16)
cells = st.tuples(shares, st.sampled_from([0.0, 0.4, 0.5, 1.0, float("nan")]))


@given(st.lists(cells, min_size=1, max_size=15))
def test_a_threshold_has_the_best_f1_of_all(pairs):
    probabilities, labels = np.array(pairs).T
    known = ~np.isnan(labels)
    values, truth = probabilities[known], labels[known] >= 0.5
    found = best_threshold(values, truth)
    if not truth.any():
        assert found == 0.5
        return
    candidates = midpoints(values.tolist())
    assert found in candidates
    best = max(f1_of(values >= one, truth) for one in candidates)
    assert f1_of(values >= found, truth) == best


def test_thresholds_are_bagged_and_drawn_half_way_to_the_common_one():
    """The slow obvious version: resample each label, look for its best, take the mean."""
    logits, labels = several(7)
    probabilities = sigmoid(logits)
    rng = np.random.default_rng(3)
    known = ~np.isnan(labels)
    common = best_threshold(probabilities[known], labels[known] == 1)
    expected = []
    for k in range(labels.shape[1]):
        values = [p for p, y in zip(probabilities[:, k], labels[:, k], strict=True) if y == y]
        truth = [y == 1 for y in labels[:, k] if y == y]
        found = []
        for places in rng.integers(0, len(values), size=(4, len(values))):
            drawn = np.array([truth[place] for place in places])
            if drawn.any():
                found.append(best_threshold(np.array([values[at] for at in places]), drawn))
        expected.append((sum(found) / len(found) + common) / 2)
    assert fit_thresholds(probabilities, labels, 4, seed=3) == pytest.approx(expected)
    assert len(set(expected)) == 3, "the test needs labels that differ"


def test_a_label_without_a_case_has_the_common_threshold():
    probabilities = np.array([[0.9, 0.5, 0.3], [0.6, 0.1, 0.4], [0.2, 0.3, 0.7]])
    labels = np.array([[1.0, 0.0, np.nan], [1.0, 0.0, np.nan], [0.0, 0.0, np.nan]])
    thresholds = fit_thresholds(probabilities, labels)
    common = (0.6 + 0.5) / 2
    assert thresholds[1:] == pytest.approx([common, common])
    assert thresholds[0] != common


def test_labels_that_are_not_exclusive_have_thresholds():
    logits, labels = several(7)
    found = Calibration().fitted(logits, labels, exclusive=False)
    assert found.thresholds == pytest.approx(
        fit_thresholds(sigmoid(logits / found.temperature), labels)
    )
    # What is not known has no say, whatever its logit.
    wild = np.where(np.isnan(labels), 1e3, logits)
    assert Calibration().fitted(wild, labels, exclusive=False) == found
    assert np.array_equal(found.cuts(), found.thresholds)
    assert Calibration().cuts() == 0.5


KNOWN = ("joy", "fear", "anger")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (KNOWN, (0.2, 0.9, 0.4)),
        (("anger", "joy", "fear"), (0.4, 0.2, 0.9)),
        (("pride", "fear"), (0.4, 0.9)),
        (("pride", "relief"), (0.4, 0.4)),
    ],
)
def test_other_labels_have_thresholds_too(asked, expected):
    """A known label keeps its own; a new one has the median."""
    calibration = Calibration(1.5, thresholds=(0.2, 0.9, 0.4))
    assert calibration.for_labels(KNOWN, asked) == Calibration(1.5, thresholds=expected)
    assert Calibration(1.5).for_labels(KNOWN, asked) == Calibration(1.5)


def test_other_labels_have_no_shift_of_the_prior():
    shifted = Calibration(1.5, (1.0, 0.0, -1.0))
    assert shifted.for_labels(KNOWN, KNOWN) == shifted
    for asked in (KNOWN[:2], KNOWN[::-1]):
        assert shifted.for_labels(KNOWN, asked) == Calibration(1.5)


def test_where_labels_are_independent_a_shift_stays_with_its_label():
    shifted = Calibration(1.5, (1.0, 0.0, -1.0), shares=(0.1, 0.2, 0.3), untrained_shift=-2.0)
    found = shifted.for_labels(KNOWN, ("anger", "pride", "joy"), independent=True)
    assert found.prior_shift == (-1.0, -2.0, 1.0)
    assert found.shares == (0.3, 0.05, 0.1)
    assert found.temperature == 1.5
    # Where they see each other, what nobody has measured is no reason to keep what was.
    found = shifted.for_labels(KNOWN, ("anger", "pride", "joy"))
    assert found.prior_shift == (0.0, -2.0, 0.0)


def test_what_is_said_of_labels_not_trained_on_is_kept_for_the_next_ones():
    calibration = Calibration(thresholds=(0.2, 0.9, 0.4), untrained_threshold=0.1)
    found = calibration.for_labels(KNOWN, ("pride", "joy"))
    assert found.thresholds == (0.1, 0.2)
    assert found.for_labels(("pride", "joy"), ("relief", "joy")).thresholds == (0.1, 0.2)
    assert Calibration(untrained_threshold=0.1).for_labels(KNOWN, ("joy", "pride")).thresholds == (
        0.5,
        0.1,
    )


def test_a_group_has_a_threshold_by_its_labels_or_the_mean_of_theirs():
    calibration = Calibration(groups=((("anger", "fear"), 0.35),))
    assert calibration.group_threshold(["fear", "anger"], [0.1, 0.2]) == 0.35
    assert calibration.group_threshold(["fear", "joy"], [0.1, 0.2]) == pytest.approx(0.15)
    assert calibration.group_threshold(["fear", "anger", "joy"], [0.1, 0.2, 0.6]) == 0.3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_a_group_is_as_probable_as_one_label_at_least(members):
    """Of independent labels: every outcome of them, its probability, and whether there is one."""
    expected = 0.0
    for outcome in product((False, True), repeat=len(members)):
        chances = [p if one else 1 - p for p, one in zip(members, outcome, strict=True)]
        expected += float(np.prod(chances)) * any(outcome)
    assert group_probability(np.array([members])) == pytest.approx([expected], abs=1e-12)


def test_log_odds_undo_the_logistic_function():
    logits = np.linspace(-20, 20, 41)
    assert log_odds(sigmoid(logits)) == pytest.approx(logits, abs=1e-5)
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


def test_another_share_is_bayes_rule():
    """Of texts drawn with one share the probabilities under another are those of their ratio."""
    rng = np.random.default_rng(0)
    cases = rng.random(200_000) < 0.05
    x = rng.normal(2 * cases, 1.0)
    assumed = sigmoid(2 * x - 2 + np.log(0.3 / 0.7))  # p(y|x) where 30 % are cases
    expected = sigmoid(log_odds(assumed) + share_shift(0.3, 0.05))
    assert expected.mean() == pytest.approx(0.05, abs=0.002)
    high = expected > 0.5
    assert cases[high].mean() == pytest.approx(expected[high].mean(), abs=0.01)
    assert share_shift(0.2, 0.2) == 0


def test_shares_of_labels_leave_unknown_cells_out():
    labels = np.array([[1, np.nan], [0, 1], [1, 1], [np.nan, 0]])
    assert label_shares(labels) == pytest.approx([2 / 3, 2 / 3])
    with pytest.raises(InputError, match="found none"):
        label_shares(np.array([[1, np.nan]]))


@pytest.mark.parametrize("exclusive", [True, False])
def test_without_a_known_text_the_temperature_is_1(exclusive):
    """Of exclusive labels, none whose labels are all known."""
    labels = np.array([[1, np.nan], [np.nan, 0]]) if exclusive else np.full((2, 2), np.nan)
    assert fit_temperature(np.ones((2, 2)), labels, exclusive) == 1
