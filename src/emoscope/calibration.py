"""From logits to probabilities one can use: temperature, shift of the class prior, decisions.

The prior shift of exclusive labels: a model trained where half of the texts are `others` and used
where 85 % are is wrong by a known factor. With π the share of each label in training and π' the
share where the model is used, p'(y|x) ∝ p(y|x) π'(y) / π(y) (Saerens, Latinne & Decaestecker
2002, Neural Computation 14(1)), that is log π'/π added to the logits.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Calibration:
    """How the logits of one model become probabilities.

    The temperature comes last, so that it never changes which label is the most probable.

    Attributes:
        temperature: divides the shifted logits.
        prior_shift: added to the logits, one number a label; empty for none.
    """

    temperature: float = 1.0
    prior_shift: tuple[float, ...] = ()

    def scale(self, logits: Floats) -> Floats:
        """Logits (N, K) shifted and divided by the temperature."""
        shift = np.asarray(self.prior_shift) if self.prior_shift else 0.0
        return (np.asarray(logits, dtype=np.float64) + shift) / self.temperature

    def probabilities(self, logits: Floats, exclusive: bool) -> Floats:
        """Probabilities (N, K): a softmax of exclusive labels, else a sigmoid of each."""
        scaled = self.scale(logits)
        return softmax(scaled) if exclusive else sigmoid(scaled)

    @classmethod
    def of_shift(cls, source: Floats, target: Floats) -> "Calibration":
        """The prior moved from `source` to `target`, both (K,), temperature 1."""
        return cls(prior_shift=tuple(float(x) for x in log_ratio(source, target)))

    def tempered(self, logits: Floats, labels: Floats) -> "Calibration":
        """The same shift with the temperature that fits exclusive labels.

        Args:
            logits: of held-out texts, (N, K).
            labels: one-hot, (N, K).
        """
        shifted = replace(self, temperature=1.0).scale(logits)
        return replace(self, temperature=fit_temperature(shifted, labels))

    def to_dict(self) -> dict[str, Any]:
        """A mapping for `config.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Calibration":
        """The calibration that `to_dict` described."""
        return cls(float(values["temperature"]), tuple(float(x) for x in values["prior_shift"]))


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


def log_ratio(source: Floats, target: Floats) -> Floats:
    """Logarithm of π'/π for two priors, both (K,), each summing to one.

    Raises:
        InputError: if the source has an empty label, which no shift can bring back.
    """
    if (np.asarray(source) <= 0).any():
        raise InputError(
            "Cannot correct for a prior shift: a label has no example in training. "
            "Leave that label out of the taxonomy, or train without the correction."
        )
    tiny = np.finfo(np.float64).tiny
    return np.asarray(np.log(np.maximum(target, tiny)) - np.log(source))


def label_prior(labels: Floats) -> Floats:
    """Share of each label, (N, K) → (K,), unlabelled rows (NaN) left out."""
    known = labels[~np.isnan(labels).any(axis=1)]
    if not len(known):
        raise InputError("Expected labelled rows to measure the share of each label; found none.")
    return np.asarray(known.sum(axis=0, dtype=np.float64) / known.sum(dtype=np.float64))


def estimate_prior(
    probabilities: Floats, source: Floats, tolerance: float = 1e-8, max_steps: int = 10_000
) -> Floats:
    """Prior of unlabelled texts by expectation-maximisation (Saerens et al. 2002).

    Args:
        probabilities: the model's p(y|x) under the training prior, (N, K).
        source: the training prior, (K,).
        tolerance: stop when no share moves by more than this.
        max_steps: stop there in any case.

    Returns:
        The prior under which the texts are most likely, (K,).
    """
    if not len(probabilities):
        raise InputError("Expected texts to estimate the share of each label from; found none.")
    likelihood = np.asarray(probabilities, dtype=np.float64) / source
    prior = np.asarray(source, dtype=np.float64)
    for _ in range(max_steps):
        joint = likelihood * prior
        updated = np.asarray((joint / joint.sum(axis=1, keepdims=True)).mean(axis=0))
        moved = np.abs(updated - prior).max()
        prior = updated
        if moved < tolerance:
            break
    return prior


def fit_temperature(logits: Floats, labels: Floats) -> float:
    """Temperature that makes exclusive labels likeliest (Guo et al. 2017, arXiv 1706.04599).

    The cross-entropy is convex in 1/T, so a ternary search on log T finds its minimum.

    Args:
        logits: of held-out texts, (N, K).
        labels: one-hot, (N, K).

    Returns:
        A temperature between 0.05 and 20.
    """
    scores = np.asarray(logits, dtype=np.float64)

    def loss(log_temperature: float) -> float:
        return float(-(log_softmax(scores / np.exp(log_temperature)) * labels).sum())

    low, high = np.log(0.05), np.log(20.0)
    while high - low > 1e-6:
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return float(np.exp((low + high) / 2))
