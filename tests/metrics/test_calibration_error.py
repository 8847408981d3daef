"""The expected calibration error against a count of claims one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.metrics.calibration_error import BINS, ReliabilityBins, label_errors

claims = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0]) | st.floats(0, 1)), max_size=60
)


def one_by_one(pairs):
    bins = [[] for _ in range(BINS)]
    for probability, truth in pairs:
        bins[min(int(probability * BINS), BINS - 1)].append(probability - truth)
    return sum(abs(sum(one)) for one in bins) / max(len(pairs), 1)


@settings(deadline=None)
@given(claims)
def test_is_the_mean_gap_of_the_claims_bin(pairs):
    confidence, truth = np.array(pairs).reshape(-1, 2).T
    bins = ReliabilityBins.of(confidence, truth)
    assert bins.error == pytest.approx(one_by_one(pairs), abs=1e-12)
    assert bins.counts.sum() == len(pairs)
    assert np.array_equal(np.isnan(bins.observed), bins.counts == 0)


def test_of_a_worked_example():
    """Four claims of 0.75, three of them so; one of 0.2 that is not: (4 · 0 + 1 · 0.2) / 5."""
    confidence = np.array([0.75, 0.75, 0.75, 0.75, 0.2])
    bins = ReliabilityBins.of(confidence, np.array([1.0, 1.0, 1.0, 0.0, 0.0]))
    assert bins.error == pytest.approx(0.04)
    assert bins.observed[7] == 0.75
    assert bins.counts[[2, 7]].tolist() == [1, 4]


def test_one_and_zero_are_in_the_outer_bins():
    bins = ReliabilityBins.of(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert bins.error == 0
    assert bins.counts[[0, -1]].tolist() == [1, 1]


def test_labels_that_make_up_for_each_other_are_seen_apart():
    probabilities = np.full((4, 2), 0.5)
    labels = np.array([[1.0, 0.0]] * 4)
    assert ReliabilityBins.of(probabilities.ravel(), labels.ravel()).error == 0
    assert label_errors(probabilities, labels).tolist() == [0.5, 0.5]


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 4))
def test_labels_apart_are_never_better_than_together(seed, texts, labels):
    rng = np.random.default_rng(seed)
    probabilities, gold = rng.random((texts, labels)), rng.integers(0, 2, (texts, labels)) * 1.0
    together = ReliabilityBins.of(probabilities.ravel(), gold.ravel()).error
    assert label_errors(probabilities, gold).mean() >= together - 1e-12


def test_what_is_not_annotated_is_left_out():
    probabilities = np.array([[0.9, 0.3], [0.9, 0.3], [0.1, 0.3]])
    labels = np.array([[1.0, np.nan], [np.nan, np.nan], [0.0, np.nan]])
    assert label_errors(probabilities, labels) == pytest.approx([0.1, 0.0])
