"""A weighted mean of logits: those of the trees and of the models beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import log_softmax
from emoscope.models.combiner.section import LEXICAL
from emoscope.models.combiner.trees import Trees

Floats = NDArray[np.floating[Any]]


def center(logits: Floats, exclusive: bool) -> Floats:
    """Logits (…, K) that sum to zero if labels exclude each other, where only differences count."""
    return logits - logits.mean(axis=-1, keepdims=True) if exclusive else logits


def mix(logits: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """The weighted sum of logits, each (N, K).

    Of exclusive labels it is a logarithmic opinion pool (Genest & Zidek 1986): the product of the
    probabilities, each to the power of its weight.
    """
    return np.asarray(sum(weight * own for weight, own in zip(weights, logits, strict=True)))


@dataclass(frozen=True)
class Averaged:
    """Trees on the first columns of the features, averaged with logits in the columns after them.

    Attributes:
        trees: on the lexical columns; None where there are none.
        weights: by `LEXICAL`, if there are trees, and the names of the parts in their order.
        labels: K, how many there are.
        exclusive: whether they are.
    """

    trees: Trees | None
    weights: Mapping[str, float]
    labels: int
    exclusive: bool

    def split(self, features: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[Floats]]:
        """The lexical columns, and the logits (N, K) of each part."""
        parts = len(self.weights) - (self.trees is not None)
        width = features.shape[1] - parts * self.labels
        starts = range(width, features.shape[1], self.labels)
        return features[:, :width], [features[:, at : at + self.labels] for at in starts]

    def each(self, features: NDArray[np.float32]) -> list[Floats]:
        """The logits (N, K) that each weight is for."""
        lexical, parts = self.split(features)
        if self.trees is None:
            return parts
        return [center(self.trees.logits(lexical), self.exclusive), *parts]

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores before calibration, (N, F) → (N, K)."""
        return np.asarray(mix(self.each(features), [*self.weights.values()]), dtype=np.float32)

    def contributions(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each feature adds to each logit, and the base, (N, K, F + 1).

        SHAP values of the trees times their weight; of a part its logits times its weight.
        """
        lexical, parts = self.split(features)
        (count, columns), width = features.shape, lexical.shape[1]
        found = np.zeros((count, self.labels, columns + 1))
        weights = dict(self.weights)
        if self.trees is not None:
            values = self.trees.contributions(lexical)
            if self.exclusive:
                values = values - values.mean(axis=1, keepdims=True)
            values = values * weights.pop(LEXICAL)
            found[:, :, :width], found[:, :, -1] = values[:, :, :-1], values[:, :, -1]
        label = np.arange(self.labels)
        for number, (weight, own) in enumerate(zip(weights.values(), parts, strict=True)):
            found[:, label, width + number * self.labels + label] = weight * own
        return found


def fit_weights(
    logits: Sequence[Floats], labels: Floats, exclusive: bool, shift: Floats | float
) -> list[float]:
    """Weights, none below zero, of which the weighted sum makes held-out labels likeliest.

    The cross-entropy is convex in the weights.

    Args:
        logits: of held-out texts, (N, K) for each weight.
        labels: (N, K), NaN where not known; one-hot if exclusive.
        exclusive: softmax cross-entropy, else that of each label's sigmoid.
        shift: added to the weighted sum, as the prior's correction will be, (K,).
    """
    from scipy.optimize import minimize

    known = ~np.isnan(labels)
    cells = np.broadcast_to(known.all(axis=1, keepdims=True), known.shape) if exclusive else known
    truth = np.where(cells, labels, 0.0)
    stacked = np.stack([np.asarray(own, dtype=np.float64) for own in logits])

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = np.tensordot(weights, stacked, 1) + shift
        if exclusive:
            logs = log_softmax(scores)
            value = -(logs * truth).sum()
            missed = (np.exp(logs) - truth) * cells
        else:
            value = ((np.logaddexp(0.0, scores) - scores * truth) * cells).sum()
            missed = (1 / (1 + np.exp(-scores)) - truth) * cells
        return float(value) / cells.sum(), np.tensordot(stacked, missed, 2) / cells.sum()

    start = np.full(len(stacked), 1 / len(stacked))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(stacked))
    return [float(weight) for weight in found.x]
