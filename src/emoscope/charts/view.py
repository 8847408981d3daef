"""What one chart consists of."""

from dataclasses import dataclass

import numpy as np

from emoscope.charts.scene import Scene
from emoscope.charts.tally import Tally

MOST_LABELS = 60
"""Labels that a drawing shows, at most; tables have all."""


@dataclass(frozen=True)
class Table:
    """A table of numbers.

    Attributes:
        caption: caption of the table.
        header: names of the columns; the first column holds words, the others numbers.
        rows: the cells of each row.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class View:
    """One way to look at a tally.

    Attributes:
        title: title of the chart.
        notes: sentences on how to read the chart, and on what it leaves out.
        scenes: the drawing, or small drawings to be laid side by side.
        tables: the numbers of the chart.
    """

    title: str
    notes: tuple[str, ...]
    scenes: tuple[Scene, ...]
    tables: tuple[Table, ...]


def order_by_share(tally: Tally) -> list[int]:
    """Indices of the labels, from the most to the least frequent."""
    return [int(k) for k in np.argsort(-tally.given, kind="stable")]
