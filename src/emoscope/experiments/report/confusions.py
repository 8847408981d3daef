"""Which labels are taken for which others: frequent confusions, and how often labels meet."""

from collections import Counter

import numpy as np

from emoscope.charts.page import Html, element, folded, joined, table, text
from emoscope.experiments.report.measured import MeasuredRuns
from emoscope.metrics.confusions import find_confusions
from emoscope.taxonomy import Taxonomy

SHOWN = 10
"""Confusions that are listed."""
MOST_LABELS = 28
"""Labels of a matrix; with more it would not be read."""
NONE = "none"


def make_confusions(measured: MeasuredRuns) -> Html:
    """The most frequent confusions, and the matrix of gold and predicted labels."""
    exclusive = measured.taxonomy.exclusive
    counted: Counter[tuple[str, str | None]] = Counter()
    for predicted in measured.predictions:
        for each in find_confusions(measured.gold, predicted, measured.taxonomy):
            counted[each.label, each.predicted] += each.texts
    runs = len(measured.runs)
    frequent = sorted(counted.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or ""))
    lines = [
        [label, other or "nothing", f"{count / runs:,.1f}".removesuffix(".0")]
        for (label, other), count in frequent[:SHOWN]
    ]
    parts = [element("h3", text("Confusion" if exclusive else "Confusion and co-occurrence"))]
    if lines:
        texts = "texts" if runs == 1 else "texts, mean of the runs"
        parts.append(table(["missed", "predicted instead", texts], lines, left=2))
    else:
        parts.append(element("p", text("No label was missed.")))
    if len(measured.taxonomy) <= MOST_LABELS:
        parts.append(folded("All labels against each other", make_matrix(measured)))
    return joined(parts)


def make_matrix(measured: MeasuredRuns) -> Html:
    """A row for each gold label: of its texts, the share that each label is predicted for, in %."""
    names, gold, predicted = list_columns(measured.taxonomy, measured)
    counts = gold.sum(axis=0)
    shares = 100 * (gold.T.astype(float) @ predicted) / np.maximum(counts, 1)[:, None]
    lines = [
        [f"{name} ({count:,})", *(f"{share:.0f}" if share >= 0.5 else "" for share in row)]
        for name, count, row in zip(names, counts, shares, strict=True)
        if count
    ]
    sentence = (
        "Of the texts with the gold label of a row, the share, in per cent, for which the label of "
        "a column is predicted, mean over the runs. In brackets: how many texts."
    )
    return joined(
        [element("p", text(sentence), class_="soft"), table(["", *names], lines, upright=True)]
    )


def list_columns(
    taxonomy: Taxonomy, measured: MeasuredRuns
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Names, gold labels and mean predictions (N, K), with a column `none` for no label at all.

    Exclusive labels have no such column.
    """
    gold = measured.gold >= 0.5
    mean = measured.predictions.mean(axis=0)
    if taxonomy.exclusive:
        return taxonomy.names, gold, mean
    empty = (~measured.predictions.any(axis=2)).mean(axis=0)
    none_gold = ~gold.any(axis=1) & measured.known.any(axis=1)
    return (
        (*taxonomy.names, NONE),
        np.column_stack([gold, none_gold]),
        np.column_stack([mean, empty]),
    )
