"""A drawing as a few kinds of shapes, which SVG and matplotlib paint alike.

Lengths are in CSS pixels, y grows downwards. Text is measured by a rule of thumb, as an
installation without matplotlib has no font to ask.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from emoscope.charts.palette import INK
from emoscope.charts.words import isolated

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon.

    Attributes:
        points: its corners.
        fill: a colour, `#rrggbb` or a key of `palette.THEME`.
        opacity: in [0, 1]; at 0 it only carries a title.
        title: what a pointer over it tells.
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
        turn: degrees that it is turned anticlockwise about `at`.
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
        label: what a reader who cannot see it is told; the figures are in tables.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
    label: str = ""

    def moved(self, right: float, down: float) -> list[Shape]:
        """The shapes elsewhere."""

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
    """A rectangle by its upper left corner, and its width and height."""
    (x, y), (width, height) = at, size
    corners = (x, y), (x + width, y), (x + width, y + height), (x, y + height)
    return Area(corners, fill, opacity, title)


def text_width(text: str, size: float) -> float:
    """About how wide a line of text is; rather too much than too little."""
    return size * sum(_ems(char) for char in text)


def cut(text: str, width: float, size: float) -> str:
    """The text, or as much of its start as fits, with an ellipsis."""
    if text_width(text, size) <= width:
        return text
    left = width / size - _ems("…")
    kept = 0
    for char in text:
        left -= _ems(char)
        if left < 0:
            break
        kept += 1
    return isolated(text[:kept].rstrip() + "…")


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Lines of a text that are no wider than this, but for words that are."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(cut(word, width, size))
    return lines


def widest(texts: Iterable[str], size: float, most: float) -> float:
    """Room for the longest of some texts, up to a bound."""
    return min(most, max((text_width(text, size) for text in texts), default=0.0))


def top_of(shares: Sequence[float]) -> float:
    """A round share that none of some shares is above: 0.001, 0.002, 0.005, 0.01, …, 1."""
    most = max(shares, default=0.0)
    rounds = (step * 10.0**power for power in (-3, -2, -1) for step in (1, 2, 5))
    return next((limit for limit in rounds if most <= limit), 1.0)


def _ems(char: str) -> float:
    """Width of a character in sizes of the font."""
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char in " .,:;'|!ijlI()[]‘’·":
        return 0.36
    return 0.88 if char in "mwMW@%<>+=~" else 0.6 if char.islower() or char.isdigit() else 0.7
