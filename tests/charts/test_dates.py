"""What is read as a date, and what is rather left unread."""

import math
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.charts.dates import LONGEST, Dated, check_layout, is_missing, read_date
from emoscope.charts.units import Unit, find_bin, find_first_day, name_bin
from emoscope.errors import InputError

MARCH = date(2020, 3, 1)


@pytest.mark.parametrize(
    "value",
    [
        "2020-03-01",
        " 2020-3-1 ",
        "2020/03/01",
        "2020.03.01",
        "20200301",
        20200301,
        "2020-03-01T23:59:59Z",
        "2020-03-01T23:59:59.123456-08:00",
        "2020-03-01 00:10",
        "2020-03-01 00:10:11 UTC",
        "2020-03-01T00:10:11+01:00[Europe/Paris]",
        "20200301T001011Z",
        "2020-W09-7",
        "01.03.2020",
        "1. 3. 2020 14:30",
        "1 March 2020",
        "1 Mar. 2020, 12:30",
        "01-MAR-2020",
        "Sunday, 1 March 2020",
        "March 1, 2020",
        "Mar 1 2020 1:05 PM",
        "Sun Mar 01 20:19:24 +0000 2020",
        "Sun Mar  1 20:19:24 UTC 2020",
        "Sun, 01 Mar 2020 20:19:24 +0000",
        "٢٠٢٠-٠٣-٠١",
        1583020800,
        "1583020800",
        "1583020800.5",
        1583020800.0,
        1583107199999,
        MARCH,
        datetime(2020, 3, 1, 23, 59),
        # The day that is written, not that of another zone.
        datetime(2020, 3, 1, 23, 59, tzinfo=timezone(timedelta(hours=-8))),
        np.datetime64("2020-03-01T12:00:00", "ns"),
        np.int64(1583020800),
    ],
)
def test_days(value):
    assert read_date(value) == Dated(MARCH, Unit.DAY)


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ("2020-03", Unit.MONTH),
        ("2020/3", Unit.MONTH),
        ("2020-W10", Unit.WEEK),
        ("2020W10", Unit.WEEK),
        ("2020", Unit.YEAR),
        (2020, Unit.YEAR),
        (2020.0, Unit.YEAR),
        ("2020.0", Unit.YEAR),
    ],
)
def test_less_than_a_day(value, unit):
    read = read_date(value)
    assert read is not None
    assert read.unit == unit
    assert read.day == find_first_day(find_bin(read.day, unit), unit)
    assert read.day.year == 2020


@pytest.mark.parametrize(
    "value",
    [
        # March or April?
        "03/04/2020",
        # Neither, but then others of the column would be read by their numbers alone.
        "13/04/2020",
        "04-03-2020",
        "01/02/03",
        "1.3.20",
        "2020-13-01",
        "2020-02-30",
        "2020-03/01",
        "2020-W60",
        "32 March 2020",
        "1 Floréal 2020",
        "Marble 3, 2020",
        "2020-03-01 (",
        "yesterday",
        "7",
        "12345",
        99_999_999,
        -1583020800,
        1e15,
        math.inf,
        10**400,
        True,
        b"2020-03-01",
        ["2020-03-01"],
        {"day": 1},
        object(),
        "2020-03-01" + " " * LONGEST + "x",
        "9" * 5000,
    ],
)
def test_what_is_no_date_for_certain_is_not_read(value):
    assert read_date(value) is None
    assert not is_missing(value)


@pytest.mark.parametrize("value", [None, "", "  ", math.nan, np.datetime64("NaT", "s"), np.nan])
def test_no_date(value):
    assert is_missing(value)
    assert read_date(value) is None


@settings(max_examples=100, deadline=None)
@given(st.dates(min_value=date(1, 1, 1)), st.times())
def test_what_python_writes_is_read(day, time):
    moment = datetime.combine(day, time)
    for text in (day.isoformat(), moment.isoformat(), moment.isoformat(" "), moment.ctime()):
        if day.year >= 1000 or "-" in text:
            assert read_date(text) == Dated(day, Unit.DAY), text


@settings(max_examples=100, deadline=None)
@given(st.datetimes(datetime(1973, 3, 4), datetime(2400, 1, 1)))
def test_seconds_and_milliseconds(moment):
    seconds = moment.replace(tzinfo=UTC).timestamp()
    assert read_date(seconds) == read_date(str(int(seconds))) == Dated(moment.date(), Unit.DAY)
    assert read_date(int(seconds * 1000)) == Dated(moment.date(), Unit.DAY)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=100) | st.integers() | st.floats() | st.binary(max_size=9))
def test_nothing_crashes(value):
    is_missing(value)
    read_date(value)
    read_date(value, "%d/%m/%Y")


def test_a_layout_says_which_number_is_the_month():
    assert read_date("03/04/2020", "%d/%m/%Y") == Dated(date(2020, 4, 3), Unit.DAY)
    assert read_date("03/04/2020", "%m/%d/%Y") == Dated(date(2020, 3, 4), Unit.DAY)
    assert read_date("2020-03-01", "%d/%m/%Y") is None
    # What is no text needs none.
    assert read_date(MARCH, "%d/%m/%Y") == Dated(MARCH, Unit.DAY)


@pytest.mark.parametrize("layout", ["", "%d/%m", "%H:%M", "dd/mm/yyyy", "%Q", "%", "%d %d", "("])
def test_a_layout_that_leaves_the_day_open(layout):
    with pytest.raises(InputError, match="Expected a format with day, month and year"):
        check_layout(layout)


@pytest.mark.parametrize("layout", ["%d/%m/%Y", "%m/%d/%y", "%d %b %Y %H:%M", "%Y-%j"])
def test_a_layout_that_names_a_day(layout):
    check_layout(layout)


@settings(max_examples=100, deadline=None)
@given(st.dates(), st.sampled_from(Unit))
def test_a_day_is_in_its_bin(day, unit):
    number = find_bin(day, unit)
    start = find_first_day(number, unit)
    assert start <= day
    assert find_bin(start, unit) == number
    if start > date.min:
        assert find_bin(start - timedelta(1), unit) == number - 1
    assert name_bin(number, unit)


def test_names_of_bins():
    named = {unit: name_bin(find_bin(date(2021, 1, 3), unit), unit) for unit in Unit}
    assert named == {
        Unit.DAY: "2021-01-03",
        Unit.WEEK: "2020-W53",
        Unit.MONTH: "2021-01",
        Unit.QUARTER: "2021-Q1",
        Unit.YEAR: "2021",
        Unit.DECADE: "2020s",
        Unit.CENTURY: "2000–2099",
    }
    assert name_bin(find_bin(date(987, 12, 3), Unit.MONTH), Unit.MONTH) == "0987-12"
    assert name_bin(find_bin(date(987, 12, 3), Unit.QUARTER), Unit.QUARTER) == "0987-Q4"
