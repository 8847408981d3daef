"""Counts over time against counting one by one; bins that stay few and lose nothing."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import emoscope.charts.timeline as module
from emoscope.charts.timeline import MOST_BINS, Timeline
from emoscope.charts.units import Unit, find_bin, name_bin

START = date(2020, 1, 1)


def timeline_of(days, labels=None, chunk=7, layout=None):
    """A timeline of texts of these days, added a few at a time."""
    labels = np.ones((len(days), 1), bool) if labels is None else labels
    timeline = Timeline(labels.shape[1], layout)
    for at in range(0, len(days), chunk):
        timeline.add(days[at : at + chunk], labels[at : at + chunk])
    return timeline


def after(*offsets):
    return [START + timedelta(offset) for offset in offsets]


@st.composite
def texts(draw):
    """Days near each other or far apart, with labels."""
    span = draw(st.sampled_from([5, 200, 3000, 40_000, 700_000]))
    count = draw(st.integers(1, 40))
    seed = draw(st.integers(0, 9999))
    rng = np.random.default_rng(seed)
    days = [START + timedelta(int(x)) for x in rng.integers(0, span, count)]
    return days, rng.random((count, 3)) < 0.4


@settings(max_examples=100, deadline=None)
@given(texts(), st.sampled_from([3, 10, 4096]))
def test_bins_equal_counting_one_by_one(drawn, most_kept):
    days, labels = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_KEPT", most_kept)
        timeline = timeline_of(days, labels)
    bins = timeline.bins()
    expected = Counter(name_bin(find_bin(day, bins.unit), bins.unit) for day in days)
    assert dict(zip(bins.names, bins.texts.tolist(), strict=True)) == {
        name: expected[name] for name in bins.names
    }
    assert set(expected) <= set(bins.names)
    for k in range(3):
        with_label = Counter(
            name_bin(find_bin(day, bins.unit), bins.unit)
            for day, row in zip(days, labels, strict=True)
            if row[k]
        )
        assert [with_label[name] for name in bins.names] == bins.given[:, k].tolist()
    assert len(bins.names) <= MOST_BINS
    assert len(timeline._counts) <= most_kept or timeline._kept == Unit.CENTURY


@settings(max_examples=50, deadline=None)
@given(texts(), st.randoms(use_true_random=False), st.integers(1, 50), st.sampled_from([4, 4096]))
def test_the_order_of_the_texts_changes_nothing(drawn, random, chunk, most_kept):
    days, labels = drawn
    order = list(range(len(days)))
    random.shuffle(order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_KEPT", most_kept)
        one = timeline_of(days, labels).bins()
        other = timeline_of([days[at] for at in order], labels[order], chunk).bins()
    assert (one.unit, one.names) == (other.unit, other.names)
    np.testing.assert_array_equal(one.texts, other.texts)
    np.testing.assert_array_equal(one.given, other.given)


@pytest.mark.parametrize(
    ("span", "unit", "count"),
    [
        (1, Unit.DAY, 1),
        (90, Unit.DAY, 90),
        (91, Unit.WEEK, 13),
        (365, Unit.WEEK, 53),
        (4 * 365, Unit.MONTH, 48),
        (10 * 365, Unit.QUARTER, 40),
        (60 * 365, Unit.YEAR, 60),
        (700 * 365, Unit.DECADE, 70),
        (7000 * 365, Unit.CENTURY, 70),
    ],
)
def test_bins_grow_with_the_span(span, unit, count):
    bins = timeline_of(after(0, span - 1)).bins()
    assert bins.unit == unit
    assert abs(len(bins.names) - count) <= 1
    assert bins.texts.sum() == 2


def test_all_of_time_is_bounded():
    bins = timeline_of([date.min, date.max]).bins()
    assert (bins.unit, len(bins.names)) == (Unit.CENTURY, 100)
    assert (bins.names[0], bins.names[-1]) == ("0–99", "9900–9999")


def test_what_is_kept_is_bounded():
    timeline = Timeline(1)
    for year in range(1, 9999, 11):
        days = [date(year, month, day).isoformat() for month in (1, 5, 9) for day in range(1, 15)]
        timeline.add(days, np.ones((len(days), 1), bool))
    assert len(timeline._counts) <= module.MOST_KEPT
    assert timeline.texts == 42 * len(range(1, 9999, 11))


def test_a_bin_is_no_finer_than_the_dates():
    assert timeline_of(["2020", "2022"]).bins().names == ("2020", "2021", "2022")
    assert timeline_of(["2020-03", "2020-05-09"]).bins().unit == Unit.MONTH
    assert timeline_of(["2020-W10", "2020-03-09"]).bins().names == ("2020-W10", "2020-W11")


def test_a_few_strays_do_not_make_all_bins_coarse():
    days = after(*(n % 30 for n in range(4000)))
    bins = timeline_of(
        [*days, date(1970, 1, 1), date(2999, 1, 1), date(2999, 1, 1)], chunk=500
    ).bins()
    assert (bins.unit, len(bins.names)) == (Unit.DAY, 30)
    assert (bins.earlier, bins.later, bins.texts.sum()) == (1, 2, 4000)


def test_the_start_and_the_end_are_kept_where_that_costs_nothing():
    days = [START, *after(*(10 + n % 30 for n in range(4000))), *after(60)]
    bins = timeline_of(days, chunk=500).bins()
    assert bins.names[0] == "2020-01-01"
    assert bins.names[-1] == "2020-03-01"
    assert bins.texts.sum() == len(days)


def test_one_end_is_cut_and_the_other_kept():
    days = [date(1970, 1, 1), *after(*(n % 30 for n in range(4000))), *after(60)]
    bins = timeline_of(days, chunk=500).bins()
    assert (bins.unit, bins.names[-1], bins.earlier, bins.later) == (Unit.DAY, "2020-03-01", 1, 0)


def test_of_few_texts_none_is_a_stray():
    bins = timeline_of([date(1970, 1, 1), *after(*range(30))]).bins()
    assert bins.texts.sum() == 31
    assert bins.earlier == 0


def test_unread_dates_are_counted_and_told():
    timeline = timeline_of(["2020-01-01", None, "", "03/04/2020", "soon", float("nan")])
    assert (timeline.texts, timeline.missing, timeline.unread) == (1, 3, 2)
    missing, unread = timeline.notes()
    assert missing == "3 texts have no date."
    assert "2 texts have a date that was not read" in unread
    assert "03/04/2020" in unread
    assert timeline_of(["03/04/2020"], layout="%d/%m/%Y").bins().names == ("2020-04-03",)


def test_a_format_that_some_dates_fit_may_be_the_wrong_one():
    half = timeline_of(["03/04/2020", "13/04/2020"], layout="%m/%d/%Y")
    assert half.unread == 1
    assert "read wrongly" in half.notes()[0]
    none = timeline_of(["13/04/2020"], layout="%Y-%m-%d")
    assert "leave it out" in none.notes()[0]


def test_no_date_at_all():
    timeline = timeline_of([None, "soon"])
    assert timeline.bins() is None
    assert timeline_of([]).notes() == []


def test_an_example_of_an_unread_date_is_short():
    timeline = timeline_of(["x" * 100_000, {"a": ["b"] * 1000}])
    assert len(timeline.notes()[0]) < 400
