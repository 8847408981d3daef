"""Where the labels of a model lie on Plutchik's wheel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

from emoscope.plutchik import angle_of, on_wheel

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class WheelMap:
    """Labels as points on Plutchik's wheel, turned there from what a model has learnt.

    Attributes:
        points: by label, x and y, fear to the right and joy up; the farthest has radius 1, and the
            centre is the mean of all labels.
        angles: of the labels that the wheel knows, in radians; there the wheel itself has them.
        explained: share of the spread of the labels that two dimensions hold.
        error: mean angle in degrees between where a known label is and where the wheel has it.
    """

    points: Mapping[str, tuple[float, float]]
    angles: Mapping[str, float]
    explained: float
    error: float


def map_onto_wheel(names: Sequence[str], similarity: Floats) -> WheelMap | None:
    """Put labels on Plutchik's wheel by their similarity.

    Classical multidimensional scaling: the two leading axes of the doubly centred cosines. This
    keeps distances, and leaves open how the points are turned and which side is up; both come
    from an orthogonal Procrustes fit of the labels that the wheel knows to their places on it
    (Schönemann 1966). The fit turns and mirrors all points alike, so that no label is moved
    relative to another: near its place on the wheel is a label only if the model has it there.

    Args:
        names: of the K labels, English.
        similarity: mean cosine of each pair, (K, K).

    Returns:
        None if the wheel knows fewer than three of the labels, or all are alike.
    """
    angles = {name: angle_of(name) for name in names if on_wheel(name)}
    centring = np.eye(len(names)) - 1 / len(names)
    spread, axes = np.linalg.eigh(centring @ similarity @ centring)
    spread = np.maximum(spread[::-1], 0.0)
    if len(angles) < 3 or spread[0] < 1e-9:
        return None
    places = axes[:, ::-1][:, :2] * np.sqrt(spread[:2])
    at = np.array(list(angles.values()))
    known = places[[list(names).index(name) for name in angles]]
    turn, _ = orthogonal_procrustes(known, np.stack([np.cos(at), np.sin(at)], axis=1))
    places = places @ turn / np.linalg.norm(places, axis=1).max()
    points = {n: (float(x), float(y)) for n, (x, y) in zip(names, places, strict=True)}
    there = np.array([np.arctan2(points[name][1], points[name][0]) for name in angles])
    apart = np.abs(np.angle(np.exp(1j * (there - at))))
    return WheelMap(
        points=points,
        angles=angles,
        explained=float(spread[:2].sum() / spread.sum()),
        error=float(np.degrees(apart.mean())),
    )
