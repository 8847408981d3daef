"""How labels go together: measured on training labels, or from Plutchik's wheel.

Both priors of *Leveraging Label Correlations in a Multi-label Setting* (arXiv 2210.15842), and
the weights that its local losses make of them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.losses.local import PairWeights
from emoscope.plutchik import angles_of

Floats = NDArray[np.floating[Any]]
Transform = Literal["identity", "sqrt", "square", "log"]

# Each maps [0, 1] onto [0, 1] and grows.
TRANSFORMS: Mapping[str, Callable[[Floats], Floats]] = {
    "identity": lambda r: r,
    "sqrt": np.sqrt,
    "square": np.square,
    "log": lambda r: np.log2(1 + r),
}


def data_correlation(labels: Floats) -> Floats:
    """Pearson correlation of the labels, unlabelled rows (NaN) left out.

    Args:
        labels: the labels of the training texts, used as they are, (N, K).

    Returns:
        (K, K); a label that never varies has 0 with the others and 1 with itself.

    Raises:
        InputError: if no row is labelled.
    """
    values = np.asarray(labels, dtype=np.float64)
    known = values[~np.isnan(values).any(axis=1)]
    if not len(known):
        raise InputError("Expected labelled rows to measure how labels correlate; found none.")
    varies = np.ptp(known, axis=0) > 0
    centred = np.where(varies, known - known.mean(axis=0), 0.0)
    lengths = np.where(varies, np.linalg.norm(centred, axis=0), 1.0)
    units = centred / lengths
    correlation = np.clip(units.T @ units, -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation)


def wheel_correlation(names: Sequence[str]) -> Floats:
    """Cosine of the angle between emotions on Plutchik's wheel: opposites -1, neighbours 0.92.

    Args:
        names: English names, in any case.

    Returns:
        (K, K), in the order of the names.

    Raises:
        InputError: if the wheel does not have one of them.
    """
    angles = angles_of(names)
    return np.asarray(np.cos(angles[:, None] - angles[None, :]))


def make_pair_weights(
    correlation: Floats, transform: Transform = "identity", plus_one: bool = False
) -> PairWeights:
    """Weights of local losses: labels that go together bind more, and are held apart less.

    With r = (ρ + 1) / 2, pairs within a set weigh f(r), pairs between the sets 1 − f(r).

    Args:
        correlation: ρ in [-1, 1], symmetric, (K, K).
        transform: f; `log` is log₂(1 + r), which is finite at 0 and keeps 0 and 1 where they are.
        plus_one: add 1 to every weight, so that no pair weighs nothing.

    Raises:
        InputError: if the transform is unknown.
    """
    if transform not in TRANSFORMS:
        raise InputError(f"Expected a transform of {', '.join(TRANSFORMS)}; got {transform!r}.")
    nearness = np.clip((np.asarray(correlation, dtype=np.float64) + 1) / 2, 0.0, 1.0)
    within, least = TRANSFORMS[transform](nearness), float(plus_one)
    return PairWeights(
        within=torch.as_tensor(within + least, dtype=torch.float32),
        between=torch.as_tensor(1 - within + least, dtype=torch.float32),
    )
