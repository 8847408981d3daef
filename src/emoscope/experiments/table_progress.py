"""How far the rows of a table are: finished runs, and how long the others will take."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from emoscope.experiments.log import ExperimentLog
from emoscope.recipes.schema import Recipe

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)\b")


@dataclass(frozen=True)
class TableRow:
    """A row of a table: a recipe with the log of its runs.

    Attributes:
        recipe: the recipe, with what the user has changed.
        log: its log; None before anything has run.
        wanted: the names of the runs that the table needs.
    """

    recipe: Recipe
    log: ExperimentLog | None
    wanted: tuple[str, ...]

    @property
    def done(self) -> int:
        """How many of the wanted runs are finished."""
        return len(self.wanted) - len(self.missing)

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the runs that are not finished."""
        known = set() if self.log is None else {run.name for run in self.log.runs}
        return tuple(name for name in self.wanted if name not in known)

    @property
    def seconds(self) -> float | None:
        """How long a finished run took, in the middle; None without one."""
        taken = [] if self.log is None else self.log.values("seconds")
        return median(taken) if taken else None


def read_duration(text: str) -> float | None:
    """Read the longest time that a recipe names, in seconds: `up to 4 h`, `10–15 min`."""
    found = [float(number) * UNITS[unit] for number, unit in DURATION.findall(text)]
    return max(found) if found else None


def estimate_seconds(rows: Sequence[TableRow]) -> dict[str, float | None]:
    """Estimate how long one run of each row takes, in seconds; None where nothing is known.

    A row with finished runs takes as long as those. Another takes what its recipe says, as much
    faster or slower as the finished ones were than theirs.

    Args:
        rows: the rows.

    Returns:
        The seconds by name of the recipe.
    """
    said = {row.recipe.name: read_duration(row.recipe.time) for row in rows}
    ratios = [
        row.seconds / time
        for row in rows
        if row.seconds is not None and (time := said[row.recipe.name])
    ]
    ratio = median(ratios) if ratios else 1.0
    taken = [row.seconds for row in rows if row.seconds is not None]
    estimates: dict[str, float | None] = {}
    for row in rows:
        time = said[row.recipe.name]
        if row.seconds is not None:
            estimates[row.recipe.name] = row.seconds
        elif time is not None:
            estimates[row.recipe.name] = time * ratio
        else:
            estimates[row.recipe.name] = median(taken) if taken else None
    return estimates


def sum_remaining(
    rows: Sequence[TableRow], estimates: Mapping[str, float | None], jobs: int = 1
) -> tuple[float, int]:
    """How many seconds the missing runs take, and for how many of them that is not known.

    Args:
        rows: the rows.
        estimates: seconds of one run by name of the recipe.
        jobs: runs at a time.
    """
    known = [(len(row.missing), estimates[row.recipe.name]) for row in rows]
    seconds = sum(count * each for count, each in known if each is not None)
    return seconds / jobs, sum(count for count, each in known if each is None)


def format_duration(seconds: float) -> str:
    """A duration in its largest unit, as people say it: `40 s`, `12 min`, `3.5 h`, `11 d`."""
    for unit, size in reversed(UNITS.items()):
        if seconds >= 2 * size or unit == "s":
            value = seconds / size
            shown = (
                f"{value:.1f}".removesuffix(".0") if value < 10 and unit != "s" else f"{value:.0f}"
            )
            return f"{shown} {unit}"
    raise AssertionError("unreachable: the last unit takes every duration")
