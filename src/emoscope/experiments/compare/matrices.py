"""What is decided of the texts with each label: a confusion matrix, or its like for many."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from emoscope.charts.plotting import save
from emoscope.experiments.compare.comparison import Comparison
from emoscope.experiments.naming import safe
from emoscope.metrics.paired import GoldTexts

NONE = "(none)"


@dataclass(frozen=True)
class DecisionMatrix:
    """Decisions of one configuration.

    Attributes:
        rows: names of the gold labels, R of them.
        columns: names of the decided labels, C of them.
        counts: texts with each gold label, (R,).
        shares: of the texts with a gold label, those decided as another one, mean over the runs,
            (R, C); a row sums up to 1 only where labels are exclusive.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64]
    shares: NDArray[np.floating[Any]]


def decision_matrix(texts: GoldTexts, decisions: NDArray[np.bool_]) -> DecisionMatrix:
    """Decided labels of the texts with each gold label.

    Labels that do not exclude each other have a row and a column for texts without any.

    Args:
        texts: N of them with K labels.
        decisions: of the runs, (R, N, K).
    """
    names = texts.taxonomy.names
    gold = np.nan_to_num(texts.gold) >= 0.5
    mean = decisions.mean(axis=0)
    if not texts.taxonomy.exclusive:
        names = (*names, NONE)
        gold = np.column_stack([gold, ~gold.any(axis=1)])
        mean = np.column_stack([mean, (~decisions.any(axis=2)).mean(axis=0)])
    counts = gold.sum(axis=0)
    shares = gold.T.astype(float) @ mean / np.maximum(counts, 1)[:, None]
    return DecisionMatrix(names, names, counts, shares)


def draw_matrices(comparison: Comparison, folder: Path) -> list[Path]:
    """The matrix of each configuration, as PNG.

    Args:
        comparison: of the configurations.
        folder: gets `confusion-<name>.png` where labels are exclusive, else `decided-<name>.png`.

    Returns:
        The files written.
    """
    kind = "confusion" if comparison.compared.texts.taxonomy.exclusive else "decided"
    written = []
    for row in comparison.rows:
        decisions = row.configuration.decisions
        matrix = decision_matrix(comparison.compared.texts, decisions)
        runs = f", mean of {len(decisions)} runs" if len(decisions) > 1 else ""
        path = folder / f"{safe(f'{kind}-{row.name}')}.png"
        draw_matrix(matrix, row.name, f"{comparison.compared.split}{runs}", path)
        written.append(path)
    return written


def draw_matrix(matrix: DecisionMatrix, name: str, where: str, path: Path) -> None:
    """A heat map with the shares in percent; those below half a percent are not written.

    Args:
        matrix: of a configuration.
        name: of the configuration.
        where: it was measured.
        path: of the file.
    """
    size = len(matrix.rows)
    cell, font = (0.62, 10) if size <= 6 else (0.45, 8.5) if size <= 14 else (0.31, 7)
    longest = max(map(len, matrix.rows))
    side = size * cell
    wide, high = side + 0.0105 * font * longest + 1.9, side + 0.0075 * font * longest + 1.2
    figure = Figure(figsize=(max(wide, 5.2), high), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(matrix.shares, cmap="Blues", vmin=0, vmax=1)
    rows = [f"{label} ({count:,})" for label, count in zip(matrix.rows, matrix.counts, strict=True)]
    axes.set_xticks(range(size), matrix.columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(size), rows)
    axes.tick_params(length=0, labelsize=max(font, 8))
    axes.set_xlabel("decided", fontsize=9)
    axes.set_ylabel("gold (texts)", fontsize=9)
    axes.spines[:].set_visible(False)
    for (i, j), share in np.ndenumerate(matrix.shares):
        if i == j:
            frame = Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor="0.4", linewidth=0.8)
            axes.add_patch(frame)
        if share >= 0.005:
            axes.text(
                j,
                i,
                f"{100 * share:.0f}",
                ha="center",
                va="center",
                fontsize=font,
                color="white" if share > 0.55 else "0.15",
                in_layout=False,
            )
    axes.set_title(f"{name}\n", loc="left", fontsize=11)
    axes.text(
        0,
        1.01,
        f"{where}; % of the texts with the row's label",
        transform=axes.transAxes,
        fontsize=8,
        color="0.35",
        va="bottom",
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=25)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    bar.ax.tick_params(labelsize=8, length=0)
    save(figure, path)
