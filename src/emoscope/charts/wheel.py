"""Plutchik's wheel: a petal for each of its emotions, as large as its share of the texts."""

import math

from emoscope.charts.palette import INK, LINE, SOFT
from emoscope.charts.scene import Anchor, Area, Line, Point, Scene, Shape, Text, find_scale_top
from emoscope.charts.tally import Tally
from emoscope.charts.view import Table, View
from emoscope.charts.words import (
    format_count,
    format_percent,
    format_round_percent,
    isolate,
    list_names,
)
from emoscope.plutchik import PRIMARY, WHEEL, angle_of

WIDTH, HEIGHT, RADIUS = 340.0, 310.0, 108.0
CENTRE = WIDTH / 2, HEIGHT / 2
WIDEST, NARROW = 0.24, 0.11
"""Half the width of a petal, as a share of its length: of a primary emotion, and of a dyad."""


def make_wheel_view(tally: Tally) -> View:
    """Show the wheel, and name the labels that are not on it."""
    labels: dict[str, list[str]] = {}
    for name, place in zip(tally.taxonomy.names, tally.places, strict=True):
        if place is not None:
            labels.setdefault(place, []).append(name)
    title = "Plutchik's wheel"
    if not labels:
        return View(title, ("None of the labels has a place on the wheel.",), (), ())
    left_out = [n for n, place in zip(tally.taxonomy.names, tally.places, strict=True) if not place]
    notes = ["The area of a petal is the share of the texts that have a label of its emotion."]
    if others := [
        f"{list_names([name for name in names if name.casefold() != place])} as {place}"
        for place, names in labels.items()
        if any(name.casefold() != place for name in names)
    ]:
        notes.append(f"Where the names differ, they are counted so: {'; '.join(others)}.")
    if left_out:
        notes.append(f"Without a place on the wheel, and left out: {list_names(left_out)}.")
    rows = tuple(
        (
            place,
            f"{tally.on_wheel[at]:,}",
            format_percent(tally.on_wheel[at] / max(tally.texts, 1)),
            ", ".join(map(isolate, labels[place])),
        )
        for at, place in enumerate(WHEEL)
        if place in labels
    )
    table = Table("Emotions of the wheel", ("emotion", "texts", "share of texts", "labels"), rows)
    return View(title, tuple(notes), (_draw_wheel(tally, labels),), (table,))


def _draw_wheel(tally: Tally, labels: dict[str, list[str]]) -> Scene:
    shares = [float(count / max(tally.texts, 1)) for count in tally.on_wheel]
    top = find_scale_top(shares)
    shapes: list[Shape] = []
    # Half the radius is a quarter of the area.
    shapes += [Line(_make_ring(RADIUS * part), LINE, 1) for part in (0.5, 1.0)]
    for at, place in enumerate(WHEEL):
        if place in PRIMARY or place in labels:
            shapes += _draw_petal(
                at, shares[at], top, _make_title(tally, at, labels.get(place, []))
            )
    # The numbers of the scale are at a dyad without a label, if there is one: there is no petal.
    dyads = [at for at in (3, 5, 1, 7, 15, 9, 13, 11) if WHEEL[at] not in labels]
    for part in (0.5, 1.0):
        x, y = _find_point(angle_of(WHEEL[(dyads or [3])[0]]), RADIUS * part)
        shapes.append(Text((x, y + 3), format_round_percent(top * part**2), 9, "middle", SOFT))
    for at, place in enumerate(WHEEL):
        if place in PRIMARY or place in labels:
            shapes += _draw_name(at, format_percent(shares[at]) if place in labels else "no label")
    return Scene(WIDTH, HEIGHT, tuple(shapes), "Shares of texts on Plutchik's wheel of emotions")


def _draw_petal(at: int, share: float, top: float, title: str) -> list[Shape]:
    """Draw a petal on a pale petal of full size."""
    primary = PRIMARY.get(WHEEL[at])
    colour = primary or _mix_colours(PRIMARY[WHEEL[at - 1]], PRIMARY[WHEEL[(at + 1) % len(WHEEL)]])
    width = WIDEST if primary else NARROW
    angle = angle_of(WHEEL[at])
    grown = _make_leaf(angle, RADIUS * math.sqrt(share / top), width)
    whole = _make_leaf(angle, RADIUS, width)
    shapes: list[Shape] = [Area(whole, colour, 0.13)]
    if share:
        shapes.append(Area(grown, colour, round(0.6 + 0.35 * share / top, 2)))
        shapes.append(Line((*grown, grown[0]), colour, 1))
    return [*shapes, Area(whole, INK, 0, title)]


def _draw_name(at: int, share: str) -> list[Shape]:
    """Write an emotion and its share outside the wheel."""
    angle = angle_of(WHEEL[at])
    primary = WHEEL[at] in PRIMARY
    x, y = _find_point(angle, RADIUS + 8)
    across, up = math.cos(angle), math.sin(angle)
    anchor: Anchor = "middle" if abs(across) < 0.2 else "start" if across > 0 else "end"
    size = 12.0 if primary else 10.0
    # Both lines are above the point at the top of the wheel, and below it at the bottom.
    first = y + 0.35 * size - size * 0.65 - up * size * 0.9
    return [
        Text((x, first), WHEEL[at], size, anchor, INK if primary else SOFT, primary),
        Text((x, first + size * 1.15), share, size - 1, anchor, SOFT),
    ]


def _make_title(tally: Tally, at: int, labels: list[str]) -> str:
    if not labels:
        return f"{WHEEL[at]}: no label of the taxonomy"
    count = int(tally.on_wheel[at])
    share = format_percent(count / max(tally.texts, 1))
    return f"{WHEEL[at]}: {format_count(count, 'text')}, {share} ({list_names(labels)})"


def _make_leaf(angle: float, length: float, width: float) -> tuple[Point, ...]:
    """Corners of a petal that starts at the centre."""
    steps = [step / 16 for step in range(17)]
    side = [(length * t, width * length * math.sin(math.pi * t**1.35)) for t in steps]
    outline = [*side, *((along, -aside) for along, aside in side[-2:0:-1])]
    return tuple(
        _find_point(angle + math.atan2(aside, along), math.hypot(along, aside))
        for along, aside in outline
    )


def _make_ring(radius: float) -> tuple[Point, ...]:
    return tuple(_find_point(math.tau * step / 72, radius) for step in range(73))


def _find_point(angle: float, radius: float) -> Point:
    """A point of the wheel; fear is on the right, joy at the top."""
    return CENTRE[0] + radius * math.cos(angle), CENTRE[1] - radius * math.sin(angle)


def _mix_colours(first: str, second: str) -> str:
    pairs = [(int(first[at : at + 2], 16), int(second[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{(a + b) // 2:02x}" for a, b in pairs)
