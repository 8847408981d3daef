"""What every plot shares: palette, quiet axes, safe saving; matplotlib without pyplot's globals."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from emoscope.files import written_aside

# Okabe & Ito's palette: distinct under the common kinds of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def quiet(axes: Axes) -> None:
    """Remove the frame that carries nothing and draw a faint grid."""
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as partial:
        figure.savefig(partial, format="png", dpi=130)
