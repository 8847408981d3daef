"""How many texts have each label, and how many labels a text has."""

from collections.abc import Sequence
from typing import NamedTuple

from emoscope.charts.palette import ACCENT, INK, LINE, SOFT, WARM
from emoscope.charts.scene import Line, Scene, Shape, Text, box, cut, measure_widest
from emoscope.charts.tally import Tally
from emoscope.charts.view import MOST_LABELS, Table, View, order_by_share
from emoscope.charts.words import format_count, format_percent, isolate

WIDTH, ROW, FONT = 340.0, 20.0, 12.0
MOST_SIZES = 8
"""Up to this number of labels a text there is a bar for each number; the last is "or more"."""


class Bar(NamedTuple):
    """One bar: its name, its length, the place of its mark, and its tooltip."""

    name: str
    share: float
    mark: float | None
    title: str


def make_distribution_view(tally: Tally) -> View:
    """Show the share of texts and the mean probability of each label, and the labels per text."""
    names, shares, means = tally.taxonomy.names, tally.shares, tally.mean_probabilities
    order = order_by_share(tally)
    bars = [
        Bar(
            names[k],
            float(shares[k]),
            float(means[k]),
            f"{isolate(names[k])}: {format_count(int(tally.given[k]), 'text')}, "
            f"{format_percent(shares[k])}; mean probability {means[k]:.3f}",
        )
        for k in order[:MOST_LABELS]
    ]
    notes = ["Bar: share of the texts that have the label. Mark: its mean probability over all."]
    if len(order) > MOST_LABELS:
        notes.append(f"The {MOST_LABELS} most frequent of {len(order)} labels are drawn.")
    scenes = [_draw_bars(bars, "Share of texts by label")]
    tables = [
        Table(
            "Labels",
            ("label", "texts", "share of texts", "mean probability"),
            tuple(
                (names[k], f"{tally.given[k]:,}", format_percent(shares[k]), f"{means[k]:.4f}")
                for k in order
            ),
        )
    ]
    if not tally.taxonomy.exclusive:
        sizes = [(name, count, count / max(tally.texts, 1)) for name, count in _count_sizes(tally)]
        bars = [
            Bar(
                name, share, None, f"{name}: {format_count(count, 'text')}, {format_percent(share)}"
            )
            for name, count, share in sizes
        ]
        scenes.append(_draw_bars(bars, "Share of texts by their number of labels"))
        header = ("labels of a text", "texts", "share of texts")
        rows = tuple((name, f"{count:,}", format_percent(share)) for name, count, share in sizes)
        tables.append(Table("Number of labels", header, rows))
    return View("Distribution", tuple(notes), tuple(scenes), tuple(tables))


def _count_sizes(tally: Tally) -> list[tuple[str, int]]:
    """Count the texts with no label, one, two and so on, up to the largest number that occurs."""
    largest = max((k for k, count in enumerate(tally.sizes) if count), default=0)
    sizes = [("no label", int(tally.sizes[0]))]
    sizes += [
        (format_count(k, "label"), int(tally.sizes[k]))
        for k in range(1, min(largest + 1, MOST_SIZES))
    ]
    if largest >= MOST_SIZES:
        sizes.append((f"{MOST_SIZES} or more", int(tally.sizes[MOST_SIZES:].sum())))
    return sizes


def _draw_bars(bars: Sequence[Bar], label: str) -> Scene:
    """Draw horizontal bars with their names on the left and their shares on the right."""
    names = measure_widest((bar.name for bar in bars), FONT, 130)
    left, room = names + 8, WIDTH - names - 8 - 56
    longest = max(max(bar.share, bar.mark or 0.0) for bar in bars) or 1.0
    shapes: list[Shape] = []
    for at, bar in enumerate(bars):
        y = at * ROW
        length = room * bar.share / longest
        shapes.append(box((left, y + 3), (room, ROW - 6), LINE, 0.35))
        shapes.append(box((left, y + 3), (length, ROW - 6), ACCENT, 0.85))
        if bar.mark is not None:
            x = left + room * bar.mark / longest
            shapes.append(Line(((x, y + 1), (x, y + ROW - 1)), WARM, 2))
        base = y + ROW / 2 + 0.35 * FONT
        shapes.append(Text((names, base), cut(bar.name, names, FONT), FONT, "end", INK))
        shapes.append(Text((WIDTH, base), format_percent(bar.share), FONT - 1, "end", SOFT))
        shapes.append(box((0, y), (WIDTH, ROW), INK, 0, bar.title))
    return Scene(WIDTH, len(bars) * ROW, tuple(shapes), label)
