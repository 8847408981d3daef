"""What an explanation says, before a page or a terminal gives it a form."""

from collections.abc import Iterator

from emoscope.explain.explanation import Explanation
from emoscope.explain.shapley import Floats
from emoscope.explain.spans import Span

LEAST_SCALE = 0.5
"""The least log-odds of the deepest shade, so that noise gets only light shades."""


def rank_labels(explanation: Explanation) -> list[int]:
    """Places of the labels: those given, then the others, the most probable first."""
    order = range(len(explanation.labels))
    return sorted(order, key=lambda k: (not explanation.given[k], -explanation.probabilities[k]))


def compute_shades(values: Floats, steps: int) -> list[int]:
    """Compute a shade for each number, −`steps` to `steps`; the largest number has the deepest.

    Args:
        values: attributions of the words to one label, (M,).
        steps: shades of each colour.
    """
    largest = max(float(abs(values).max(initial=0.0)), LEAST_SCALE)
    return [int(shade) for shade in (values / largest * steps).round()]


def rank_spans(explanation: Explanation, label: int) -> list[int]:
    """Places of the spans, the largest attribution of either sign first."""
    values = explanation.attributions[label]
    return sorted(range(len(values)), key=lambda m: -abs(values[m]))


def split_turn(turn: str, spans: list[tuple[int, Span]]) -> Iterator[tuple[str, int | None]]:
    """A turn in pieces: each with the place of the span it is, or None between spans.

    Args:
        turn: the whole of it.
        spans: those of this turn, each with its place among all.
    """
    at = 0
    for place, span in spans:
        yield turn[at : span.start], None
        yield span.text, place
        at = span.end
    yield turn[at:], None


def split_turns(explanation: Explanation) -> Iterator[Iterator[tuple[str, int | None]]]:
    """The pieces of each turn."""
    for number, turn in enumerate(explanation.turns):
        inside = [(m, span) for m, span in enumerate(explanation.spans) if span.turn == number]
        yield split_turn(turn, inside)


def format_signed(value: float) -> str:
    """`+1.20`, `−0.35`, `0.00`."""
    shown = f"{abs(value):.2f}"
    if not float(shown):
        return shown
    return f"{'+' if value > 0 else '−'}{shown}"


def explain_shading(explanation: Explanation) -> str:
    """What the numbers are and how they were found."""
    unit = "Change of the label's log-odds: +0.69 doubles its odds, −0.69 halves them."
    versions = f"{explanation.evaluations:,} versions of the text"
    if explanation.method == "occlusion":
        return f"{unit} What the text without the word loses, from {versions}."
    worst = float(explanation.errors.max(initial=0.0))
    how = f"estimated, standard error at most {worst:.2f}," if worst else "exact,"
    return f"{unit} Shapley values, {how} from {versions}."
