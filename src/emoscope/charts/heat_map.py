"""A matrix as a heat map: correlations of labels, or which labels are predicted for which."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from emoscope.charts.palette import INK, SOFT, THEME
from emoscope.charts.words import format_round_percent, measure_name, wrap_name

Floats = NDArray[np.floating[Any]]

# Largest number of rows or columns, inches of a cell, points of its number.
SIZES = ((6, 0.62, 10.0), (8, 0.6, 9.0), (15, 0.47, 8.0), (math.inf, 0.33, 6.5))
MOST_IN_LINES = 15
"""Up to this number of rows or columns, a long name has two lines."""
SMALLEST = 8.0
"""The least font size of the names, in points."""
WEAKEST = 0.05
"""The strongest colour never stands for a correlation weaker than this."""


@dataclass(frozen=True)
class HeatMap:
    """What a heat map shows.

    Attributes:
        values: the value of each cell, (R, C); a cell with NaN stays grey.
        rows: names of the R rows.
        columns: names of the C columns.
        kind: `share`: values in [0, 1], the higher the darker; `correlation`: values in [-1, 1],
            red above 0 and blue below, the strongest colour for the strongest value.
        numbers: the text in each cell, R lists of C; a text may have several lines.
        title: title above the map.
        note: a line in small print below the title.
        unit: title of the colour bar.
        row_title: title of the axis of rows.
        column_title: title of the axis of columns.
    """

    values: Floats
    rows: Sequence[str]
    columns: Sequence[str]
    kind: Literal["share", "correlation"]
    numbers: Sequence[Sequence[str]]
    title: str = ""
    note: str = ""
    unit: str = ""
    row_title: str = ""
    column_title: str = ""


def draw_heat_map(heat_map: HeatMap) -> Figure:
    """Draw a matrix as coloured cells with numbers; cells of the diagonal have a frame.

    Args:
        heat_map: what to draw.
    """
    heat_map = _with_names_that_fit(heat_map)
    cell, font = _find_cell_size(heat_map)
    name_font = max(font, SMALLEST)
    figure = Figure(figsize=_find_figure_size(heat_map, cell, name_font), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("0.9")
    image = _draw_cells(axes, heat_map)
    axes.set_xticks(
        range(len(heat_map.columns)),
        heat_map.columns,
        rotation=45,
        ha="right",
        rotation_mode="anchor",
    )
    axes.set_yticks(range(len(heat_map.rows)), heat_map.rows)
    axes.tick_params(length=0, labelsize=name_font)
    axes.set_xlabel(heat_map.column_title, fontsize=9)
    axes.set_ylabel(heat_map.row_title, fontsize=9)
    axes.spines[:].set_visible(False)
    _write_numbers(axes, image, heat_map, font)
    axes.set_title(heat_map.title + ("\n" if heat_map.note else ""), loc="left", fontsize=11)
    if heat_map.note:
        axes.text(
            0,
            1.01,
            heat_map.note,
            transform=axes.transAxes,
            fontsize=8,
            color=THEME[SOFT],
            va="bottom",
        )
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=25, label=heat_map.unit)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=0)
    if heat_map.kind == "share":
        bar.ax.yaxis.set_major_formatter(lambda share, _: format_round_percent(round(share, 3)))
    return figure


def _with_names_that_fit(heat_map: HeatMap) -> HeatMap:
    """The same with long names in two lines, or in one where there are many."""
    lines = 2 if max(len(heat_map.rows), len(heat_map.columns)) <= MOST_IN_LINES else 1

    def fit(names: Sequence[str]) -> list[str]:
        return [wrap_name(name, lines=lines) for name in names]

    return replace(heat_map, rows=fit(heat_map.rows), columns=fit(heat_map.columns))


def _find_cell_size(heat_map: HeatMap) -> tuple[float, float]:
    """Inches of a cell into which its number fits, and points of the number."""
    count = max(len(heat_map.rows), len(heat_map.columns))
    cell, font = next((cell, font) for most, cell, font in SIZES if count <= most)
    texts = [text for row in heat_map.numbers for text in row]
    wide = max((len(line) for text in texts for line in text.split("\n")), default=0)
    high = max((text.count("\n") + 1 for text in texts), default=0)
    # A digit is 0.64 of the font size wide, a line 1.25 of it high.
    return max(cell, (0.64 * wide + 1) * font / 72, (1.25 * high + 1) * font / 72), font


def _find_figure_size(heat_map: HeatMap, cell: float, font: float) -> tuple[float, float]:
    """Width and height of the figure in inches, with names, titles and colour bar."""
    rows, columns = (
        max(measure_name(name)[0] for name in names) for names in (heat_map.rows, heat_map.columns)
    )
    wide = cell * len(heat_map.columns) + 0.0105 * font * rows + 1.9
    high = cell * len(heat_map.rows) + 0.0075 * font * columns + 1.2
    return max(wide, 5.2), high


def _draw_cells(axes: Axes, heat_map: HeatMap) -> AxesImage:
    """Colour the cells, and frame those of the diagonal."""
    values = heat_map.values
    if heat_map.kind == "share":
        image = axes.imshow(values, cmap="Blues", vmin=0, vmax=1)
    else:
        limit = max(WEAKEST, float(np.nanmax(np.abs(values), initial=0.0)))
        image = axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit)
    for place, value in enumerate(np.diagonal(values)):
        if not np.isnan(value):
            corner = place - 0.5, place - 0.5
            frame = Rectangle(corner, 1, 1, fill=False, edgecolor="0.4", linewidth=0.8)
            axes.add_patch(frame)
    return image


def _write_numbers(axes: Axes, image: AxesImage, heat_map: HeatMap, font: float) -> None:
    """Write the numbers, white on dark cells and dark on light ones."""
    # Perceived brightness: red, green and blue have different weights.
    brightness = image.to_rgba(heat_map.values)[..., :3] @ (0.299, 0.587, 0.114)
    for (row, column), value in np.ndenumerate(heat_map.values):
        if np.isnan(value) or not heat_map.numbers[row][column]:
            continue
        axes.text(
            column,
            row,
            heat_map.numbers[row][column],
            ha="center",
            va="center",
            fontsize=font,
            color="white" if brightness[row, column] < 0.55 else THEME[INK],
            in_layout=False,
        )
