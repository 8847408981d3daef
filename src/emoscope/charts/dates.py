"""Read the day of a value in a date column, and never guess which number is the month."""

import re
from datetime import UTC, date, datetime
from numbers import Real
from typing import Final, NamedTuple

import numpy as np

from emoscope.charts.units import Unit
from emoscope.errors import InputError

LONGEST: Final = 80
"""Characters of a date; a longer value is none."""


class Dated(NamedTuple):
    """When something was.

    Attributes:
        day: the day, or the first one of a week, month or year.
        unit: how exactly the value says it.
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
        # Where dots part the numbers, the day is first all over the world.
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
    """Whether a value says that there is no date."""
    if isinstance(value, str):
        return not value.strip()
    # Not a number, and "not a time" of numpy and pandas, differ from themselves.
    return value is None or (isinstance(value, Real | date | np.datetime64) and value != value)


def read_date(value: object, layout: str | None = None) -> Dated | None:
    """The day that a value names, or None if it names none for certain.

    Read are dates and times of Python, numpy and Arrow; ISO 8601, also to the week, month or year;
    dates with the year first, with dots and the day first, and with an English name of the month;
    numbers, as years from 1000 to 2999, as YYYYMMDD, as seconds since 1970 from 1e8 (1973), as
    milliseconds from 1e11. Dates such as 03/04/2020 are not: that may be March or April.

    The day is the one written, whatever the time zone; that of seconds since 1970 is of UTC.

    Args:
        value: of the column.
        layout: how texts are written, for `datetime.strptime`; they are then read by it alone.
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
            return _of_text(text)
        if isinstance(value, datetime):
            return Dated(value.date(), Unit.DAY)
        if isinstance(value, date):
            return Dated(value, Unit.DAY)
        if isinstance(value, np.datetime64):
            return Dated(value.astype("datetime64[D]").item(), Unit.DAY)
        if isinstance(value, Real) and not isinstance(value, bool):
            return _of_number(float(value))
    except (ValueError, OverflowError):
        return None
    return None


def check_layout(layout: str) -> None:
    """Check that dates can be read by a layout.

    Raises:
        InputError: if it is no layout of `datetime.strptime`, or leaves out the day, month or year.
    """
    known = datetime(2023, 11, 29, tzinfo=UTC)
    try:
        read = read_date(known.strftime(layout), layout)
    except (ValueError, re.error):
        read = None
    if read is None or read.day != known.date():
        raise InputError(
            f"Expected a format with day, month and year, such as %d/%m/%Y or %m/%d/%y; "
            f"got {layout!r}."
        )


def _of_text(text: str) -> Dated | None:
    if _NUMBER.fullmatch(text):
        return _of_number(float(text))
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


def _of_number(number: float) -> Dated | None:
    if 1000 <= number < 3000 and number.is_integer():
        return Dated(date(int(number), 1, 1), Unit.YEAR)
    if 1000_01_01 <= number <= 9999_12_31 and number.is_integer():
        years, rest = divmod(int(number), 10000)
        return Dated(date(years, *divmod(rest, 100)), Unit.DAY)
    if 1e8 <= number < 1e14:
        seconds = number if number < 1e11 else number / 1000
        return Dated(datetime.fromtimestamp(seconds, UTC).date(), Unit.DAY)
    return None
