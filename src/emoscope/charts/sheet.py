"""All charts on one sheet, for files that hold a single drawing."""

from collections.abc import Sequence

from emoscope.charts.palette import SOFT
from emoscope.charts.scene import Scene, Shape, Text, cut, measure_text, wrap_text
from emoscope.charts.view import View

MARGIN, GAP = 24.0, 36.0
WIDEST = 1060.0
"""Width of the sheet, unless a single drawing is wider."""
NARROWEST = 340.0
"""The least width of a chart, for its notes."""


def lay_out_sheet(views: Sequence[View], title: str, summary: str) -> Scene:
    """Lay out charts side by side as far as they fit, then in further rows."""
    blocks = [_lay_out_view(view) for view in views]
    x = y = width = tall = 0.0
    placed: list[tuple[Scene, float, float]] = []
    for block in blocks:
        if x and x + block.width > WIDEST:
            x, y, tall = 0.0, y + tall + GAP, 0.0
        placed.append((block, x, y))
        x, tall = x + block.width + GAP, max(tall, block.height)
        width = max(width, x - GAP)
    width = max(
        width, measure_text(cut(title, WIDEST, 20), 20), measure_text(summary, 12), NARROWEST
    )
    down = MARGIN + 64
    shapes: list[Shape] = [
        Text((MARGIN, MARGIN + 18), cut(title, WIDEST, 20), 20, bold=True),
        Text((MARGIN, MARGIN + 40), summary, 12, colour=SOFT),
    ]
    for block, right, below in placed:
        shapes += block.moved(MARGIN + right, down + below)
    return Scene(width + 2 * MARGIN, down + y + tall + MARGIN, tuple(shapes), title)


def _lay_out_view(view: View) -> Scene:
    """Lay out one chart with its title and notes."""
    drawn = _lay_out_scenes(view.scenes)
    width = max(NARROWEST, drawn.width)
    shapes: list[Shape] = [Text((0, 14), view.title, 15, bold=True)]
    y = 22.0
    for line in (line for note in view.notes for line in wrap_text(note, min(width, 640), 11)):
        y += 15
        shapes.append(Text((0, y), line, 11, colour=SOFT))
    y += 14
    return Scene(width, y + drawn.height, (*shapes, *drawn.moved(0, y)))


def _lay_out_scenes(scenes: Sequence[Scene]) -> Scene:
    """Lay out drawings in rows; up to three drawings go below each other."""
    columns = 1 if len(scenes) <= 3 else max(1, int(WIDEST // (scenes[0].width + 16)))
    shapes: list[Shape] = []
    x = y = width = tall = 0.0
    for at, scene in enumerate(scenes):
        if at and at % columns == 0:
            x, y, tall = 0.0, y + tall + 16, 0.0
        shapes += scene.moved(x, y)
        x, tall = x + scene.width + 16, max(tall, scene.height)
        width = max(width, x - 16)
    return Scene(width, y + tall, tuple(shapes))
