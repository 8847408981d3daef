"""A drawing as a few kinds of shapes, which are painted as SVG or by matplotlib.

Lengths are in CSS pixels; y grows downwards. Widths of text are estimates, as an installation
without matplotlib has no fonts to measure.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from emoscope.charts.palette import INK
from emoscope.charts.words import isolate

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon.

    Attributes:
        points: the corners.
        fill: a colour, `#rrggbb` or a key of `palette.THEME`.
        opacity: in [0, 1]; an area with 0 is only there for its tooltip.
        title: the tooltip.
    """

    points: tuple[Point, ...]
    fill: str
    opacity: float = 1.0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points."""

    points: tuple[Point, ...]
    colour: str = INK
    width: float = 1.0
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `at` is where its baseline starts, has its middle, or ends.

    Attributes:
        turn: rotation about `at`, in degrees, anticlockwise.
        title: the tooltip.
    """

    at: Point
    content: str
    size: float = 12.0
    anchor: Anchor = "start"
    colour: str = INK
    bold: bool = False
    turn: float = 0.0
    title: str = ""


Shape = Area | Line | Text


@dataclass(frozen=True, slots=True)
class Scene:
    """Shapes, painted in their order.

    Attributes:
        label: a description for screen readers; the numbers are in tables.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
    label: str = ""

    def moved(self, right: float, down: float) -> list[Shape]:
        """The shapes moved to the right and down."""

        def there(point: Point) -> Point:
            return point[0] + right, point[1] + down

        return [
            replace(shape, at=there(shape.at))
            if isinstance(shape, Text)
            else replace(shape, points=tuple(map(there, shape.points)))
            for shape in self.shapes
        ]


def box(
    at: tuple[float, float],
    size: tuple[float, float],
    fill: str,
    opacity: float = 1,
    title: str = "",
) -> Area:
    """A rectangle from its upper left corner and its width and height."""
    (x, y), (width, height) = at, size
    corners = (x, y), (x + width, y), (x + width, y + height), (x, y + height)
    return Area(corners, fill, opacity, title)


def measure_text(text: str, size: float) -> float:
    """Estimate the width of a line of text, rather too wide than too narrow."""
    return size * sum(_measure_character(char) for char in text)


def cut(text: str, width: float, size: float) -> str:
    """Cut a text to a width, with an ellipsis if something is cut off."""
    if measure_text(text, size) <= width:
        return text
    left = width / size - _measure_character("…")
    kept = 0
    for char in text:
        left -= _measure_character(char)
        if left < 0:
            break
        kept += 1
    return isolate(text[:kept].rstrip() + "…")


def wrap_text(text: str, width: float, size: float) -> list[str]:
    """Break a text into lines of a width; a word that is wider is cut."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and measure_text(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(cut(word, width, size))
    return lines


def measure_widest(texts: Iterable[str], size: float, most: float) -> float:
    """The width of the widest of some texts, at most `most`."""
    return min(most, max((measure_text(text, size) for text in texts), default=0.0))


def find_scale_top(shares: Sequence[float]) -> float:
    """The least round number that is not below any share: 0.001, 0.002, 0.005, 0.01, …, 1."""
    most = max(shares, default=0.0)
    rounds = (step * 10.0**power for power in (-3, -2, -1) for step in (1, 2, 5))
    return next((limit for limit in rounds if most <= limit), 1.0)


def _measure_character(char: str) -> float:
    """Estimate the width of a character in multiples of the font size."""
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char in " .,:;'|!ijlI()[]‘’·":
        return 0.36
    return 0.88 if char in "mwMW@%<>+=~" else 0.6 if char.islower() or char.isdigit() else 0.7
