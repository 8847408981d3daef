"""Texts and scores as a terminal shows them: on one line, without what controls a terminal."""

import json
import re
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from emoscope.charts.page import printable
from emoscope.inference.ranking import Score
from emoscope.jobs.preview import Preview
from emoscope.jobs.source import Item

LONGEST = 500
"""Characters of a text that are shown, before it is cut to the width of the terminal."""

LONGEST_LABEL = 30
LEAST_TEXT = 20
LABELS_OF_ROW = 3
BAR = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"
# They turn the direction of what follows them, beyond the text that they are in.
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def to_line(text: str, longest: int = LONGEST) -> str:
    """A text on one line, cut, and without control characters."""
    cut = text[: 4 * longest]
    line = " ".join(printable(_DIRECTIONS.sub("", cut)).split())
    return line if len(line) <= longest and len(cut) == len(text) else f"{line[: longest - 1]}…"


def make_console() -> Console:
    """The console of stdout; what its encoding lacks, as emoji in Latin-1, is shown by its code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return Console(highlight=False, markup=False, emoji=False)


def to_json(values: Any) -> str:
    """A line of JSON that the encoding of stdout can hold."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    return json.dumps(values, ensure_ascii=not encoding.startswith("utf"))


def make_bars(console: Console, text: str, scores: Sequence[Score], given: set[str]) -> Text:
    """A text and below it a bar for each label; those that are given are marked.

    Args:
        console: where they are printed.
        text: the text.
        scores: the labels that are shown.
        given: names of the labels that the model gives.
    """
    plain = console.options.ascii_only
    width = max((len(to_line(score.label, LONGEST_LABEL)) for score in scores), default=0)
    bar = max(5, min(BAR, console.width - width - 9))
    shown = Text(no_wrap=True, overflow="ellipsis")
    shown.append(to_line(text, max(20, console.width)) + "\n", style="bold")
    for score in scores:
        chosen = score.label in given
        mark = ("*" if plain else "●") if chosen else " "
        name = to_line(score.label, LONGEST_LABEL).ljust(width)
        line = f" {mark} {name} {score.probability:.2f} {_draw_bar(score.probability, bar, plain)}"
        shown.append(line.rstrip() + "\n", style="green" if chosen else "")
    return shown


def _draw_bar(share: float, width: int, plain: bool) -> str:
    """A bar of a length in eighths of a character, or in whole ones where there are no eighths."""
    if plain:
        return "#" * round(share * width)
    whole, eighths = divmod(round(share * width * 8), 8)
    return "█" * whole + _EIGHTHS[eighths].strip()


def make_preview_table(preview: Preview, width: int) -> Table:
    """The rows of a preview: the text, and the labels given with their probabilities.

    Args:
        preview: the rows.
        width: of the terminal; texts are cut to what the other columns leave.
    """
    rows = [
        _make_error_cells(item) if item.error is not None else _make_cells(item, scores, given)
        for item, scores, given in zip(preview.items, preview.scores, preview.given, strict=True)
    ]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    header = [Text("text"), Text("labels"), Text("probability")]
    others = sum(max(row[place].cell_len for row in (header, *rows)) + 2 for place in (1, 2))
    for place, name in enumerate(header):
        most = max(LEAST_TEXT, width - others) if place == 0 else None
        table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=most)
    for row in rows:
        table.add_row(*row)
    return table


def _make_cells(item: Item, scores: Sequence[Score], given: set[str]) -> list[Text]:
    chosen = [score for score in scores if score.label in given]
    shown = chosen[:LABELS_OF_ROW]
    names = ", ".join(to_line(score.label, LONGEST_LABEL) for score in shown)
    more = f" +{len(chosen) - len(shown)}" if len(chosen) > len(shown) else ""
    labels = Text(names + more, style="green") if chosen else Text("none", style="dim")
    numbers = " ".join(f"{score.probability:.2f}" for score in shown)
    return [Text(to_line(" / ".join(item.turns))), labels, Text(numbers)]


def _make_error_cells(item: Item) -> list[Text]:
    error = item.error
    reason = "" if error is None else f"line {error.line}: got {error.fault.came}"
    content = item.content if isinstance(item.content, str) else list(item.content.values())
    return [Text(to_line(str(content))), Text(to_line(reason, 40), style="red"), Text()]
