"""The number of texts with each label over time, in a bounded number of bins."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emoscope.charts.dates import is_missing, read_date
from emoscope.charts.units import Unit, find_bin, find_first_day, name_bin
from emoscope.charts.words import format_count, isolate
from emoscope.strict import short

Counts = NDArray[np.int64]

MOST_KEPT = 4096
"""Days that are counted separately, eleven years; if there are more, months or years are."""
MOST_BINS = 90
"""Bins that are shown, at most."""
STRAY = 0.001
"""Share of the texts at the start or end that may be left out to make the bins finer."""


class TimeBins(NamedTuple):
    """Counts in T consecutive bins of time; a bin may have no text.

    Attributes:
        unit: length of a bin.
        names: names of the bins.
        texts: number of texts in each bin, (T,).
        given: number of texts with each label in each bin, (T, K).
        earlier: number of texts from before the first bin.
        later: number of texts from after the last bin.
    """

    unit: Unit
    names: tuple[str, ...]
    texts: Counts
    given: Counts
    earlier: int
    later: int


class Timeline:
    """Counts the labels of texts by date.

    The order of the texts has no effect. Counts are kept by day or, where there would be more than
    `MOST_KEPT` of them, by month, year or century.

    Args:
        labels: number of labels, K.
        layout: format of the dates, see `read_date`.

    Attributes:
        missing: number of texts without a date.
        unread: number of texts with a date that cannot be read.
        example: the first date that cannot be read.
    """

    def __init__(self, labels: int, layout: str | None = None) -> None:
        self.labels, self.layout = labels, layout
        self.missing = self.unread = 0
        self.example: str | None = None
        # By the first day of a unit: the number of texts, then those with each label.
        self._counts: dict[date, Counts] = {}
        self._kept = Unit.DAY
        self._read_to = Unit.DAY

    @property
    def texts(self) -> int:
        """Number of texts with a date that was read."""
        return sum(int(counts[0]) for counts in self._counts.values())

    def add(self, dates: Sequence[object], given: NDArray[np.bool_]) -> None:
        """Count texts.

        Args:
            dates: the dates of N texts, as `read_date` reads them; None where a text has none.
            given: whether each text has each label, (N, K).
        """
        rows: dict[date, list[int]] = {}
        for row, value in enumerate(dates):
            if is_missing(value):
                self.missing += 1
            elif (dated := read_date(value, self.layout)) is None:
                self.unread += 1
                self.example = self.example or short(value)
            else:
                rows.setdefault(dated.day, []).append(row)
                self._read_to = max(self._read_to, dated.unit)
        for day, at in rows.items():
            self._count(day, np.concatenate([[len(at)], given[at].sum(axis=0)]))
        while len(self._counts) > MOST_KEPT and self._kept < Unit.CENTURY:
            self._keep_fewer()

    def notes(self) -> list[str]:
        """Sentences on texts whose date is missing or was not read."""
        notes = []
        if self.missing:
            notes.append(f"{format_count(self.missing, 'text has', 'texts have')} no date.")
        if self.unread:
            notes.append(
                f"{format_count(self.unread, 'text has', 'texts have')} a date that was not read, "
                f"the first {isolate(str(self.example))}. {self._advise()}"
            )
        return notes

    def _advise(self) -> str:
        if self.layout is None:
            return (
                "Dates are read as 2020-12-31, 31.12.2020, 31 December 2020 or seconds since 1970; "
                "of others name the format, as in --date-format %d/%m/%Y."
            )
        advice = f"It does not fit --date-format {self.layout}"
        if not self.texts:
            return f"{advice}: name the format that the dates have, or leave it out."
        return (
            f"{advice}, though other dates do: if day and month change places in it, those were "
            "read wrongly."
        )

    def bins(self) -> TimeBins | None:
        """The counts in the finest bins that are few enough; None if no date was read.

        A bin is no finer than the least exact date. A few texts far from all others (an empty date
        written as 1970, a year 0202) would make all bins coarse. If leaving out at most one text in
        a thousand at the start or the end makes the bins finer, these texts are left out, and
        counted.
        """
        if not self._counts:
            return None
        days = sorted(self._counts)
        first, last = self._ends(days)
        unit = self._unit(first, last)
        start, end = find_bin(first, unit), find_bin(last, unit)
        counts = np.zeros((end - start + 1, self.labels + 1), np.int64)
        outside = Counter[bool]()
        for day in days:
            at = find_bin(day, unit) - start
            if 0 <= at < len(counts):
                counts[at] += self._counts[day]
            else:
                outside[at < 0] += int(self._counts[day][0])
        return TimeBins(
            unit=unit,
            names=tuple(name_bin(number, unit) for number in range(start, end + 1)),
            texts=counts[:, 0],
            given=counts[:, 1:],
            earlier=outside[True],
            later=outside[False],
        )

    def _count(self, day: date, counts: NDArray[np.integer[Any]]) -> None:
        start = find_first_day(find_bin(day, self._kept), self._kept)
        if start in self._counts:
            self._counts[start] += counts
        else:
            self._counts[start] = np.array(counts, np.int64)

    def _keep_fewer(self) -> None:
        """Merge counts: from days to months, from months to years, from years to centuries."""
        self._kept = {Unit.DAY: Unit.MONTH, Unit.MONTH: Unit.YEAR}.get(self._kept, Unit.CENTURY)
        finer, self._counts = self._counts, {}
        for day, counts in finer.items():
            self._count(day, counts)

    def _unit(self, first: date, last: date) -> Unit:
        """The finest unit that the dates allow and that makes at most `MOST_BINS` bins."""
        finest = max(self._kept, self._read_to)
        return next(
            unit
            for unit in Unit
            if unit >= finest
            and (find_bin(last, unit) - find_bin(first, unit) < MOST_BINS or unit == Unit.CENTURY)
        )

    def _ends(self, days: Sequence[date]) -> tuple[date, date]:
        """The first and the last day, without stray texts if that makes the bins finer."""
        upto = np.cumsum([self._counts[day][0] for day in days])
        spare = STRAY * float(upto[-1])
        first = days[int(np.searchsorted(upto, spare, side="right"))]
        last = days[int(np.searchsorted(upto, upto[-1] - spare, side="left"))]
        ends = [(days[0], days[-1]), (days[0], last), (first, days[-1]), (first, last)]
        return min(ends, key=lambda pair: self._unit(*pair))
