"""Pictures of how labels go together: heat maps, and Plutchik's wheel with a model's labels."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Wedge
from matplotlib.textpath import TextPath
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from emoscope.charts.plotting import COLOURS, save
from emoscope.charts.wheel_plot import WheelMap
from emoscope.errors import InputError
from emoscope.evaluation.correlations import Correlations, LabelMatrix
from emoscope.plutchik import PRIMARY, WHEEL, angle_of, on_wheel

Floats = NDArray[np.floating[Any]]
Order = Literal["clusters", "wheel"]
Box = tuple[float, float, float, float]

TITLES = {
    "learned": ("Label representations of the model", "mean cosine"),
    "centred": ("Label representations, less what all labels share", "cosine"),
    "predicted": ("Predicted probabilities", "Pearson correlation"),
    "data": ("Labels in the data", "Pearson correlation"),
    "wheel": ("Plutchik's wheel", "cosine of the angle"),
}
RIM = 1.12
"""Radius of the wheel; the farthest label of a model is at 1, so that its point stays inside."""
INK, GREY = "#222222", "#707070"


def draw_correlations(correlations: Correlations, folder: Path) -> list[Path]:
    """Every picture that the matrices allow.

    Args:
        correlations: of a model and a corpus.
        folder: gets `learned.png`, `centred.png`, `predicted.png`, `data.png`, `wheel.png` and
            `plutchik.png`.

    Returns:
        The files written.
    """
    written = []
    for name, matrix in correlations.matrices.items():
        title, unit = TITLES[name]
        path = folder / f"{name}.png"
        draw_matrix(matrix, title, unit, path, "wheel" if name == "wheel" else "clusters")
        written.append(path)
    if correlations.wheel_map is not None:
        draw_wheel(correlations.wheel_map, folder / "plutchik.png")
        written.append(folder / "plutchik.png")
    return written


def draw_matrix(
    matrix: LabelMatrix, title: str, unit: str, path: Path, order: Order = "clusters"
) -> None:
    """A heat map as PNG: red for labels that go together, blue for those that keep apart.

    White is 0, and the colours reach to the strongest pair. The diagonal says nothing and is grey.

    Args:
        matrix: of K labels.
        title: of the picture.
        unit: what the colours mean.
        path: of the file.
        order: of the labels, see `cluster_order` and `wheel_order`.

    Raises:
        InputError: if there are fewer than two labels.
    """
    if len(matrix.names) < 2:
        raise InputError(
            f"{path}: expected two labels that differ between the texts to draw how they go "
            f"together, found {', '.join(matrix.names) or 'none'}."
        )
    places = wheel_order(matrix.names) if order == "wheel" else cluster_order(matrix.values)
    ordered = matrix.subset(tuple(matrix.names[place] for place in places))
    names, count = ordered.names, len(ordered.names)
    values = np.where(np.eye(count, dtype=bool), np.nan, ordered.values)
    limit = max(0.05, float(np.nanmax(np.abs(values), initial=0.0)))
    cell, font = next(size for most, *size in _SIZES if count <= most)
    width = 0.085 * max(map(len, names)) + cell * count
    figure = Figure(figsize=(width + 1.6, width + 0.7), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("0.9")
    image = axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes.set_xticks(range(count), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(count), names)
    axes.tick_params(length=0, labelsize=max(font, 8))
    axes.spines[:].set_visible(False)
    for (i, j), value in np.ndenumerate(values):
        if i != j:
            colour = "white" if abs(value) > 0.6 * limit else INK
            text = axes.text(j, i, short(value), fontsize=font, color=colour, in_layout=False)
            text.set(ha="center", va="center")
    axes.set_title(title, fontsize=11, loc="left")
    bar = figure.colorbar(image, ax=axes, shrink=0.6, label=unit, aspect=25)
    bar.outline.set_visible(False)
    save(figure, path)


# Up to so many labels: inches of a cell, points of its number.
_SIZES = ((8, 0.6, 9.0), (15, 0.48, 8.0), (math.inf, 0.33, 6.0))


def short(value: float) -> str:
    """Two decimals without the leading zero: `.12`, `-.05`, `1`."""
    text = f"{value:.2f}"
    if text in ("0.00", "-0.00"):
        return "0"
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text[:-3]


def cluster_order(values: Floats) -> list[int]:
    """Places of the labels so that those that go together stand side by side.

    Average linkage of 1 - ρ, the leaves turned so that neighbours are nearest.

    Args:
        values: ρ, (K, K).
    """
    if len(values) < 3:
        return list(range(len(values)))
    distances = 1 - (values + values.T) / 2
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    return [int(place) for place in leaves_list(tree)]


def wheel_order(names: Sequence[str]) -> list[int]:
    """Places of the labels by their angle on Plutchik's wheel; those it does not know come last."""
    return sorted(
        range(len(names)), key=lambda at: angle_of(names[at]) if on_wheel(names[at]) else math.inf
    )


