"""Plots of label correlations: heat maps, and Plutchik's wheel with a model's labels."""

from pathlib import Path
from typing import Literal

import numpy as np

from emoscope.charts.heat_map import HeatMap, draw_heat_map
from emoscope.charts.order import order_by_cluster, order_by_wheel
from emoscope.charts.plotting import save
from emoscope.charts.suffix import PictureFormat, make_picture_path
from emoscope.charts.wheel_plot import draw_wheel_map
from emoscope.charts.words import format_short
from emoscope.errors import InputError
from emoscope.evaluation.correlations import Correlations, LabelMatrix
from emoscope.plutchik import WheelMap

Order = Literal["clusters", "wheel"]

TITLES = {
    "learned": ("Label representations of the model", "mean cosine"),
    "centred": ("Label representations, less what all labels share", "cosine"),
    "predicted": ("Predicted probabilities", "Pearson correlation"),
    "data": ("Labels in the data", "Pearson correlation"),
    "wheel": ("Plutchik's wheel", "cosine of the angle"),
}


def draw_correlations(
    correlations: Correlations, folder: Path, picture_format: PictureFormat = "png"
) -> list[Path]:
    """Draw every plot that the matrices allow.

    Args:
        correlations: the correlations of a model on a corpus.
        folder: where the files go: `learned.png`, `centred.png`, `predicted.png`, `data.png`,
            `wheel.png` and `plutchik.png`.
        picture_format: of all of them.

    Returns:
        The files written.
    """
    written = []
    for name, matrix in correlations.matrices.items():
        title, unit = TITLES[name]
        path = make_picture_path(folder, name, picture_format)
        draw_matrix(matrix, title, unit, path, "wheel" if name == "wheel" else "clusters")
        written.append(path)
    if correlations.wheel_map is not None:
        path = make_picture_path(folder, "plutchik", picture_format)
        draw_wheel(correlations.wheel_map, path)
        written.append(path)
    return written


def draw_matrix(
    matrix: LabelMatrix, title: str, unit: str, path: Path, order: Order = "clusters"
) -> None:
    """Draw a heat map: red for positive correlations, blue for negative ones.

    White is 0, and the strongest pair has the strongest colour. The diagonal, always 1, is grey.

    Args:
        matrix: a matrix of K labels.
        title: title of the plot.
        unit: title of the colour bar.
        path: the file.
        order: order of the labels, see `order_by_cluster` and `order_by_wheel`.

    Raises:
        InputError: if there are fewer than two labels.
    """
    if len(matrix.names) < 2:
        raise InputError(
            f"{path}: expected two labels that differ between the texts to draw how they go "
            f"together, found {', '.join(matrix.names) or 'none'}."
        )
    places = order_by_wheel(matrix.names) if order == "wheel" else order_by_cluster(matrix.values)
    ordered = matrix.subset(tuple(matrix.names[place] for place in places))
    heat_map = HeatMap(
        np.where(np.eye(len(places), dtype=bool), np.nan, ordered.values),
        ordered.names,
        ordered.names,
        "correlation",
        [[format_short(value) for value in row] for row in ordered.values],
        title=title,
        unit=unit,
    )
    save(draw_heat_map(heat_map), path)


def draw_wheel(wheel_map: WheelMap, path: Path) -> None:
    """Draw Plutchik's wheel with a model's labels; see `draw_wheel_map`.

    Args:
        wheel_map: where the labels are.
        path: the file.
    """
    title = (
        f"Labels of the model on Plutchik's wheel: two dimensions hold {wheel_map.explained:.0%} "
        f"of their spread,\nknown labels (blue) are {wheel_map.error:.0f}° from their place "
        "on average"
    )
    save(draw_wheel_map(wheel_map, title), path)
