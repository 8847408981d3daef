"""Pictures of an evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emoscope.charts.plotting import save


def draw_confusion(counts: NDArray[np.integer[Any]], names: Sequence[str], path: Path) -> None:
    """A confusion matrix as PNG: colour by share of the true label, text with the counts.

    Args:
        counts: texts of label i decided as label j, (K, K).
        names: of the K labels.
        path: of the file.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 1.8 + 0.75 * len(names)
    figure = Figure(figsize=(size + 0.8, size), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="decided", ylabel="true")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for (i, j), share in np.ndenumerate(shares):
        text = f"{counts[i, j]:,}\n{share:.0%}"
        axes.text(
            j,
            i,
            text,
            ha="center",
            va="center",
            fontsize=8,
            color="white" if share > 0.55 else "0.2",
        )
    figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true label")
    save(figure, path)
