"""The order of labels in a chart."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.plutchik import angle_of, on_wheel

Floats = NDArray[np.floating[Any]]


def order_by_cluster(similarity: Floats) -> list[int]:
    """Order the labels so that similar ones are neighbours.

    Clusters are joined by average linkage, and turned so that their most similar ends meet.

    Args:
        similarity: symmetric, (K, K).

    Returns:
        Indices of the labels, K of them.
    """
    chains = [[k] for k in range(len(similarity))]
    # Mean similarity of each pair of clusters; -inf of a cluster with itself.
    means = np.where(np.eye(len(similarity), dtype=bool), -np.inf, similarity)
    while len(chains) > 1:
        i, j = sorted(np.unravel_index(int(np.argmax(means)), means.shape))
        first, second = chains[i], chains.pop(j)
        turns = [(a, b) for a in (first, first[::-1]) for b in (second, second[::-1])]
        a, b = max(turns, key=lambda pair: similarity[pair[0][-1], pair[1][0]])
        chains[i] = a + b
        weights = len(first), len(second)
        joined = np.average([means[i], means[j]], axis=0, weights=weights)
        means[i], means[:, i] = joined, joined
        means[i, i] = -np.inf
        means = np.delete(np.delete(means, j, axis=0), j, axis=1)
    return chains[0] if chains else []


def order_by_wheel(names: Sequence[str]) -> list[int]:
    """Order the labels by their angle on Plutchik's wheel; labels that are not on it come last.

    Args:
        names: English names of the K labels.

    Returns:
        Indices of the labels, K of them.
    """
    return sorted(
        range(len(names)), key=lambda at: angle_of(names[at]) if on_wheel(names[at]) else math.inf
    )
