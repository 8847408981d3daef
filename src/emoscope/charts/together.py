"""Which labels are given together more or less often than by chance."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.charts.order import order_by_cluster
from emoscope.charts.palette import COOL, INK, LINE, SOFT, WARM
from emoscope.charts.scene import Scene, Shape, Text, box, cut, measure_widest
from emoscope.charts.tally import Tally
from emoscope.charts.view import MOST_LABELS, Table, View, order_by_share
from emoscope.charts.words import format_count, format_short, isolate

Floats = NDArray[np.floating[Any]]

# Largest number of labels, pixels of a cell, font size of its number.
SIZES = ((6, 36.0, 11.0), (12, 32.0, 10.0), (30, 22.0, 8.0), (MOST_LABELS, 14.0, 0.0))
STRONGEST = 0.75
"""Opacity of the strongest colour: text on it can be read, on light and on dark screens."""
MOST_PAIRS = 100


def make_pairs_view(tally: Tally) -> View | None:
    """Show a matrix of the correlations of labels; None where labels are exclusive."""
    if tally.taxonomy.exclusive:
        return None
    title = "Labels that go together"
    phi = tally.phi()
    varying = [k for k in order_by_share(tally) if np.isfinite(phi[k, k])]
    if len(varying) < 2:
        return View(title, ("There are no two labels that some texts have and some lack.",), (), ())
    shown = varying[:MOST_LABELS]
    shown = [shown[at] for at in order_by_cluster(phi[np.ix_(shown, shown)])]
    notes = [
        "Correlation φ of two labels over the texts: orange pairs are given together more often "
        "than if the labels were independent, blue ones less often. Labels that go together stand "
        "side by side."
    ]
    if len(varying) > len(shown):
        notes.append(f"The {len(shown)} most frequent of {len(varying)} labels are drawn.")
    if constant := len(phi) - len(varying):
        which = "that all texts have, or none,"
        notes.append(
            f"{format_count(constant, f'label {which} is', f'labels {which} are')} left out."
        )
    scene = _draw_matrix(tally, phi, shown)
    return View(title, tuple(notes), (scene,), (_list_pairs(tally, phi, varying),))


def _draw_matrix(tally: Tally, phi: Floats, shown: list[int]) -> Scene:
    count = len(shown)
    cell, font = next((size, font) for most, size, font in SIZES if count <= most)
    names = [tally.taxonomy.names[k] for k in shown]
    # Slanted names are closer to each other than the cells, by a factor of √2.
    size, leaning = min(12.0, cell - 2), min(12.0, 0.65 * cell)
    room = measure_widest(names, size, 110) + 6
    # Names above the columns are slanted to the right, beyond the last column.
    lean = 0.71 * room
    limit = max(0.05, float(np.abs(phi[np.ix_(shown, shown)][~np.eye(count, dtype=bool)]).max()))
    expected, lift = tally.expected(), tally.lift()
    shapes: list[Shape] = []
    for row, (k, name) in enumerate(zip(shown, names, strict=True)):
        y = lean + row * cell
        short = cut(name, room - 6, size)
        title = "" if short == name else name
        shapes.append(
            Text((room - 6, y + cell / 2 + 0.35 * size), short, size, "end", INK, title=title)
        )
        above = room + row * cell + cell / 2 + 0.35 * leaning, lean - 6
        shapes.append(Text(above, short, leaning, turn=45, title=title))
        for column, other in enumerate(shown):
            x, value = room + column * cell, float(phi[k, other])
            if k == other:
                shapes.append(box((x, y), (cell - 1, cell - 1), LINE, 0.6))
                continue
            notes = (
                f"{isolate(name)} and {isolate(names[column])}: "
                f"{format_count(int(tally.together[k, other]), 'text')}, "
                f"{expected[k, other]:,.1f} expected, {lift[k, other]:.2f} times; φ {value:.2f}"
            )
            shapes.append(_draw_cell(x, y, cell - 1, value, limit, notes))
            if font:
                middle = x + (cell - 1) / 2, y + (cell - 1) / 2 + 0.35 * font
                shapes.append(Text(middle, format_short(value), font, "middle"))
    width = max(room + count * cell + lean, 200.0)
    below = lean + count * cell + 14
    shapes += _draw_scale(room, below, limit)
    return Scene(width, below + 30, tuple(shapes), "Correlations of labels")


def _draw_cell(
    x: float, y: float, size: float, value: float, limit: float, title: str = ""
) -> Shape:
    opacity = STRONGEST * min(1.0, abs(value) / limit)
    # A cell with an opacity of 0 would not be painted.
    return box(
        (x, y), (size, size), WARM if value > 0 else COOL, max(0.02, round(opacity, 2)), title
    )


def _draw_scale(x: float, y: float, limit: float) -> list[Shape]:
    """Draw the colour scale."""
    steps = 9
    shapes: list[Shape] = [
        _draw_cell(x + 14 * at, y, 14, limit * (2 * at / (steps - 1) - 1), limit)
        for at in range(steps)
    ]
    for at, value in ((0, -limit), (steps // 2, 0.0), (steps - 1, limit)):
        shapes.append(Text((x + 14 * at + 7, y + 26), format_short(value), 10, "middle", SOFT))
    return shapes


def _list_pairs(tally: Tally, phi: Floats, varying: list[int]) -> Table:
    """A table of the pairs with the strongest correlations."""
    pairs = [(a, b) for at, a in enumerate(varying) for b in varying[at + 1 :]]
    pairs.sort(key=lambda pair: -abs(phi[pair]))
    names, expected, lift = tally.taxonomy.names, tally.expected(), tally.lift()
    caption = "Pairs of labels, the strongest correlations first"
    if len(pairs) > MOST_PAIRS:
        caption += f"; {MOST_PAIRS} of {len(pairs):,}"
    return Table(
        caption,
        ("labels", "texts with both", "expected", "times", "PMI", "φ"),
        tuple(
            (
                f"{isolate(names[a])} + {isolate(names[b])}",
                f"{tally.together[a, b]:,}",
                f"{expected[a, b]:,.1f}",
                f"{lift[a, b]:.2f}",
                f"{np.log2(lift[a, b]):.2f}" if lift[a, b] else "−∞",
                f"{phi[a, b]:.2f}",
            )
            for a, b in pairs[:MOST_PAIRS]
        ),
    )
