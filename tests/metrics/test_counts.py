"""Scores of counts against scikit-learn and against counting cell by cell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sklearn_metrics

from emoscope.metrics.counts import (
    Counts,
    f1_score,
    jaccard_score,
    precision_score,
    recall_score,
)

pairs = st.integers(1, 20).flatmap(lambda n: st.tuples(arrays(bool, (n, 3)), arrays(bool, (n, 3))))


def slow_scores(truth, predictions):
    """Precision, recall and F1 of one label, (N,) each, counted text by text."""
    cells = list(zip(truth.tolist(), predictions.tolist(), strict=True))
    right, wrong, missed = (cells.count(cell) for cell in ((1, 1), (0, 1), (1, 0)))
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def slow_jaccard(truth, predictions):
    """Of one text, (K,) each, from sets."""
    true, predicted = (set(np.flatnonzero(row)) for row in (truth, predictions))
    return len(true & predicted) / len(true | predicted) if true | predicted else 1.0


@given(pairs)
def test_equals_counting_text_by_text(pair):
    truth, predictions = pair
    counts = Counts.of(truth, predictions)
    for k in range(3):
        ours = (counts.precision[k], counts.recall[k], counts.f1[k])
        assert ours == pytest.approx(slow_scores(truth[:, k], predictions[:, k]))
    total = counts.total([0, 2])
    ours = (total.precision, total.recall, total.f1)
    assert ours == pytest.approx(
        slow_scores(truth[:, [0, 2]].ravel(), predictions[:, [0, 2]].ravel())
    )
    slow = [slow_jaccard(*rows) for rows in zip(truth, predictions, strict=True)]
    assert jaccard_score(truth, predictions).tolist() == pytest.approx(slow)


@given(pairs)
def test_equals_scikit_learn(pair):
    truth, predictions = pair
    counts = Counts.of(truth, predictions)
    for axis, average in ((0, None), (1, "samples")):
        theirs = sklearn_metrics.precision_recall_fscore_support(
            truth, predictions, average=average, zero_division=0
        )[:3]
        ours = Counts.of(truth, predictions, axis=axis)
        means = [
            score if average is None else score.mean()
            for score in (ours.precision, ours.recall, ours.f1)
        ]
        np.testing.assert_allclose(means, theirs)
    theirs = sklearn_metrics.f1_score(truth, predictions, average="micro", zero_division=0)
    assert float(counts.total().f1) == pytest.approx(theirs)


def test_the_scores_broadcast_and_are_0_of_nothing():
    hits, predicted, actual = np.array([[0, 1], [0, 2]]), np.array([0, 4]), np.array([[1], [2]])
    assert precision_score(hits, predicted).tolist() == [[0, 1 / 4], [0, 2 / 4]]
    assert recall_score(hits, actual).tolist() == [[0, 1], [0, 1]]
    assert f1_score(hits, predicted, actual).tolist() == [[0, 2 / 5], [0, 4 / 6]]
    assert f1_score(np.int64(0), np.int64(0), np.int64(0)) == 0


def test_single_precision_stays():
    counts = np.array([0, 3], dtype=np.float32)
    assert f1_score(counts, 2 * counts, counts).dtype == np.float32
