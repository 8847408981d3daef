"""All pictures on one sheet, for files that hold a single drawing."""

from collections.abc import Sequence

from emoscope.charts.palette import SOFT
from emoscope.charts.scene import Scene, Shape, Text, cut, text_width, wrapped
from emoscope.charts.view import View

MARGIN, GAP = 24.0, 36.0
WIDEST = 1060.0
"""Of the sheet, unless a single drawing is wider."""
NARROWEST = 340.0
"""Of a picture: what its words need."""


def sheet(views: Sequence[View], title: str, summary: str) -> Scene:
    """Pictures side by side as far as they fit, then below each other."""
    blocks = [_block(view) for view in views]
    x = y = width = tall = 0.0
    placed: list[tuple[Scene, float, float]] = []
    for block in blocks:
        if x and x + block.width > WIDEST:
            x, y, tall = 0.0, y + tall + GAP, 0.0
        placed.append((block, x, y))
        x, tall = x + block.width + GAP, max(tall, block.height)
        width = max(width, x - GAP)
    width = max(width, text_width(cut(title, WIDEST, 20), 20), text_width(summary, 12), NARROWEST)
    down = MARGIN + 64
    shapes: list[Shape] = [
        Text((MARGIN, MARGIN + 18), cut(title, WIDEST, 20), 20, bold=True),
        Text((MARGIN, MARGIN + 40), summary, 12, colour=SOFT),
    ]
    for block, right, below in placed:
        shapes += block.moved(MARGIN + right, down + below)
    return Scene(width + 2 * MARGIN, down + y + tall + MARGIN, tuple(shapes), title)


def _block(view: View) -> Scene:
    """A picture with its title and what is told of it."""
    drawn = _grid(view.scenes)
    width = max(NARROWEST, drawn.width)
    shapes: list[Shape] = [Text((0, 14), view.title, 15, bold=True)]
    y = 22.0
    for line in (line for note in view.notes for line in wrapped(note, min(width, 640), 11)):
        y += 15
        shapes.append(Text((0, y), line, 11, colour=SOFT))
    y += 14
    return Scene(width, y + drawn.height, (*shapes, *drawn.moved(0, y)))


def _grid(scenes: Sequence[Scene]) -> Scene:
    """Small drawings in rows; two or three below each other."""
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
