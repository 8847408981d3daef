"""Calibrating by coded texts: what is fitted, what it is worth, what it leaves alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.calibration import (
    Calibration,
    expected_threshold,
    fit_scaling,
    group_probability,
    log_odds,
    share_shift,
    sigmoid,
)
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.fit_recalibration import DISTRUST, F1, TRUST, Coded, to_label_matrix
from emoscope.inference.recalibration import Recalibrated, Recalibration
from emoscope.taxonomy import Taxonomy
from tests.inference.fakes import lengths
from tests.inference.independent import CALIBRATION, TRAINED, Dependent, independent

LABELS = "joy, anger|annoyance, hope"
TEXTS = [f"text {number}" for number in range(200)]


def truth(annotator, shift, texts=TEXTS, seed=0):
    """Labels drawn from the probabilities that an annotator would give after a shift."""
    probabilities = annotator.probabilities([[text] for text in texts])
    drawn = np.random.default_rng(seed).random(probabilities.shape)
    return (drawn < sigmoid(log_odds(probabilities) + shift)).astype(float)


@pytest.fixture(scope="module")
def plain():
    return independent(LABELS)


@pytest.fixture(scope="module")
def coded(plain):
    return Coded.of(plain, TEXTS, truth(plain, np.array([1.5, -1.0, -3.0])))


def test_coded_texts_are_scored_by_the_model_alone(plain, coded):
    assert coded.log_odds == pytest.approx(log_odds(plain.probabilities([[x] for x in TEXTS])))
    assert coded.keys == (("joy",), ("anger", "annoyance"), ("hope",))
    assert coded.trained.tolist() == [True, True, False]
    assert coded.thresholds.tolist() == list(plain.scoring.thresholds)
    assert coded.independent
    moved = plain.with_calibration(coded.fit()).expecting({"joy": 0.9})
    again = Coded.of(moved, TEXTS, coded.labels)
    assert np.array_equal(again.log_odds, coded.log_odds)
    assert np.array_equal(again.thresholds, coded.thresholds)


def test_the_fit_is_the_likeliest_near_the_model(coded):
    found = coded.fit()
    strength = np.array([TRUST, TRUST, DISTRUST])
    scaling = fit_scaling(coded.log_odds, coded.labels, strength, TRUST)
    assert found.temperature == pytest.approx(scaling.temperature, abs=1e-6)
    assert [x.shift for x in found.labels] == pytest.approx(scaling.shifts.tolist(), abs=1e-6)
    assert [x.share for x in found.labels] == pytest.approx(coded.labels.mean(axis=0), abs=1e-6)
    assert [x.cases for x in found.labels] == coded.labels.sum(axis=0).tolist()
    assert (found.texts, found.together) == (200, None)
    probabilities = sigmoid((coded.log_odds + scaling.shifts) / scaling.temperature)
    best = [expected_threshold(column) for column in probabilities.T]
    joy, hope = found.labels[0], found.labels[2]
    assert hope.threshold == pytest.approx(best[2], abs=1e-6)
    # Between the model's own and that of the rows, in proportion to the cases.
    weight = joy.cases / (joy.cases + 5)
    expected = best[0] ** weight * coded.thresholds[0] ** (1 - weight)
    assert joy.threshold == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (1.5, -1.0, -3.0)])
def test_shares_come_right(plain, shift):
    texts = [f"other {number}" for number in range(2000)]
    annotator = plain.calibrated(texts, truth(plain, np.array(shift), texts, seed=1))
    fresh = [f"fresh {number}" for number in range(2000)]
    found = annotator.probabilities([[text] for text in fresh]).mean(axis=0)
    assert found == pytest.approx(truth(plain, np.array(shift), fresh).mean(axis=0), abs=0.03)


def test_few_texts_move_a_known_label_less_than_an_unknown_one():
    annotator = independent("joy, hope")
    labels = truth(annotator, np.array([-3.0, -3.0]))

    def moved(texts):
        found = Coded.of(annotator, TEXTS[:texts], labels[:texts]).fit()
        return [label.shift / found.temperature for label in found.labels]

    few, many = moved(20), moved(200)
    assert 0 > few[0] > few[1] > -3.5
    assert many[0] < -1.5
    assert few[0] > many[0]


def test_a_label_without_a_case_keeps_what_the_model_says(plain):
    labels = np.zeros((20, 3))
    labels[::3, 0] = 1
    labels[:, 1] = np.nan
    annotator = plain.calibrated(TEXTS[:20], labels)
    assert [label.key for label in annotator.scoring.own.labels] == [("joy",)]
    before, after = (x.probabilities([[text] for text in TEXTS]) for x in (plain, annotator))
    assert np.array_equal(before[:, 1:], after[:, 1:])
    assert (before[:, 0] != after[:, 0]).all()
    assert annotator.scoring.thresholds[1:] == plain.scoring.thresholds[1:]
    assert annotator.scoring.guessed == ("hope",)
    none = Coded.of(plain, TEXTS[:20], np.zeros((20, 3)))
    assert none.fit() == Recalibration(1.0, (), 20)
    assert none.check().labels == 0


def slow_check(coded, folds):
    """Every fold by itself: fitted to the other rows, decided by the numbers of that fit."""
    order = np.random.default_rng(0).permutation(len(coded.labels))
    given = np.zeros(coded.labels.shape, dtype=bool)
    for part in np.array_split(order, folds):
        others = [row for row in range(len(order)) if row not in set(part.tolist())]
        fit = coded.take(np.array(others)).fit()
        for row in part:
            for place, key in enumerate(coded.keys):
                label = fit.by_key[key]
                score = (coded.log_odds[row, place] + label.shift) / fit.temperature
                given[row, place] = sigmoid(score) >= label.threshold
    return given


def test_each_row_is_judged_by_a_calibration_that_has_not_seen_it(coded):
    check = coded.check()
    gold = coded.labels >= 0.5
    assert check.after == F1.of(gold, slow_check(coded, 5))
    assert check.before == F1.of(gold, sigmoid(coded.log_odds) >= coded.thresholds)
    assert check.labels == 3
    assert check.after.macro > check.before.macro
    assert check == coded.check()


def test_f1_is_that_of_the_counts():
    gold = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], dtype=bool)
    given = np.array([[1, 1], [0, 0], [0, 1], [1, 0]], dtype=bool)
    assert F1.of(gold, given) == F1(pytest.approx((1 / 2 + 2 / 3) / 2), pytest.approx(2 * 2 / 7))


def test_a_calibrated_label_has_one_score_whatever_else_is_asked(plain, coded):
    annotator = plain.with_calibration(coded.fit())
    column = annotator.probabilities([[text] for text in TEXTS])[:, 0]
    for labels in (["joy"], "hope, joy", {"Freude": "joy", "Angst": "fear"}, "goemotions"):
        other = annotator.with_labels(labels)
        place = next(k for k, key in enumerate(other.scoring.keys) if key == ("joy",))
        assert np.array_equal(other.probabilities([[text] for text in TEXTS])[:, place], column)
        assert other.scoring.thresholds[place] == annotator.scoring.thresholds[0]
    # A group is its own question: that of one of its parts says nothing of it.
    group = annotator.with_labels("joy|love")
    expected = independent("joy|love")
    assert np.array_equal(
        group.probabilities([[text] for text in TEXTS]),
        expected.probabilities([[text] for text in TEXTS]),
    )
    assert group.scoring.thresholds == expected.scoring.thresholds


def test_where_labels_see_each_other_a_calibration_stays_with_its_set():
    annotator = independent(LABELS, backend=Dependent)
    calibrated = annotator.calibrated(TEXTS, truth(annotator, np.array([1.0, 1.0, -2.0])))
    own = calibrated.scoring.own
    assert own.together == (("joy",), ("anger", "annoyance"), ("hope",))
    assert calibrated.with_labels("joy, hope").scoring.own is None
    with pytest.raises(InputError, match="depends on which others are asked for"):
        annotator.with_labels("joy, hope").with_calibration(own)
    again = annotator.with_labels(LABELS).with_calibration(own)
    texts = [[text] for text in TEXTS]
    assert np.array_equal(again.probabilities(texts), calibrated.probabilities(texts))
    assert np.array_equal(
        again.with_calibration(None).probabilities(texts), annotator.probabilities(texts)
    )


def test_a_calibration_comes_back_from_a_file(plain, coded, tmp_path):
    coded.fit().save(tmp_path / "mine.json")
    texts = [[text] for text in TEXTS]
    found = plain.with_calibration(tmp_path / "mine.json").probabilities(texts)
    assert np.array_equal(found, plain.with_calibration(coded.fit()).probabilities(texts))


@given(st.lists(st.none() | st.lists(st.sampled_from(["joy", "hope"]), unique=True), max_size=5))
def test_names_become_numbers(rows):
    found = to_label_matrix(rows, ("joy", "fear", "hope"), len(rows))
    for row, numbers in zip(rows, found, strict=True):
        if row is None:
            assert np.isnan(numbers).all()
        else:
            assert numbers.tolist() == [float("joy" in row), 0.0, float("hope" in row)]


def test_labels_may_be_single_names_or_numbers():
    assert to_label_matrix(["joy", {"fear"}], ("joy", "fear"), 2).tolist() == [[1, 0], [0, 1]]
    assert to_label_matrix(np.eye(2, dtype=bool), ("joy", "fear"), 2).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("joy", "the labels of 2 texts, one list each, got 'joy'"),
        (None, "got None"),
        ([["joy"]], "one list each, got 1"),
        ([["joy"], 3], "labels of text 2 a list of names, got 3"),
        ([["joy"], ["fera"]], "Text 2 has the label 'fera', which is not asked for; did you mean"),
        (np.zeros((2, 3)), r"2 texts and 2 labels, got an array of shape \(2, 3\)"),
        (np.array([["a", "b"], ["c", "d"]]), "of shape .* and type <U1"),
        (np.full((2, 2), 2.0), "from 0 to 1"),
        (pd.DataFrame({"fear": [0, 1], "joy": [1, 0]}), r"frame\[.*names\)\]\.to_numpy"),
    ],
)
def test_what_are_no_labels_of_texts_is_refused(labels, message):
    with pytest.raises(InputError, match=message):
        to_label_matrix(labels, ("joy", "fear"), 2)


def test_too_few_coded_texts_are_refused(plain):
    with pytest.raises(InputError, match=r"at least 10 coded texts .* got 9"):
        plain.calibrated(TEXTS[:12], [["joy"]] * 9 + [None] * 3)


def test_labels_that_exclude_each_other_are_not_calibrated():
    for call in (
        lambda: lengths().calibrated(["a"] * 10, ["sad"] * 10),
        lambda: lengths().with_calibration(Recalibration(1.0, (), 0)),
        lambda: lengths().expecting({"sad": 0.1}),
    ):
        with pytest.raises(InputError, match="a text has exactly one of others, happy, sad, angry"):
            call()


# Expected shares.


def test_an_expected_share_moves_the_log_odds_of_its_label(plain):
    texts = [[text] for text in TEXTS]
    before = plain.probabilities(texts)
    after = plain.expecting({"hope": 0.2, "joy": 0.02}).probabilities(texts)
    shares = dict(zip(TRAINED.names, CALIBRATION.shares, strict=True))
    moved = log_odds(after) - log_odds(before)
    assert moved[:, 0] == pytest.approx(share_shift(shares["joy"], 0.02))
    assert np.array_equal(after[:, 1], before[:, 1])
    assert moved[:, 2] == pytest.approx(share_shift(0.05, 0.2))
    assert plain.scoring.expected == ()


def test_what_share_is_assumed(plain, coded):
    shares = dict(zip(TRAINED.names, CALIBRATION.shares, strict=True))
    assert plain.scoring.assumed_share(0) == shares["joy"]
    members = np.array([shares["anger"], shares["annoyance"]])
    assert plain.scoring.assumed_share(1) == pytest.approx(group_probability(members))
    assert plain.scoring.assumed_share(2) == 0.05
    # That of the coded texts is known better.
    own = plain.with_calibration(coded.fit()).scoring
    found = [own.assumed_share(place) for place in range(3)]
    assert found == pytest.approx(coded.labels.mean(axis=0), abs=1e-6)


def test_an_expected_share_belongs_to_the_labels_asked_for(plain):
    assert plain.expecting({"joy": 0.5}).with_labels("joy").scoring.expected == ()


def test_a_model_that_does_not_say_its_shares_expects_those_of_unknown_labels_alone():
    annotator = independent(LABELS, Calibration())
    assert annotator.expecting({"hope": 0.2}).scoring.expected == (("hope", 0.2),)
    with pytest.raises(InputError, match=r"does not say how many .* have 'joy'"):
        annotator.expecting({"joy": 0.2})
    own = Recalibration(1.0, (Recalibrated(("joy",), 0.0, 0.5, 0.4, 40),), 100)
    found = annotator.with_calibration(own).expecting({"joy": 0.1})
    texts = [[text] for text in TEXTS]
    moved = log_odds(found.probabilities(texts)) - log_odds(annotator.probabilities(texts))
    assert moved[:, 0] == pytest.approx(share_shift(0.4, 0.1))


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"hop": 0.1}, "No label 'hop' .* did you mean hope"),
        ({"hope": 0}, "between 0 and 1 for 'hope', such as 0.05 for 5 %"),
        ({"hope": 5}, "got 5"),
        ({"hope": "0.1"}, "got '0.1'"),
        ({"hope": True}, "got True"),
        ({"hope": float("nan")}, "got nan"),
    ],
)
def test_what_is_no_share_is_refused(plain, shares, message):
    with pytest.raises(InputError, match=message):
        plain.expecting(shares)


def test_built_in_groups_that_the_model_could_make_are_named(plain):
    asked = independent("positive, ambiguous, hope, joy")
    assert asked.scoring.groups == (("positive", "sentiment"), ("ambiguous", "sentiment"))
    assert independent("sentiment").scoring.groups == ()
    assert independent("positive, joy", backend=Dependent).scoring.groups == ()
    few = Taxonomy.of(["joy", "fear"])
    assert (
        Annotator(type(plain.backend)(few), few, Calibration())
        .with_labels("positive,")
        .scoring.groups
        == ()
    )
