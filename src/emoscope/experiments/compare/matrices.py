"""What is decided of the texts with each label: a confusion matrix, or its like for many."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.charts.heat_map import HeatMap, draw_heat_map
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
        draw_decision_matrix(matrix, row.name, f"{comparison.compared.split}{runs}", path)
        written.append(path)
    return written


def draw_decision_matrix(matrix: DecisionMatrix, name: str, where: str, path: Path) -> None:
    """A heat map with the shares in percent; those below half a percent are not written.

    Args:
        matrix: of a configuration.
        name: of the configuration.
        where: it was measured.
        path: of the file.
    """
    rows = [f"{label} ({count:,})" for label, count in zip(matrix.rows, matrix.counts, strict=True)]
    heat_map = HeatMap(
        matrix.shares,
        rows,
        matrix.columns,
        "share",
        [
            [f"{100 * share:.0f}" if share >= 0.005 else "" for share in row]
            for row in matrix.shares
        ],
        title=name,
        note=f"{where}; % of the texts with the row's label",
        row_title="gold (texts)",
        column_title="decided",
    )
    save(draw_heat_map(heat_map), path)