def draw_wheel(wheel_map: WheelMap, path: Path) -> None:
    """Plutchik's wheel as PNG: a model's labels inside, the wheel's own places on the rim.

    Of a label that the wheel knows, a thin line joins the two: the shorter and straighter outwards
    it is, the better they agree.

    Args:
        wheel_map: where the labels are.
        path: of the file.
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
            taken += _along(axes, (x, y), rim)
            axes.plot(*rim, "o", markersize=6, markerfacecolor="white", color=COLOURS[0])
        colour = GREY if angle is None else COLOURS[0]
        axes.plot(x, y, "o", markersize=6, color=colour, zorder=3)
    _name_points(axes, wheel_map.points, set(wheel_map.angles), taken)
    figure.text(
        0.5,
        0.975,
        f"Labels of the model on Plutchik's wheel: two dimensions hold {wheel_map.explained:.0%} "
        f"of their spread,\nknown labels (blue) are {wheel_map.error:.0f}° from their place "
        "on average",
        ha="center",
        va="top",
        fontsize=10,
    )
    save(figure, path)


def _draw_spokes(axes: Axes) -> list[Box]:
    """The wheel itself; the boxes that its names take, in points."""
    step = 360 / len(WHEEL)
    taken = []
    for at, emotion in enumerate(WHEEL):
        angle = math.radians(at * step)
        x, y = math.cos(angle), math.sin(angle)
        primary = PRIMARY.get(emotion)
        if primary:
            sector = (at - 1) * step, (at + 1) * step
            axes.add_patch(Wedge((0, 0), RIM, *sector, color=primary, alpha=0.13, linewidth=0))
        axes.plot([0, RIM * x], [0, RIM * y], color="0.6", linewidth=0.8 if primary else 0.4)
        font = 10.0 if primary else 8.5
        width, height = _size(emotion, font)
        # Outwards by half of the name, so that it touches the rim on none of its sides.
        column, row = _points(axes, (RIM + 0.035) * x, (RIM + 0.035) * y)
        centre = column + x * width / 2, row + y * height / 2
        box = _box(*centre, width, height)
        axes.annotate(
            emotion,
            (centre[0], centre[1]),
            xycoords="figure points",
            ha="center",
            va="center",
            fontsize=font,
            color=INK if primary else GREY,
        )
        taken.append(box)
    axes.add_patch(Wedge((0, 0), RIM, 0, 360, width=0.004, color="0.6", linewidth=0))
    return taken


def _name_points(
    axes: Axes, points: Mapping[str, tuple[float, float]], known: set[str], taken: list[Box]
) -> None:
    """Write each name beside its point where it covers least, with a line if that is far off."""
    font = 9.0
    where = {name: _points(axes, x, y) for name, (x, y) in points.items()}
    dots = {name: _box(column, row, 8, 8) for name, (column, row) in where.items()}
    # Crowded points first: the others find room around them.
    nearest = {
        name: sorted(math.dist(at, other) for other in where.values())[1:4]
        for name, at in where.items()
    }
    for name in sorted(where, key=lambda item: sum(nearest[item])):
        width, height = _size(name, font)
        others = [*taken, *(box for other, box in dots.items() if other != name)]

        def cost(place: tuple[float, float, float], others: list[Box] = others) -> float:
            box = _box(place[0], place[1], width, height)  # noqa: B023 (called at once)
            return 10 * sum(_overlap(box, other) for other in others) + place[2]

        column, row, far = min(_around(*where[name], width, height), key=cost)
        taken.append(_box(column, row, width, height))
        x, y = where[name]
        label = axes.annotate(
            name,
            (x, y),
            (column, row),
            xycoords="figure points",
            textcoords="figure points",
            ha="center",
            va="center",
            fontsize=font,
            color=INK if name in known else GREY,
            arrowprops={"arrowstyle": "-", "color": "0.5", "linewidth": 0.5} if far > 12 else None,
            zorder=4,
        )
        label.set_path_effects([patheffects.withStroke(linewidth=2, foreground="white", alpha=0.8)])


def _around(
    x: float, y: float, width: float, height: float
) -> Iterator[tuple[float, float, float]]:
    """Places for a name around a point: its centre, and the gap to the point."""
    for gap in (6, 9, 13, 20, 30, 42, 56):
        for angle in np.linspace(0, 2 * math.pi, 24, endpoint=False):
            across, up = math.cos(angle), math.sin(angle)
            yield x + across * (gap + width / 2), y + up * (gap + height / 2), gap


def _along(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> list[Box]:
    """A line as a row of small boxes."""
    ends = np.array([_points(axes, *start), _points(axes, *end)])
    count = 2 + int(np.linalg.norm(ends[1] - ends[0]) / 4)
    return [_box(x, y, 2, 2) for x, y in np.linspace(ends[0], ends[1], count)[2:]]


def _points(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """A place on the wheel in points from the figure's lower left."""
    column, row = axes.transData.transform((x, y)) * 72 / axes.figure.dpi
    return float(column), float(row)


def _size(text: str, font: float) -> tuple[float, float]:
    """Width and height of a line of text in points."""
    width = TextPath((0, 0), text, prop=FontProperties(size=font)).get_extents().width
    return float(width) + 2, font * 1.15


def _box(x: float, y: float, width: float, height: float) -> Box:
    """Left, bottom, right and top of a box around a place."""
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _overlap(first: Box, second: Box) -> float:
    """Area that two boxes share."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)
