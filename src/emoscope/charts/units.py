"""Units of time: in which bin a day is, where a bin begins, and its name."""

from datetime import date
from enum import IntEnum


class Unit(IntEnum):
    """Length of a bin of time, from fine to coarse."""

    DAY = 0
    WEEK = 1
    MONTH = 2
    QUARTER = 3
    YEAR = 4
    DECADE = 5
    CENTURY = 6


_YEARS = {Unit.YEAR: 1, Unit.DECADE: 10, Unit.CENTURY: 100}
_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3}


def find_bin(day: date, unit: Unit) -> int:
    """The number of the bin of a day; consecutive bins have consecutive numbers."""
    if unit in _YEARS:
        return day.year // _YEARS[unit]
    if unit in _MONTHS:
        return (12 * day.year + day.month - 1) // _MONTHS[unit]
    # 1 January of the year 1, day 1, is a Monday.
    return day.toordinal() if unit == Unit.DAY else (day.toordinal() - 1) // 7


def find_first_day(number: int, unit: Unit) -> date:
    """The first day of a bin."""
    if unit in _YEARS:
        return date(max(1, number * _YEARS[unit]), 1, 1)
    if unit in _MONTHS:
        year, month = divmod(number * _MONTHS[unit], 12)
        return date(year, month + 1, 1)
    return date.fromordinal(number if unit == Unit.DAY else 7 * number + 1)


def name_bin(number: int, unit: Unit) -> str:
    """The name of a bin: `2020-03-09`, `2020-W11`, `2020-03`, `2020-Q1`, `2020`, `2020s`."""
    day = find_first_day(number, unit)
    match unit:
        case Unit.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
        case Unit.MONTH:
            return f"{day.year:04}-{day.month:02}"
        case Unit.QUARTER:
            return f"{day.year:04}-Q{day.month // 3 + 1}"
        case Unit.YEAR:
            return f"{day.year:04}"
        case Unit.DECADE:
            return f"{10 * number}s"
        case Unit.CENTURY:
            return f"{100 * number}–{100 * number + 99}"
        case _:
            return day.isoformat()
