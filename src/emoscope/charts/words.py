"""Numbers and names as the texts of a chart."""

import unicodedata
from collections.abc import Sequence

MOST_NAMED = 12
"""Names that a sentence lists, at most."""


_DIRECTIONS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def isolate(name: str) -> str:
    """Wrap a name in marks that keep its direction of writing from the rest of the sentence."""
    return f"\u2068{name.translate(_DIRECTIONS)}\u2069"


def format_percent(share: float) -> str:
    """`12.3 %`, `5.0 %`; a share that is not 0 or 1 is never shown as 0 or 100 %."""
    if 0 < share < 0.0005:
        return "<0.1\u00a0%"
    if 0.9995 <= share < 1:
        return ">99.9\u00a0%"
    return f"{100 * share:.1f}\u00a0%"


def format_round_percent(share: float) -> str:
    """`5 %`: a round share, for scales."""
    return f"{100 * share:g}\u00a0%"


def format_short(value: float) -> str:
    """Two decimals without the leading zero, for cells of heat maps: `.12`, `-.05`, `1`."""
    text = f"{value:.2f}"
    if text in ("0.00", "-0.00"):
        return "0"
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text[:-3]


def format_count(number: int, singular: str, plural: str = "") -> str:
    """`1 text`, `1,234 texts`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def format_brief(number: int) -> str:
    """A short count, for scales: `9,876`, `88k`, `7.7M`."""
    if number < 10_000:
        return f"{number:,}"
    return f"{number / 1e3:.0f}k" if number < 999_500 else f"{number / 1e6:.1f}M"


def list_names(names: Sequence[str]) -> str:
    """Names in a sentence; of many, the first `MOST_NAMED`."""
    shown = ", ".join(map(isolate, names[:MOST_NAMED]))
    return shown + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def count_columns(text: str) -> int:
    """How many letters of the usual width a text is as wide as; Chinese ones count as two."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def shorten_name(name: str, most: int) -> str:
    """A name of at most so many columns: of a longer one, its middle is left out.

    The ends stay, as names that begin alike often end otherwise.
    """
    if count_columns(name) <= most:
        return name
    start, end = name, ""
    while count_columns(start) > (most - 1) * 3 // 5:
        start = start[:-1]
    for char in reversed(name):
        if count_columns(start + char + end) > most - 1:
            break
        end = char + end
    return f"{start.rstrip()}…{end.lstrip()}"


def wrap_name(name: str, width: int = 26, lines: int = 2) -> str:
    """A name in at most so many lines; of one that is too long, words in the middle are left out.

    Args:
        name: of a label, say.
        width: columns of a line.
        lines: most lines.
    """
    words = [shorten_name(word, width) for word in name.split()]
    name = " ".join(name.split())
    if count_columns(name) <= width or lines == 1:
        return shorten_name(name, width)
    rows: list[str] = []
    rest = words
    while rest and len(rows) < lines - 1:
        taken = _count_fitting(rest, width)
        rows.append(" ".join(rest[:taken]))
        rest = rest[taken:]
    if count_columns(" ".join(rest)) <= width:
        return "\n".join([*rows, *([" ".join(rest)] if rest else [])])
    kept = _count_fitting(rest[::-1], width - 2)
    return "\n".join([*rows, "… " + " ".join(rest[len(rest) - kept :])])


def _count_fitting(words: Sequence[str], width: int) -> int:
    """How many words fit into a line, at least one."""
    taken = 1
    while taken < len(words) and count_columns(" ".join(words[: taken + 1])) <= width:
        taken += 1
    return taken


def measure_name(name: str) -> tuple[int, int]:
    """Columns and lines of a name in one or several lines."""
    rows = name.split("\n")
    return max(map(count_columns, rows)), len(rows)
