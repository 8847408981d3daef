"""Figures of merit against published counts, scikit-learn and hand-worked cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    jaccard_score,
    precision_recall_fscore_support,
)

from emoscope.calibration import decide
from emoscope.metrics.classification import LabelScores, confusion, report
from emoscope.metrics.counts import Counts, harmonic_mean
from emoscope.taxonomy import Label, Taxonomy

EMOCONTEXT = Taxonomy.load("emocontext")
MOODS = Taxonomy("moods", tuple(Label(name, (name,)) for name in ("joy", "fear", "anger")))


def test_the_reports_own_table():
    """Counts of the report's retrained Keras model on dev, and the figures it prints for them."""
    true_positives = np.array([2060, 107, 100, 134])
    counts = Counts(
        true_positives,
        predicted=true_positives + np.array([60, 102, 67, 125]),
        actual=true_positives + np.array([278, 35, 25, 16]),
    )
    printed = {1: (0.512, 0.754, 0.610), 2: (0.599, 0.800, 0.685), 3: (0.517, 0.893, 0.655)}
    for label, (precision, recall, f1) in printed.items():
        score = LabelScores.of(counts.total([label]))
        assert score.precision == pytest.approx(precision, abs=5e-4)
        assert score.recall == pytest.approx(recall, abs=5e-4)
        assert score.f1 == pytest.approx(f1, abs=5e-4)
    micro = LabelScores.of(counts.total([1, 2, 3]))
    assert (micro.precision, micro.recall, micro.f1) == pytest.approx(
        (0.53700787, 0.8177458, 0.6482889), abs=1e-7
    )


def test_a_label_never_decided_has_precision_0_and_not_nan():
    labels = np.eye(4)[[0, 1, 2, 3]]
    decisions = decide(np.tile([0.9, 0.1, 0.0, 0.0], (4, 1)), exclusive=True)
    figures = report(labels, decisions, EMOCONTEXT)
    assert figures.labels["happy"].precision == 0.0
    assert figures.micro.f1 == 0.0
    assert figures.macro.f1 == 0.0
    assert figures.accuracy == 0.25


def test_ignored_labels_count_as_errors_but_not_as_hits():
    """An `others` text taken for `sad` is a false positive; one that is right adds nothing."""
    labels = np.eye(4)[[0, 0, 0, 1]]
    decisions = np.eye(4, dtype=bool)[[0, 0, 2, 1]]
    figures = report(labels, decisions, EMOCONTEXT)
    assert (figures.micro.precision, figures.micro.recall) == (0.5, 1.0)
    assert figures.micro.support == 1
    assert set(figures.labels) == {"others", "happy", "sad", "angry"}


def test_jaccard_of_two_empty_sets_is_one():
    labels = np.array([[0, 0, 0], [1, 1, 0], [0, 0, 1]])
    decisions = np.array([[0, 0, 0], [1, 0, 1], [0, 0, 0]], dtype=bool)
    assert report(labels, decisions, MOODS).jaccard == pytest.approx((1 + 1 / 3 + 0) / 3)


def test_nothing_to_evaluate():
    figures = report(np.zeros((0, 3)), np.zeros((0, 3), dtype=bool), MOODS)
    assert figures.micro.f1 == 0.0
    assert figures.texts == 0


multilabel = st.integers(1, 30).flatmap(
    lambda n: st.tuples(arrays(bool, (n, 3)), arrays(bool, (n, 3)))
)


@given(multilabel)
def test_equals_scikit_learn(pair):
    truth, decisions = pair
    figures = report(truth.astype(float), decisions, MOODS)
    cases = np.flatnonzero(truth.any(axis=0))
    assert figures.without_cases == tuple(np.delete(MOODS.names, cases))
    for average, ours in (("micro", figures.micro), ("macro", figures.macro)):
        if average == "macro" and not len(cases):
            assert (ours.precision, ours.recall, ours.f1) == (0, 0, 0)
            continue
        labels = cases if average == "macro" else None
        theirs = precision_recall_fscore_support(
            truth, decisions, labels=labels, average=average, zero_division=0
        )[:3]
        assert (ours.precision, ours.recall, ours.f1) == pytest.approx(theirs)
    assert figures.accuracy == pytest.approx(accuracy_score(truth, decisions))
    assert figures.jaccard == pytest.approx(
        jaccard_score(truth, decisions, average="samples", zero_division=1)
    )


classes = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        arrays(int, n, elements=st.integers(0, 3)), arrays(int, n, elements=st.integers(0, 3))
    )
)


@given(classes)
def test_exclusive_labels_equal_scikit_learn(pair):
    truth, decided = pair
    labels, decisions = np.eye(4)[truth], np.eye(4, dtype=bool)[decided]
    ours = report(labels, decisions, EMOCONTEXT).micro
    theirs = precision_recall_fscore_support(
        truth, decided, labels=[1, 2, 3], average="micro", zero_division=0
    )[:3]
    assert (ours.precision, ours.recall, ours.f1) == pytest.approx(theirs)
    expected = confusion_matrix(truth, decided, labels=range(4))
    assert (confusion(labels, decisions) == expected).all()


def test_errors_are_counted_and_macro_f1_is_both_of_means_and_of_f1():
    labels = np.eye(4)[[1, 1, 2, 0, 3, 0]]
    decisions = np.eye(4, dtype=bool)[[1, 0, 2, 2, 3, 0]]
    written = report(labels, decisions, EMOCONTEXT).to_dict()
    names = ("true_positives", "false_positives", "false_negatives")
    counts = {label: tuple(each[n] for n in names) for label, each in written["counts"].items()}
    assert counts == {"others": (1, 1, 1), "happy": (1, 0, 1), "sad": (1, 1, 0), "angry": (1, 0, 0)}
    assert written["ignored"] == ["others"]
    # F1 of happy and sad is 2/3; macro precision and recall are both 5/6.
    assert written["macro"]["f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert written["harmonic_macro_f1"] == pytest.approx(5 / 6)
    # As the report prints it of its retrained Keras model.
    assert float(harmonic_mean(np.float64(0.5427), np.float64(0.8156))) == pytest.approx(
        0.6518, abs=1e-4
    )
