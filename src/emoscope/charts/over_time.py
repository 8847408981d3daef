"""How the share of each label changes over time: a small chart for each label."""

import numpy as np

from emoscope.charts.palette import ACCENT, INK, LINE, SOFT
from emoscope.charts.scene import (
    Area,
    Line,
    Point,
    Scene,
    Shape,
    Text,
    box,
    cut,
    find_scale_top,
    measure_text,
)
from emoscope.charts.tally import Tally
from emoscope.charts.timeline import TimeBins, Timeline
from emoscope.charts.view import MOST_LABELS, Table, View, order_by_share
from emoscope.charts.words import (
    format_brief,
    format_count,
    format_percent,
    format_round_percent,
    isolate,
)

WIDTH, HEIGHT = 234.0, 104.0
LEFT, RIGHT, TOP, BOTTOM = 4.0, 196.0, 24.0, 86.0
"""Sides of the rectangle in which a curve is drawn."""


def make_time_view(tally: Tally) -> View | None:
    """Show the share of each label in each bin of time; None if no dates were added."""
    if tally.timeline is None:
        return None
    bins = tally.timeline.bins()
    sentences, title = _make_notes(tally.timeline, bins), "Over time"
    if bins is None or len(bins.names) < 2:
        return View(title, sentences, (), ())
    order = order_by_share(tally)
    scenes = [_draw_volume(bins)]
    scenes += [
        _draw_panel(bins, k, tally.taxonomy.names[k], float(tally.shares[k]))
        for k in order[:MOST_LABELS]
    ]
    names = tally.taxonomy.names
    rows = tuple(
        (name, f"{texts:,}", *(format_percent(given[k] / texts) if texts else "" for k in order))
        for name, texts, given in zip(bins.names, bins.texts, bins.given, strict=True)
    )
    header = (bins.unit.name.lower(), "texts", *(names[k] for k in order))
    return View(title, sentences, tuple(scenes), (Table("Share of texts by label", header, rows),))


def _make_notes(timeline: Timeline, bins: TimeBins | None) -> tuple[str, ...]:
    notes = timeline.notes()
    if bins is None:
        return ("No text has a date that was read.", *notes)
    if len(bins.names) == 1:
        return (f"All dates that were read are of {bins.names[0]}.", *notes)
    sentences = [
        f"Share of the texts of each {bins.unit.name.lower()} that have the label, with the 95 % "
        "interval that so many texts leave open (Wilson's). Each picture has a scale of its own; "
        "where no text is, the line is broken."
    ]
    for count, where in ((bins.earlier, "before"), (bins.later, "after")):
        if count:
            texts = format_count(
                count, f"text from {where} this time is", f"texts from {where} this time are"
            )
            sentences.append(f"{texts} left out.")
    return (*sentences, *notes)


def _draw_volume(bins: TimeBins) -> Scene:
    """Draw the number of texts in each bin."""
    most = int(bins.texts.max())
    shapes = _draw_frame(
        bins, "all texts", format_count(int(bins.texts.sum()), "text"), format_brief(most)
    )
    step = _find_step(bins)
    for at, (name, count) in enumerate(zip(bins.names, bins.texts, strict=True)):
        tall = (BOTTOM - TOP) * count / most
        x, title = LEFT + at * step, f"{name}: {format_count(int(count), 'text')}"
        shapes.append(box((x, BOTTOM - tall), (0.9 * step, tall), SOFT, 0.6))
        shapes.append(box((x, TOP), (step, BOTTOM - TOP), INK, 0, title))
    return Scene(WIDTH, HEIGHT, tuple(shapes), "Number of texts over time")


def _draw_panel(bins: TimeBins, label: int, name: str, overall: float) -> Scene:
    """Draw the share of one label with its interval."""
    texts = np.maximum(bins.texts, 1)
    given = bins.given[:, label]
    shares = given / texts
    low, high = _compute_wilson_interval(given, texts)
    known = bins.texts > 0
    # The scale fits the shares and most intervals; wide intervals of bins with few texts are cut.
    top = find_scale_top([float(shares[known].max()), float(np.median(high[known]))])
    shapes = _draw_frame(bins, name, format_percent(overall), format_round_percent(top))
    step = _find_step(bins)

    def point(at: int, share: float) -> Point:
        return LEFT + (at + 0.5) * step, BOTTOM - (BOTTOM - TOP) * min(1.0, share / top)

    for run in _find_runs(known):
        if len(run) == 1:
            x, y = point(run[0], float(shares[run[0]]))
            ends = [point(run[0], float(end[run[0]])) for end in (low, high)]
            shapes.append(Line(tuple(ends), ACCENT, 2, 0.2))
            shapes.append(box((x - 1.5, y - 1.5), (3, 3), ACCENT))
            continue
        upper = [point(at, float(high[at])) for at in run]
        lower = [point(at, float(low[at])) for at in reversed(run)]
        shapes.append(Area((*upper, *lower), ACCENT, 0.18))
        shapes.append(Line(tuple(point(at, float(shares[at])) for at in run), ACCENT, 1.6))
    for at in np.flatnonzero(known):
        sentences = f"{bins.names[at]}: {given[at]:,} of {format_count(int(texts[at]), 'text')}, "
        sentences += format_percent(float(shares[at]))
        shapes.append(box((LEFT + at * step, TOP), (step, BOTTOM - TOP), INK, 0, sentences))
    return Scene(WIDTH, HEIGHT, tuple(shapes), f"Share of {isolate(name)} over time")


def _draw_frame(bins: TimeBins, name: str, figure: str, top: str) -> list[Shape]:
    """Draw title, scale and time axis of a small chart."""
    # `measure_text` is for plain letters; bold ones are wider.
    room = (RIGHT - LEFT - measure_text(figure, 11) - 8) / 1.12
    short = cut(name, room, 12)
    shapes: list[Shape] = [
        Text((LEFT, 14), short, 12, bold=True, title="" if short == name else name),
        Text((RIGHT, 14), figure, 11, "end", SOFT),
        Line(((LEFT, TOP), (RIGHT, TOP)), LINE),
        Line(((LEFT, (TOP + BOTTOM) / 2), (RIGHT, (TOP + BOTTOM) / 2)), LINE),
        Line(((LEFT, BOTTOM), (RIGHT, BOTTOM)), SOFT, 0.8),
        Text((LEFT, BOTTOM + 13), bins.names[0], 10, colour=SOFT),
        Text((RIGHT, BOTTOM + 13), bins.names[-1], 10, "end", SOFT),
        Text((RIGHT + 4, TOP + 4), top, 10, colour=SOFT),
        Text((RIGHT + 4, BOTTOM + 3), "0", 10, colour=SOFT),
    ]
    return shapes


def _find_step(bins: TimeBins) -> float:
    return (RIGHT - LEFT) / len(bins.names)


def _find_runs(known: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[list[int]]:
    """Group the bins that have texts into runs without a gap."""
    runs: list[list[int]] = []
    for at in map(int, np.flatnonzero(known)):
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _compute_wilson_interval(
    given: np.ndarray[tuple[int], np.dtype[np.int64]],
    texts: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the 95 % score interval of shares (Wilson 1927, JASA 22)."""
    z = 1.96
    middle = (given + z * z / 2) / (texts + z * z)
    margin = z / (texts + z * z) * np.sqrt(given * (texts - given) / texts + z * z / 4)
    return np.maximum(0.0, middle - margin), np.minimum(1.0, middle + margin)
