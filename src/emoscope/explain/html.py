"""An explanation as a page, and as a piece of one for notebooks."""

from collections.abc import Iterator
from importlib.resources import files

from emoscope.charts.page import Html, element, folded, joined, page, table, text
from emoscope.explain.display import (
    compute_shades,
    explain_shading,
    format_signed,
    rank_labels,
    rank_spans,
    split_turns,
)
from emoscope.explain.explanation import Explanation
from emoscope.inference.backend import Attention

SHADES = 8
"""Depths of a colour that the style sheet has."""


def make_explanation_page(explanation: Explanation) -> str:
    """A whole page."""
    title = "Which words speak for which label"
    heading = element("h1", text(title))
    return page(title, joined([heading, _make_body(explanation)]), _read_style())


def make_explanation_fragment(explanation: Explanation) -> str:
    """A piece of a page that brings its own style."""
    return joined([element("style", Html(_read_style())), _make_body(explanation)])


def _read_style() -> str:
    return (files("emoscope.explain") / "explain.css").read_text(encoding="utf-8")


def _make_body(explanation: Explanation) -> Html:
    """The labels given, or the most probable one; the others folded; attention; what it means."""
    order = rank_labels(explanation)
    shown = max(1, int(explanation.given.sum()))
    legend = [
        element("span", text("speaks for the label"), class_=f"for d{SHADES}"),
        element("span", text("speaks against it"), class_=f"against d{SHADES}"),
    ]
    parts = [element("p", joined(legend))]
    parts += [_make_label_section(explanation, k) for k in order[:shown]]
    if order[shown:]:
        parts.append(element("h2", text("Other labels")))
        parts += [
            folded(_make_headline(explanation, k), _mark_turns(explanation, k))
            for k in order[shown:]
        ]
    if explanation.attention is not None:
        parts.append(element("h2", text("Attention")))
        parts += _mark_attention(explanation.attention)
    parts.append(element("p", text(explain_shading(explanation)), class_="soft"))
    return element("section", joined(parts), class_="explanation")


def _make_headline(explanation: Explanation, label: int) -> str:
    return f"{explanation.labels[label]} {explanation.probabilities[label]:.3f}"


def _make_label_section(explanation: Explanation, label: int) -> Html:
    """A label with its text, and a table of all numbers that a click shows."""
    given = "given" if explanation.given[label] else "not given"
    heading = [
        text(_make_headline(explanation, label)),
        element("span", text(given), class_="soft"),
    ]
    parts = [element("h2", joined(heading)), _mark_turns(explanation, label)]
    if explanation.reasons is not None:
        reasons = explanation.reasons.by_label[label]
        rows = [[format_signed(each.value), each.said] for each in reasons]
        parts.append(folded("Features", table(["added to the logit", "feature"], rows)))
    return joined(parts)


def _mark_turns(explanation: Explanation, label: int) -> Html:
    """Each turn as it was written, its words on the shade of their attribution, and the numbers."""
    if not explanation.spans:
        return element("p", text("There is no word in this text."), class_="soft")
    values, errors = explanation.attributions[label], explanation.errors[label]
    depths = compute_shades(values, SHADES)
    parts = []
    for turn in split_turns(explanation):
        marked = [
            text(piece)
            if place is None
            else _mark_word(
                piece, "for" if values[place] > 0 else "against", depths[place], values[place]
            )
            for piece, place in turn
        ]
        parts.append(element("p", Html("".join(marked)), class_="turn", dir="auto"))
    header, rows = ["words", "log-odds"], []
    for m in rank_spans(explanation, label):
        rows.append([explanation.spans[m].text, format_signed(values[m])])
        if errors.any():
            rows[-1].append(f"{errors[m]:.2f}")
    if errors.any():
        header.append("± standard error")
    parts.append(folded("Numbers", table(header, rows)))
    return joined(parts)


def _mark_word(word: str, kind: str, depth: int, value: float) -> Html:
    """A word on its shade, with its number for those who point at it."""
    shade = f"{kind} d{abs(depth)}" if depth else ""
    return element("span", text(word), class_=shade, title=format_signed(value))


def _mark_attention(attention: Attention) -> Iterator[Html]:
    """The words that the model reads, on the shade of the weight that each branch gives them."""
    for branch, weights in zip(attention.branches, attention.weights, strict=True):
        yield element("h3", text(branch))
        depths = (weights / max(float(weights.max(initial=0.0)), 1e-9) * SHADES).round()
        marked = [
            element(
                "span",
                text(word),
                class_=f"weight d{depth:.0f}" if depth else "",
                title=f"{weight:.3f}",
            )
            for word, weight, depth in zip(attention.words, weights, depths, strict=True)
        ]
        yield element("p", Html(" ".join(marked)), class_="turn", dir="auto")
    yield element(
        "p",
        text(
            "The words as the model reads them, cleaned, on the weight that each layer's attention "
            "gives them. Weights show where a layer looks, not what its label rests on."
        ),
        class_="soft",
    )
