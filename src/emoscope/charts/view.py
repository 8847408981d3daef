"""What one picture consists of."""

from dataclasses import dataclass

import numpy as np

from emoscope.charts.scene import Scene
from emoscope.charts.tally import Tally

MOST_LABELS = 60
"""Labels that a drawing shows; tables have all."""


@dataclass(frozen=True)
class Table:
    """Figures in rows.

    Attributes:
        caption: what they are.
        header: of the columns; the first is words, the others numbers.
        rows: of cells.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class View:
    """One way to look at a tally.

    Attributes:
        title: of the picture.
        notes: sentences: how to read it, and what it leaves out.
        scenes: the drawing, or small ones to be laid side by side.
        tables: its figures.
    """

    title: str
    notes: tuple[str, ...]
    scenes: tuple[Scene, ...]
    tables: tuple[Table, ...]


def by_share(tally: Tally) -> list[int]:
    """Labels from the most to the least frequent."""
    return [int(k) for k in np.argsort(-tally.given, kind="stable")]
