"""The pictures of a report as shapes, for SVG inside the page: curves and reliability."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, isnan

import numpy as np

from emoscope.charts.palette import COLOURS, LINE, SOFT
from emoscope.charts.scene import Area, Line, Scene, Shape, Text, box, measure_text
from emoscope.experiments.bands import Band, CurveGroup
from emoscope.experiments.report.reliability import Floats, Reliability

WIDTH, HEIGHT = 420.0, 240.0
MARGINS = (46.0, 8.0, 30.0)
"""Left, right and bottom, in pixels."""
TOP, LINE_HEIGHT = 26.0, 14.0
"""Room for a title above the plot, and for each line of its legend, in pixels."""
MOST_POINTS = 120
"""Points of a line; of longer ones every n-th is drawn, as there are no more pixels."""


@dataclass(frozen=True)
class Frame:
    """A rectangle with scales, into which values are drawn.

    Attributes:
        x: the lowest and the highest value of the horizontal scale.
        y: those of the vertical one.
        width: of the whole picture, in pixels.
        height: likewise.
        top: room above the rectangle, for the title and a legend.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    width: float = WIDTH
    height: float = HEIGHT
    top: float = TOP

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place of a value in the picture."""
        left, right, bottom = MARGINS
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        return (
            left + across * (self.width - left - right),
            self.height - bottom - up * (self.height - self.top - bottom),
        )

    def along(self, points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        """The places of the values of a line."""
        step = -(-len(points) // MOST_POINTS)
        kept = [*points[::step]]
        if points and kept[-1] != points[-1]:
            kept.append(points[-1])
        return tuple(self.at(*point) for point in kept)


def make_curve_scene(group: CurveGroup, several_runs: bool = True) -> Scene:
    """A plot of the curves of a group: mean over the runs, band of ± sd, a dot at each final step.

    Args:
        group: the curves.
        several_runs: whether the runs are drawn one by one, too.
    """
    bands = list(group.lines.values())
    steps = [step for band in bands for step in band.steps]
    low, high = min(band.low for band in bands), max(band.high for band in bands)
    legend, lines = make_legend(list(group.lines), bands)
    room = LINE_HEIGHT * lines
    frame = Frame((min(steps), max(steps)), widen(low, high), height=HEIGHT + room, top=TOP + room)
    shapes: list[Shape] = make_axes(frame, "epoch", whole=max(steps) - min(steps) >= 3)
    for number, band in enumerate(bands):
        shapes += make_band(frame, band, COLOURS[number % len(COLOURS)], several_runs)
    shapes.append(Text((0, 13), group.title, 12.5, bold=True))
    shapes += legend
    return Scene(WIDTH, HEIGHT + room, tuple(shapes), f"{group.title} over training")


def make_band(frame: Frame, band: Band, colour: str, runs: bool) -> list[Shape]:
    """The mean of a curve over the runs, its deviation, the runs, and their final steps."""
    means = [(step, each.mean) for step, each in zip(band.steps, band.mean_stds, strict=True)]
    shapes: list[Shape] = []
    if len(band.curves) > 1:
        pairs = list(zip(band.steps, band.mean_stds, strict=True))
        above = [(step, each.mean + each.sd) for step, each in pairs]
        below = [(step, each.mean - each.sd) for step, each in reversed(pairs)]
        shapes.append(Area((*frame.along(above), *frame.along(below)), colour, 0.16))
        if runs:
            shapes += [Line(frame.along(curve), colour, 0.7, 0.4) for curve in band.curves]
    shapes.append(Line(frame.along(means), colour, 2.0))
    for step, value in band.ends:
        x, y = frame.at(step, value)
        shapes.append(box((x - 2.5, y - 2.5), (5, 5), colour, title=f"epoch {step:g}: {value:.3f}"))
    return shapes


def make_legend(names: Sequence[str], bands: Sequence[Band]) -> tuple[list[Shape], int]:
    """The names of the lines, each in its colour, between the title and the plot.

    Returns:
        The shapes, and how many lines of text they take; a single line needs no name.
    """
    entries = [(name, COLOURS[at % len(COLOURS)]) for at, name in enumerate(names)]
    entries = entries if len(names) > 1 else []
    lost = sum(band.lost for band in bands)
    if lost:
        run = "run has" if lost == 1 else "runs have"
        entries.append((f"{lost} {run} values that are no numbers", SOFT))
    shapes: list[Shape] = []
    x, lines = 0.0, 1 if entries else 0
    for name, colour in entries:
        width = measure_text(name, 10.5) + 14
        if x and x + width > WIDTH:
            x, lines = 0.0, lines + 1
        shapes.append(Text((x, 13 + LINE_HEIGHT * lines), name, 10.5, colour=colour))
        x += width
    return shapes, lines


def widen(low: float, high: float) -> tuple[float, float]:
    """A scale with room for values that are all the same."""
    if high > low:
        return low - 0.03 * (high - low), high + 0.03 * (high - low)
    room = abs(high) * 0.1 or 0.5
    return low - room, high + room


def make_axes(frame: Frame, across: str, whole: bool = False) -> list[Shape]:
    """Lines at round values with their numbers, and the name of the horizontal scale."""
    shapes: list[Shape] = []
    for value in find_ticks(*frame.y):
        start, end = frame.at(frame.x[0], value), frame.at(frame.x[1], value)
        shapes.append(Line((start, end), LINE))
        shapes.append(Text((start[0] - 5, start[1] + 3.5), f"{value:.6g}", 10, "end", SOFT))
    for value in find_ticks(*frame.x, whole=whole):
        x, y = frame.at(value, frame.y[0])
        shapes.append(Text((x, y + 14), f"{value:.6g}", 10, "middle", SOFT))
    shapes.append(Text((frame.width - MARGINS[1], frame.height - 3), across, 10, "end", SOFT))
    return shapes


def find_ticks(low: float, high: float, whole: bool = False) -> list[float]:
    """Three to six round values between two others."""
    span = high - low
    if not isfinite(span) or span <= 0:
        return [low]
    step = 10.0 ** np.floor(np.log10(span))
    step = next(step * part for part in (1.0, 0.5, 0.2, 0.1) if span / (step * part) >= 2.5)
    if whole:
        step = max(1.0, float(np.ceil(step)))
    first = np.ceil(low / step - 1e-9) * step
    values = np.arange(first, high + step * 1e-6, step)
    return [float(round(value, 12)) + 0.0 for value in values]


def make_reliability_scene(found: Reliability) -> Scene:
    """The observed frequency of labels against their probability; the diagonal is perfect."""
    size = 300.0
    frame = Frame((0.0, 1.0), (0.0, 1.0), size, size)
    shapes = make_axes(frame, "probability")
    shapes.append(Line((frame.at(0, 0), frame.at(1, 1)), SOFT, 1, 0.6))
    runs = list(zip(found.confidence, found.observed, strict=True))
    if len(runs) > 1:
        for confidence, observed in runs:
            shapes.append(Line(frame.along(keep_known(confidence, observed)), COLOURS[0], 0.7, 0.4))
    points = keep_known(average_known(found.confidence), average_known(found.observed))
    shapes.append(Line(frame.along(points), COLOURS[0], 2.0))
    shapes += [
        box((x - 2.5, y - 2.5), (5, 5), COLOURS[0], title=f"{claimed:.2f}: {seen:.2f}")
        for claimed, seen in points
        for x, y in [frame.at(claimed, seen)]
    ]
    shapes.append(Text((0, 13), "observed frequency", 12.5, bold=True))
    return Scene(size, size, tuple(shapes), "observed frequency of labels against probability")


def average_known(values: Floats) -> Floats:
    """The mean of each column over its known values, NaN where there are none."""
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    sums = np.where(known, values, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def keep_known(across: Floats, up: Floats) -> list[tuple[float, float]]:
    """The points whose values are both known."""
    pairs = zip(across, up, strict=True)
    return [(float(x), float(y)) for x, y in pairs if not (isnan(x) or isnan(y))]
