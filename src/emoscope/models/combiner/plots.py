"""Which features trees go by, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emoscope.charts.palette import COLOURS, LINE, THEME
from emoscope.charts.plotting import quiet_axes, save

Floats = NDArray[np.floating[Any]]
SHOWN = 25


def draw_features(
    path: Path,
    names: Sequence[str],
    labels: Sequence[str],
    importance: Floats,
    contributions: Floats,
) -> None:
    """Draw the features that matter most: what they gained in training, and what they add.

    Args:
        path: of the picture.
        names: of the F features.
        labels: names of the K labels.
        importance: share of the gain in training, (F,).
        contributions: to the logits of some texts (SHAP values) and their base, (N, K, F + 1).
    """
    sizes = np.abs(contributions[:, :, :-1]).mean(axis=0)
    order = np.argsort(-importance, kind="stable")[:SHOWN][::-1]
    figure = Figure(figsize=(11, 1.2 + 0.26 * len(order)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    rows = np.arange(len(order))
    left.barh(rows, importance[order] * 100, color=COLOURS[0])
    left.set_yticks(rows, [names[place] for place in order])
    left.set_xlabel("share of the gain in training, %")
    start = np.zeros(len(order))
    for label, colour, size in choose_colours(labels, sizes[:, order]):
        right.barh(rows, size, left=start, color=colour, label=label)
        start += size
    right.set_xlabel("mean size of the SHAP value on dev, logits")
    # Beside the bars, which may fill the plot.
    figure.legend(loc="outside right upper", frameon=False)
    for axes in (left, right):
        quiet_axes(axes, "x")
    save(figure, path)


def choose_colours(labels: Sequence[str], sizes: Floats) -> list[tuple[str, str, Floats]]:
    """A colour for each label; of more labels than colours, the smallest ones together are grey.

    Args:
        labels: names of the K labels.
        sizes: of the SHAP values of the shown features, (K, shown).

    Returns:
        For each part of the bars its name, its colour and its lengths.
    """
    if len(labels) <= len(COLOURS):
        return list(zip(labels, COLOURS, sizes, strict=False))
    order = np.argsort(-sizes.sum(axis=1), kind="stable")
    alone, rest = order[: len(COLOURS) - 1], order[len(COLOURS) - 1 :]
    parts = [
        (labels[place], colour, sizes[place]) for place, colour in zip(alone, COLOURS, strict=False)
    ]
    return [*parts, (f"{len(rest)} other labels", THEME[LINE], sizes[rest].sum(axis=0))]
