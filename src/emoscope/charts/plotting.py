"""What every plot by matplotlib shares: quiet axes and safe saving, without pyplot's globals."""

from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from emoscope.files import written_aside

DOTS = 130
"""Dots an inch of a picture made of pixels."""


def quiet_axes(axes: Axes, grid: Literal["both", "x", "y"] = "both") -> None:
    """Remove the sides of the frame that carry nothing, and draw a faint grid.

    Args:
        axes: of a plot.
        grid: of which axis lines are drawn.
    """
    axes.grid(alpha=0.25, axis=grid)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def save(figure: Figure, path: Path, file_format: str = "png") -> None:
    """Write a figure, whole or not at all.

    Args:
        figure: of matplotlib.
        path: of the file; its folder is made if there is none.
        file_format: of the file, whatever its name: `png`, `svg`, `pdf`.
    """
    FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as partial:
        figure.savefig(partial, format=file_format, dpi=DOTS)
