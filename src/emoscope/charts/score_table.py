"""Small tables of scores, as a notebook shows them."""

from collections.abc import Sequence

from emoscope.charts.page import element, joined, table, text

Scored = Sequence[tuple[str, float]]
"""Labels with their probabilities, the most probable first."""

ROWS = 20
LABELS = 3
LONGEST = 120
"""Characters of a text that are shown."""


def make_table_of_text(scores: Scored) -> str:
    """The labels of one text: a row each."""
    rows = [(label, f"{probability:.3f}") for label, probability in scores[:ROWS]]
    return _make_fragment(("label", "probability"), rows, len(scores))


def make_table_of_texts(scores: Sequence[Scored], texts: Sequence[Sequence[str]] = ()) -> str:
    """The most probable labels of several texts: a row each.

    Args:
        scores: of each text.
        texts: the turns of each; none where they are not known.
    """
    rows = []
    for place, each in enumerate(scores[:ROWS]):
        labels = ", ".join(f"{label} {probability:.2f}" for label, probability in each[:LABELS])
        first = _shorten(" / ".join(texts[place])) if texts else place + 1
        rows.append((first, labels or "none"))
    return _make_fragment(("text", "labels"), rows, len(scores), left=2 if texts else 0)


def _make_fragment(
    header: Sequence[str], rows: Sequence[Sequence[object]], total: int, left: int = 1
) -> str:
    parts = [table(header, rows, left=left)]
    if total > len(rows):
        parts.append(element("p", text(f"… {total - len(rows):,} more")))
    return joined(parts)


def _shorten(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
