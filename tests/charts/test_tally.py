"""Aggregates against counting one by one, in plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.charts import Tally
from emoscope.charts.tally import MAX_LABELS
from emoscope.errors import InputError
from emoscope.plutchik import WHEEL
from emoscope.taxonomy import Taxonomy

LABELS = Taxonomy.load("joy, happiness, anger, neutral")


@st.composite
def annotations(draw, fewest=0):
    """Probabilities and labels of some texts."""
    rows = draw(st.integers(fewest, 25))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return rng.random((rows, 4)).astype(dtype), rng.random((rows, 4)) < draw(st.floats(0, 1))


def tally_of(probabilities, labels, dates=None, chunk=4, taxonomy=LABELS):
    tally = Tally(taxonomy)
    for at in range(0, len(labels), chunk):
        some = slice(at, at + chunk)
        tally.add(probabilities[some], labels[some], None if dates is None else dates[some])
    return tally


@settings(max_examples=100, deadline=None)
@given(annotations())
def test_counts_equal_counting_one_by_one(drawn):
    probabilities, labels = drawn
    tally = tally_of(probabilities, labels)
    texts = [[bool(one) for one in row] for row in labels]
    n = len(texts)
    assert tally.texts == n
    for i in range(4):
        given_i = sum(row[i] for row in texts)
        assert tally.given[i] == given_i
        assert tally.shares[i] == (given_i / n if n else 0)
        mean = sum(float(row[i]) for row in probabilities) / n if n else 0
        assert tally.mean_probabilities[i] == pytest.approx(mean, abs=1e-6)
        for j in range(4):
            both = sum(row[i] and row[j] for row in texts)
            given_j = sum(row[j] for row in texts)
            assert tally.together[i, j] == both
            if not given_i or not given_j:
                assert math.isnan(tally.lift()[i, j])
                continue
            assert tally.expected()[i, j] == pytest.approx(given_i * given_j / n)
            assert tally.lift()[i, j] == pytest.approx((both / n) / (given_i / n * (given_j / n)))
    assert tally.sizes.tolist() == [sum(sum(row) == k for row in texts) for k in range(5)]
    on_wheel = dict(zip(WHEEL, tally.on_wheel.tolist(), strict=True))
    assert on_wheel.pop("joy") == sum(row[0] or row[1] for row in texts)
    assert on_wheel.pop("anger") == sum(row[2] for row in texts)
    assert not any(on_wheel.values())


@settings(max_examples=100, deadline=None)
@given(annotations(2))
def test_phi_is_the_correlation_of_yes_and_no(drawn):
    _, labels = drawn
    phi = tally_of(*drawn).phi()
    for i in range(4):
        for j in range(4):
            if (
                labels[:, i].all()
                or labels[:, j].all()
                or not (labels[:, [i, j]].any(axis=0).all())
            ):
                assert math.isnan(phi[i, j])
            else:
                expected = np.corrcoef(labels[:, i], labels[:, j])[0, 1]
                assert phi[i, j] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(annotations(), st.randoms(use_true_random=False), st.integers(1, 30))
def test_neither_order_nor_chunks_change_anything(drawn, random, chunk):
    probabilities, labels = drawn
    dates = [random.choice(["2020-01-01", "2021-05-05", None, "?"]) for _ in labels]
    order = list(range(len(labels)))
    random.shuffle(order)
    one = tally_of(probabilities, labels, dates)
    other = tally_of(probabilities[order], labels[order], [dates[at] for at in order], chunk)
    for name in ("texts", "given", "together", "sizes", "on_wheel", "mean_probabilities"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    if one.timeline is not None:
        assert one.timeline.notes()[:1] == other.timeline.notes()[:1]
        assert str(one.timeline.bins()) == str(other.timeline.bins())


def test_texts_added_without_dates_have_none():
    tally = Tally(LABELS)
    probabilities, labels = np.zeros((3, 4)), np.zeros((3, 4), bool)
    tally.add(probabilities, labels)
    assert tally.timeline is None
    tally.add(probabilities, labels, ["2020", None, "2021"])
    tally.add(probabilities, labels)
    assert tally.timeline.texts == 2
    assert tally.timeline.missing == 7


@pytest.mark.parametrize(
    ("probabilities", "given_", "dates"),
    [
        ((2, 4), (3, 4), None),
        ((2, 3), (2, 3), None),
        ((2, 4), (2, 4), ["2020"]),
        ((4,), (4,), None),
    ],
)
def test_what_does_not_fit_is_refused(probabilities, given_, dates):
    tally = Tally(LABELS)
    with pytest.raises(ValueError, match="Expected"):
        tally.add(np.zeros(probabilities), np.zeros(given_, bool), dates)
    assert tally.texts == 0


def test_the_means_are_those_of_the_rounded_scores_of_the_output():
    probabilities = np.random.default_rng(0).random((1000, 4))
    tally = tally_of(probabilities, probabilities > 0.5, chunk=1000)
    read_back = tally_of(probabilities.round(6), probabilities > 0.5, chunk=7)
    np.testing.assert_array_equal(tally.mean_probabilities, read_back.mean_probabilities)


def test_a_picture_has_a_bounded_number_of_labels():
    """Counts of pairs of 10,000 labels would take gigabytes."""
    names = [str(n) for n in range(MAX_LABELS + 1)]
    Tally(Taxonomy.of(names[1:]))
    with pytest.raises(InputError, match="fewer labels"):
        Tally(Taxonomy.of(names))
