"""An explanation in a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from emoscope.charts.page import printable
from emoscope.explain.display import (
    compute_shades,
    explain_shading,
    format_signed,
    rank_labels,
    rank_spans,
    split_turns,
)
from emoscope.explain.explanation import Explanation
from emoscope.inference.backend import Attention, Reason

# Orange and blue, which the colour-blind tell apart too; black on them is read on any ground.
FOR = ("black on #fbdcb4", "black on #f6b765", "black on #ee8f1f")
AGAINST = ("black on #cfe6f6", "black on #8ec5eb", "black on #4d9fdb")
WEIGHT = ("black on #e3dcfb", "black on #c0b0f5", "black on #9d86ee")
ROWS = 8
LONGEST = 40
"""Characters of a word that a table shows."""


def make_renderables(explanation: Explanation) -> Iterator[RenderableType]:
    """For each label the text in colour and its strongest words with numbers; then a legend."""
    for k in rank_labels(explanation):
        yield Text.assemble(
            (explanation.labels[k], "bold"),
            f" {explanation.probabilities[k]:.3f}",
            (", given" if explanation.given[k] else ", not given", "dim"),
        )
        yield from _colour_turns(explanation, k)
        if explanation.spans:
            yield _make_table(explanation, k)
        if explanation.reasons is not None:
            yield from _list_reasons(explanation.reasons.by_label[k])
        yield Text()
    if explanation.attention is not None:
        yield from _colour_attention(explanation.attention)
    yield Text.assemble(
        (" + speaks for the label ", FOR[-1]), " ", (" − speaks against it ", AGAINST[-1])
    )
    yield Text(explain_shading(explanation), style="dim")


def _colour_turns(explanation: Explanation, label: int) -> Iterator[Text]:
    """Each turn as it was written, its words on the shade of their attribution."""
    depths = compute_shades(explanation.attributions[label], len(FOR))
    for turn in split_turns(explanation):
        line = Text()
        for text, place in turn:
            line.append(
                printable(text), style="" if place is None else _choose_style(depths[place])
            )
        yield line


def _choose_style(shade: int) -> str:
    """The style of a signed shade."""
    if not shade:
        return ""
    return FOR[shade - 1] if shade > 0 else AGAINST[-shade - 1]


def _make_table(explanation: Explanation, label: int) -> Table:
    """The strongest words with their numbers, which say the same without colour."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    values, errors = explanation.attributions[label], explanation.errors[label]
    for m in rank_spans(explanation, label)[:ROWS]:
        number = format_signed(values[m])
        if number == format_signed(0.0):
            break
        if errors[m]:
            number += f" ± {errors[m]:.2f}"
        table.add_row(number, Text(_shorten(explanation.spans[m].text)))
    return table


def _list_reasons(reasons: Sequence[Reason]) -> Iterator[Text]:
    """The strongest reasons in words."""
    yield Text("Features, and what each adds to the logit:", style="dim")
    for reason in reasons[:ROWS]:
        yield Text(f"{format_signed(reason.value)}  {printable(reason.said)}")


def _colour_attention(attention: Attention) -> Iterator[Text]:
    """The words that the model reads, on the shade of the weight that each branch gives them."""
    for branch, weights in zip(attention.branches, attention.weights, strict=True):
        line = Text.assemble((f"Attention of the {branch}: ", "bold"))
        largest = weights.max(initial=0.0)
        for word, weight in zip(attention.words, weights, strict=True):
            depth = round(float(weight / largest) * len(WEIGHT)) if largest else 0
            line.append(printable(word), style=WEIGHT[depth - 1] if depth else "")
            line.append(f" {weight:.2f} ", style="dim")
        yield line
    yield Text()


def _shorten(text: str) -> str:
    """A word that fits in a table, on one line."""
    text = " ".join(printable(text).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
