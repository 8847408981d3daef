"""What all matplotlib plots share: plain axes and atomic saving, without pyplot's globals."""

import warnings
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from emoscope.charts.raster import find_fonts
from emoscope.charts.suffix import find_picture_format
from emoscope.files import written_aside

DOTS = 130
"""Resolution of PNG files, in dots per inch."""
# No date and no random ids: the same figure gives the same bytes.
METADATA: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def quiet_axes(axes: Axes, grid: Literal["both", "x", "y"] = "both") -> None:
    """Remove the upper and right sides of the frame, and draw a faint grid.

    Args:
        axes: the axes of a plot.
        grid: the axis whose grid lines are drawn.
    """
    axes.grid(alpha=0.25, axis=grid)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def save(figure: Figure, path: Path) -> None:
    """Write a figure, whole or not at all.

    Args:
        figure: the figure.
        path: the file, a PNG, SVG or PDF by its suffix; its folder is made if there is none.

    Raises:
        InputError: the suffix is another.
    """
    file_format = find_picture_format(path)
    FigureCanvasAgg(figure)
    texts: list[Any] = figure.findobj(Text)
    fonts = find_fonts(text.get_text() for text in texts)
    for text in texts if len(fonts) > 1 else ():
        text.set_fontfamily(fonts)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Type 42 (TrueType): the text of a PDF can be searched and copied.
    settings = mpl.rc_context({"svg.hashsalt": "emoscope", "pdf.fonttype": 42})
    with written_aside(path) as partial, warnings.catch_warnings(), settings:
        # A character that no font has is drawn as a box, which can be seen; no warning is needed.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(partial, format=file_format, dpi=DOTS, metadata=METADATA.get(file_format))
