"""Which features trees go by, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emoscope.charts.palette import COLOURS
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
        path: of the picture, a PNG.
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
    for number, (label, size) in enumerate(zip(labels, sizes, strict=True)):
        right.barh(rows, size[order], left=start, color=COLOURS[number % len(COLOURS)], label=label)
        start += size[order]
    right.set_xlabel("mean size of the SHAP value on dev, logits")
    if len(labels) <= len(COLOURS):
        right.legend(frameon=False)
    for axes in (left, right):
        quiet_axes(axes, "x")
    save(figure, path)
