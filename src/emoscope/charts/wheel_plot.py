"""Plutchik's wheel with the labels of a model, drawn by matplotlib."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Wedge
from matplotlib.textpath import TextPath

from emoscope.charts.palette import COLOURS, INK, SOFT, THEME
from emoscope.charts.words import wrap_name
from emoscope.plutchik import PRIMARY, WHEEL, WheelMap, angle_of

Box = tuple[float, float, float, float]

RIM = 1.12
"""Radius of the wheel; the outermost label of a model is at radius 1, inside the wheel."""


def draw_wheel_map(wheel_map: WheelMap, title: str) -> Figure:
    """Draw Plutchik's wheel: a model's labels inside, the wheel's emotions on the rim.

    For a label that is on the wheel, a thin line joins its point to its place on the rim: the
    shorter the line, and the more it points outwards, the better model and wheel agree.

    Args:
        wheel_map: where the labels are.
        title: title above the wheel.
    """
    size = 7.5 if len(wheel_map.points) <= 12 else 9.0
    figure = Figure(figsize=(size, size))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.02, 1.0, 0.94))
    axes.set(xlim=(-1.42, 1.42), ylim=(-1.335, 1.335), aspect="equal")
    axes.set_axis_off()
    taken = _draw_spokes(axes)
    for name, (x, y) in wheel_map.points.items():
        angle = wheel_map.angles.get(name)
        if angle is not None:
            rim = RIM * math.cos(angle), RIM * math.sin(angle)
            axes.plot([x, rim[0]], [y, rim[1]], color=COLOURS[0], linewidth=0.7, alpha=0.6)
            taken += _cover_line(axes, (x, y), rim)
            axes.plot(*rim, "o", markersize=6, markerfacecolor="white", color=COLOURS[0])
        colour = THEME[SOFT] if angle is None else COLOURS[0]
        axes.plot(x, y, "o", markersize=6, color=colour, zorder=3)
    _name_points(axes, wheel_map.points, set(wheel_map.angles), taken)
    figure.text(0.5, 0.975, title, ha="center", va="top", fontsize=10)
    return figure


def _draw_spokes(axes: Axes) -> list[Box]:
    """Draw the wheel itself, and return the boxes of its names, in points."""
    step = 360 / len(WHEEL)
    taken = []
    for emotion in WHEEL:
        angle = angle_of(emotion)
        x, y = math.cos(angle), math.sin(angle)
        primary = PRIMARY.get(emotion)
        if primary:
            sector = math.degrees(angle) - step, math.degrees(angle) + step
            axes.add_patch(Wedge((0, 0), RIM, *sector, color=primary, alpha=0.13, linewidth=0))
        axes.plot([0, RIM * x], [0, RIM * y], color="0.6", linewidth=0.8 if primary else 0.4)
        font = 10.0 if primary else 8.5
        width, height = _measure_text(emotion, font)
        # Moved outwards by half its size, so that no side of the name touches the rim.
        column, row = _to_points(axes, (RIM + 0.035) * x, (RIM + 0.035) * y)
        centre = column + x * width / 2, row + y * height / 2
        box = _make_box(*centre, width, height)
        axes.annotate(
            emotion,
            (centre[0], centre[1]),
            xycoords="figure points",
            ha="center",
            va="center",
            fontsize=font,
            color=THEME[INK] if primary else THEME[SOFT],
        )
        taken.append(box)
    axes.add_patch(Wedge((0, 0), RIM, 0, 360, width=0.004, color="0.6", linewidth=0))
    return taken


def _name_points(
    axes: Axes, points: Mapping[str, tuple[float, float]], known: set[str], taken: list[Box]
) -> None:
    """Write each name near its point where it covers least, with a line if it is far away."""
    font = 9.0
    where = {name: _to_points(axes, x, y) for name, (x, y) in points.items()}
    dots = {name: _make_box(column, row, 8, 8) for name, (column, row) in where.items()}
    # Points with near neighbours first, as they have the least room.
    nearest = {
        name: sorted(math.dist(at, other) for other in where.values())[1:4]
        for name, at in where.items()
    }
    scale = 72 / axes.figure.dpi
    page = axes.figure.bbox.width * scale, axes.figure.bbox.height * scale
    for name in sorted(where, key=lambda item: sum(nearest[item])):
        shown = wrap_name(name, 22)
        width, height = _measure_text(shown, font)
        others = [*taken, *(box for other, box in dots.items() if other != name)]

        def cost(place: tuple[float, float, float], others: list[Box] = others) -> float:
            box = _make_box(place[0], place[1], width, height)  # noqa: B023 (called at once)
            outside = max(-box[0], -box[1], box[2] - page[0], box[3] - page[1], 0.0)
            covered = sum(_compute_overlap(box, other) for other in others)
            return 10 * covered + place[2] + 1000 * outside

        column, row, far = min(_list_places(*where[name], width, height), key=cost)
        taken.append(_make_box(column, row, width, height))
        x, y = where[name]
        label = axes.annotate(
            shown,
            (x, y),
            (column, row),
            xycoords="figure points",
            textcoords="figure points",
            ha="center",
            va="center",
            fontsize=font,
            color=THEME[INK] if name in known else THEME[SOFT],
            arrowprops={"arrowstyle": "-", "color": "0.5", "linewidth": 0.5} if far > 12 else None,
            zorder=4,
        )
        label.set_path_effects([patheffects.withStroke(linewidth=2, foreground="white", alpha=0.8)])


def _list_places(
    x: float, y: float, width: float, height: float
) -> Iterator[tuple[float, float, float]]:
    """Possible places for a name around a point: the centre, and the gap to the point."""
    for gap in (6, 9, 13, 20, 30, 42, 56):
        for angle in np.linspace(0, 2 * math.pi, 24, endpoint=False):
            across, up = math.cos(angle), math.sin(angle)
            yield x + across * (gap + width / 2), y + up * (gap + height / 2), gap


def _cover_line(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> list[Box]:
    """Cover a line with small boxes."""
    ends = np.array([_to_points(axes, *start), _to_points(axes, *end)])
    count = 2 + int(np.linalg.norm(ends[1] - ends[0]) / 4)
    return [_make_box(x, y, 2, 2) for x, y in np.linspace(ends[0], ends[1], count)[2:]]


def _to_points(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """A place on the wheel, in points from the lower left of the figure."""
    column, row = axes.transData.transform((x, y)) * 72 / axes.figure.dpi
    return float(column), float(row)


def _measure_text(text: str, font: float) -> tuple[float, float]:
    """Width and height of a text of one or several lines, in points."""
    lines = text.split("\n")
    properties = FontProperties(size=font)
    widths = [TextPath((0, 0), line, prop=properties).get_extents().width for line in lines]
    return float(max(widths)) + 2, font * 1.2 * len(lines)


def _make_box(x: float, y: float, width: float, height: float) -> Box:
    """Left, bottom, right and top of a box around its centre."""
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _compute_overlap(first: Box, second: Box) -> float:
    """The area that two boxes share."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)
