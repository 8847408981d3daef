"""Logits to probabilities and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
EDGE = 1e-12
"""Probabilities nearer to 0 or 1 count as this near, so that log-odds are finite."""


def softmax(logits: Floats) -> Floats:
    """Softmax over the last axis, safe at any magnitude."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def sigmoid(logits: Floats) -> Floats:
    """Logistic function, safe at any magnitude."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -logits)))


def log_softmax(logits: Floats) -> Floats:
    """Logarithm of the softmax over the last axis."""
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def log_odds(probabilities: Floats) -> Floats:
    """The log-odds ln p/(1 − p) of probabilities, any shape; the inverse of `sigmoid`."""
    inside = np.clip(np.asarray(probabilities, dtype=np.float64), EDGE, 1 - EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def group_probability(members: Floats) -> Floats:
    """The probability that a text has at least one label of a group, (..., M) → (...).

    A noisy-or (Pearl 1988): 1 − ∏(1 − pᵢ), which holds if the labels are independent given the
    text. It is at least the highest of the members, and rises with each.

    Args:
        members: probabilities of the M labels of the group.
    """
    return np.asarray(1.0 - np.prod(1.0 - members, axis=-1))
