"""How many texts have each label over time, in a number of bins that the span cannot blow up."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emoscope.charts.dates import is_missing, read_date
from emoscope.charts.units import Unit, bin_of, first_day, name_of
from emoscope.charts.words import counted, isolated
from emoscope.strict import short

Counts = NDArray[np.int64]

MOST_KEPT = 4096
"""Days that are counted apart, which is eleven years; then months, then years."""
MOST_BINS = 90
"""Bins that are shown."""
STRAY = 0.001
"""Share of the texts at either end of time that may be left out, so that bins are finer."""


class TimeBins(NamedTuple):
    """Counts over time; bins follow each other, also where one has no text.

    Attributes:
        unit: length of a bin.
        names: of the T bins.
        texts: in each bin, (T,).
        given: of them those with each label, (T, K).
        earlier: texts from before the first bin.
        later: texts from after the last bin.
    """

    unit: Unit
    names: tuple[str, ...]
    texts: Counts
    given: Counts
    earlier: int
    later: int


class Timeline:
    """Counts the labels of texts by date.

    The order that texts are added in changes nothing: what is kept is by day, or by the finest of
    month, year and century that has at most `MOST_KEPT` different ones.

    Args:
        labels: their number, K.
        layout: how dates are written, see `read_date`.

    Attributes:
        missing: texts without a date.
        unread: texts with a date that cannot be read.
        example: the first of these.
    """

    def __init__(self, labels: int, layout: str | None = None) -> None:
        self.labels, self.layout = labels, layout
        self.missing = self.unread = 0
        self.example: str | None = None
        # By the first day of what is kept: the number of texts, then of those with each label.
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
            dates: of N texts, values that `read_date` takes; None where there is none.
            given: their labels, (N, K).
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
        """What is to be said of texts whose date is missing or was not read."""
        notes = []
        if self.missing:
            notes.append(f"{counted(self.missing, 'text has', 'texts have')} no date.")
        if self.unread:
            notes.append(
                f"{counted(self.unread, 'text has', 'texts have')} a date that was not read, "
                f"the first {isolated(str(self.example))}. Dates are read as 2020-12-31, "
                "31.12.2020, 31 December 2020 or seconds since 1970; of others name the "
                "format, as in --date-format %d/%m/%Y."
            )
        return notes

    def bins(self) -> TimeBins | None:
        """The counts in the finest bins that are few enough; None if no date was read.

        A bin is no finer than the least exact date. A few texts far from all others (an empty date
        written as 1970, a year 0202) would make all bins coarse: where leaving out at most one in
        a thousand at either end makes them finer, they are left out and counted.
        """
        if not self._counts:
            return None
        days = sorted(self._counts)
        first, last = self._ends(days)
        unit = self._unit(first, last)
        start, end = bin_of(first, unit), bin_of(last, unit)
        counts = np.zeros((end - start + 1, self.labels + 1), np.int64)
        outside = Counter[bool]()
        for day in days:
            at = bin_of(day, unit) - start
            if 0 <= at < len(counts):
                counts[at] += self._counts[day]
            else:
                outside[at < 0] += int(self._counts[day][0])
        return TimeBins(
            unit=unit,
            names=tuple(name_of(number, unit) for number in range(start, end + 1)),
            texts=counts[:, 0],
            given=counts[:, 1:],
            earlier=outside[True],
            later=outside[False],
        )

    def _count(self, day: date, counts: NDArray[np.integer[Any]]) -> None:
        start = first_day(bin_of(day, self._kept), self._kept)
        if start in self._counts:
            self._counts[start] += counts
        else:
            self._counts[start] = np.array(counts, np.int64)

    def _keep_fewer(self) -> None:
        """From days to months, from months to years, from years to centuries."""
        self._kept = {Unit.DAY: Unit.MONTH, Unit.MONTH: Unit.YEAR}.get(self._kept, Unit.CENTURY)
        finer, self._counts = self._counts, {}
        for day, counts in finer.items():
            self._count(day, counts)

    def _unit(self, first: date, last: date) -> Unit:
        """The finest unit that the dates allow and that makes few enough bins."""
        finest = max(self._kept, self._read_to)
        return next(
            unit
            for unit in Unit
            if unit >= finest
            and (bin_of(last, unit) - bin_of(first, unit) < MOST_BINS or unit == Unit.CENTURY)
        )

    def _ends(self, days: Sequence[date]) -> tuple[date, date]:
        """The first and the last day of the finest bins, as far apart as these allow."""
        upto = np.cumsum([self._counts[day][0] for day in days])
        spare = STRAY * float(upto[-1])
        first = days[int(np.searchsorted(upto, spare, side="right"))]
        last = days[int(np.searchsorted(upto, upto[-1] - spare, side="left"))]
        ends = [(days[0], days[-1]), (days[0], last), (first, days[-1]), (first, last)]
        return min(ends, key=lambda pair: self._unit(*pair))
