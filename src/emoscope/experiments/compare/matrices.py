"""Which labels are predicted for the texts of each label: confusion matrices and the like."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.charts.heat_map import HeatMap, draw_heat_map
from emoscope.charts.plotting import save
from emoscope.charts.suffix import PictureFormat, make_picture_path
from emoscope.experiments.compare.comparison import Comparison
from emoscope.experiments.naming import to_safe_name
from emoscope.metrics.paired import GoldTexts

NONE = "(none)"


@dataclass(frozen=True)
class PredictionMatrix:
    """Predictions of one configuration.

    Attributes:
        rows: names of the R gold labels.
        columns: names of the C predicted labels.
        counts: number of texts with each gold label, (R,).
        shares: share of the texts with each gold label for which each label is predicted, a mean
            over the runs, (R, C); a row sums to 1 only where labels are exclusive.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64]
    shares: NDArray[np.floating[Any]]


def make_prediction_matrix(texts: GoldTexts, predictions: NDArray[np.bool_]) -> PredictionMatrix:
    """Count which labels are predicted for the texts with each gold label.

    Where labels are not exclusive, one more row and column are for texts without any label.

    Args:
        texts: N texts with K gold labels.
        predictions: the predictions of R runs, (R, N, K).
    """
    names = texts.taxonomy.names
    gold = np.nan_to_num(texts.gold) >= 0.5
    mean = predictions.mean(axis=0)
    if not texts.taxonomy.exclusive:
        names = (*names, NONE)
        gold = np.column_stack([gold, ~gold.any(axis=1)])
        mean = np.column_stack([mean, (~predictions.any(axis=2)).mean(axis=0)])
    counts = gold.sum(axis=0)
    shares = gold.T.astype(float) @ mean / np.maximum(counts, 1)[:, None]
    return PredictionMatrix(names, names, counts, shares)


def draw_matrices(
    comparison: Comparison, folder: Path, picture_format: PictureFormat = "png"
) -> list[Path]:
    """Draw the matrix of each configuration.

    Args:
        comparison: the comparison.
        folder: where the files go: `confusion-<name>.png` where labels are exclusive, else
            `decided-<name>.png`.
        picture_format: of all of them.

    Returns:
        The files written.
    """
    kind = "confusion" if comparison.compared.texts.taxonomy.exclusive else "decided"
    written = []
    for row in comparison.rows:
        predictions = row.configuration.predictions
        matrix = make_prediction_matrix(comparison.compared.texts, predictions)
        runs = f", mean of {len(predictions)} runs" if len(predictions) > 1 else ""
        path = make_picture_path(folder, to_safe_name(f"{kind}-{row.name}"), picture_format)
        draw_prediction_matrix(matrix, row.name, f"{comparison.compared.split}{runs}", path)
        written.append(path)
    return written


def draw_prediction_matrix(matrix: PredictionMatrix, name: str, where: str, path: Path) -> None:
    """Draw a heat map with the shares in percent; shares below half a percent have no number.

    Args:
        matrix: the matrix of a configuration.
        name: name of the configuration.
        where: the split and the number of runs, for the note below the title.
        path: the file.
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
        column_title="predicted",
    )
    save(draw_heat_map(heat_map), path)
