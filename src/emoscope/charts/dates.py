"""Read the day of a value in a date column, without guessing which number is the month."""

import re
import warnings
from datetime import UTC, date, datetime
from numbers import Real
from typing import Final, NamedTuple

import numpy as np

from emoscope.charts.units import Unit
from emoscope.errors import InputError

LONGEST: Final = 80
"""Characters of a date; a longer value is not read as one."""


class Dated(NamedTuple):
    """A date, and how exact it is.

    Attributes:
        day: the day, or the first day of a week, month or year.
        unit: the unit to which the date is exact.
    """

    day: date
    unit: Unit


_TIME = r"(?:(?:T|,?\s+)\d{1,2}:\d\d[\w:.,+\-\s()\[\]/]*)?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_MONTH = r"(?P<name>[a-z]{3,9})\.?"
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_DAYS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<year>\d{{4}})([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}}){_TIME}",
        # With dots between the numbers, the day comes first everywhere.
        rf"(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?(?P<year>\d{{4}}){_TIME}",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T\d{4,6}[\w:.,+\-]*",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})[\s\-]+{_MONTH}[\s\-]+(?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}}){_TIME}",
        # As C and Twitter write them: Wed Oct 10 20:19:24 +0000 2018
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})\s+\d\d:\d\d:\d\d"
        r"(?:\s+(?:[+\-]\d{4}|[a-z]+))?\s+(?P<year>\d{4})",
    )
)
_WEEK: Final = re.compile(r"(\d{4})-?W(\d\d)(?:-?([1-7]))?")
_MONTH_OF_YEAR: Final = re.compile(r"(\d{4})[-/](\d{1,2})")
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH_NAMES: Final = {
    name: number
    for number, month in enumerate(_MONTHS, 1)
    for name in (month, month[:3], *(("sept",) if month == "september" else ()))
}


def is_missing(value: object) -> bool:
    """Whether a value means that there is no date."""
    if isinstance(value, str):
        return not value.strip()
    # NaN, and NaT of numpy and pandas, are not equal to themselves.
    return value is None or (isinstance(value, Real | date | np.datetime64) and value != value)


def read_date(value: object, layout: str | None = None) -> Dated | None:
    """Read the day that a value names, or None if it is not a date for certain.

    These are read: dates and times of Python, numpy and Arrow; ISO 8601, also exact to the week,
    month or year; dates with the year first, with dots and the day first, and with an English name
    of the month; numbers, as years from 1000 to 2999, as YYYYMMDD, as seconds since 1970 from 1e8
    (1973), as milliseconds from 1e11. Dates such as 03/04/2020 are not read: that may be March or
    April.

    The day is the one written, whatever the time zone; for seconds since 1970 it is the day in UTC.

    Args:
        value: a value of the column.
        layout: the format of text values, for `datetime.strptime`; no other format is then read.
    """
    if is_missing(value):
        return None
    try:
        if isinstance(value, str):
            text = value.strip()
            if len(text) > LONGEST:
                return None
            if layout is not None:
                return Dated(datetime.strptime(text, layout).date(), Unit.DAY)
            return _read_text(text)
        if isinstance(value, datetime):
            return Dated(value.date(), Unit.DAY)
        if isinstance(value, date):
            return Dated(value, Unit.DAY)
        if isinstance(value, np.datetime64):
            return Dated(value.astype("datetime64[D]").item(), Unit.DAY)
        if isinstance(value, Real) and not isinstance(value, bool):
            return _read_number(float(value))
    except (ValueError, OverflowError):
        return None
    return None


def check_layout(layout: str) -> None:
    """Check that dates can be read with a layout.

    Raises:
        InputError: if it is no format of `datetime.strptime`, or lacks the day, month or year.
    """
    known = datetime(2023, 11, 29, tzinfo=UTC)
    try:
        with warnings.catch_warnings():
            # Python 3.13 warns of a layout without a year, which is refused below.
            warnings.simplefilter("ignore", DeprecationWarning)
            read = read_date(known.strftime(layout), layout)
    except (ValueError, re.error):
        read = None
    if read is None or read.day != known.date():
        raise InputError(
            f"Expected a format with day, month and year, such as %d/%m/%Y or %m/%d/%y; "
            f"got {layout!r}."
        )


def _read_text(text: str) -> Dated | None:
    if _NUMBER.fullmatch(text):
        return _read_number(float(text))
    for pattern in _DAYS:
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            month = parts.get("month") or _MONTH_NAMES.get(parts["name"].lower(), 0)
            return Dated(date(int(parts["year"]), int(month), int(parts["day"])), Unit.DAY)
    if found := _WEEK.fullmatch(text):
        year, week, day = found.groups()
        monday_or_day = date.fromisocalendar(int(year), int(week), int(day or 1))
        return Dated(monday_or_day, Unit.DAY if day else Unit.WEEK)
    if found := _MONTH_OF_YEAR.fullmatch(text):
        return Dated(date(int(found[1]), int(found[2]), 1), Unit.MONTH)
    return None


def _read_number(number: float) -> Dated | None:
    if 1000 <= number < 3000 and number.is_integer():
        return Dated(date(int(number), 1, 1), Unit.YEAR)
    if 1000_01_01 <= number <= 9999_12_31 and number.is_integer():
        years, rest = divmod(int(number), 10000)
        return Dated(date(years, *divmod(rest, 100)), Unit.DAY)
    if 1e8 <= number < 1e14:
        seconds = number if number < 1e11 else number / 1000
        return Dated(datetime.fromtimestamp(seconds, UTC).date(), Unit.DAY)
    return None
