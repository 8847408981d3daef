"""From logits to probabilities one can use: temperature, shift of the class prior, thresholds.

The prior shift of exclusive labels: a model trained where half of the texts are `others` and used
where 85 % are is wrong by a known factor. With π the share of each label in training and π' the
share where the model is used, p'(y|x) ∝ p(y|x) π'(y) / π(y) (Saerens, Latinne & Decaestecker
2002, Neural Computation 14(1)), that is log π'/π added to the logits.
"""

from collections.abc import Mapping, Sequence
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
        thresholds: probability from which a label that is not exclusive is given, one a label;
            empty for ½ throughout.
    """

    temperature: float = 1.0
    prior_shift: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()

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

    def fitted(self, logits: Floats, labels: Floats, exclusive: bool) -> "Calibration":
        """The same shift, with the temperature and the thresholds that fit held-out texts.

        Args:
            logits: of held-out texts, (N, K); NaN only where a label is not known.
            labels: in [0, 1], (N, K), NaN where not known; one-hot if exclusive.
            exclusive: one label a text, which leaves nothing to threshold.
        """
        logits = np.where(np.isnan(labels), 0.0, logits)
        shifted = replace(self, temperature=1.0).scale(logits)
        tempered = replace(self, temperature=fit_temperature(shifted, labels, exclusive))
        if exclusive:
            return tempered
        thresholds = fit_thresholds(tempered.probabilities(logits, exclusive), labels)
        return replace(tempered, thresholds=tuple(map(float, thresholds)))

    def cuts(self) -> Floats | float:
        """The thresholds, (K,), or ½."""
        return np.array(self.thresholds) if self.thresholds else 0.5

    def for_labels(self, known: Sequence[str], asked: Sequence[str]) -> "Calibration":
        """The calibration of the same model asked for other labels.

        A label keeps the threshold that was fitted for it; one that the model was not trained on
        gets the median of the fitted ones. A shift of the prior belongs to the labels it was
        measured on, and is dropped.

        Args:
            known: names of the labels of this calibration.
            asked: names of the others.
        """
        if tuple(known) == tuple(asked):
            return self
        cuts: tuple[float, ...] = ()
        if self.thresholds:
            fitted = dict(zip(known, self.thresholds, strict=True))
            middle = float(np.median(self.thresholds))
            cuts = tuple(fitted.get(name, middle) for name in asked)
        return Calibration(self.temperature, thresholds=cuts)

    def to_dict(self) -> dict[str, Any]:
        """A mapping for `config.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Calibration":
        """The calibration that `to_dict` described."""
        return cls(
            float(values["temperature"]),
            tuple(float(x) for x in values["prior_shift"]),
            # Folders written before there were thresholds have none.
            tuple(float(x) for x in values.get("thresholds", ())),
        )


def decide(
    probabilities: Floats, exclusive: bool, thresholds: Floats | float = 0.5
) -> NDArray[np.bool_]:
    """Decisions (N, K): the most probable label if exclusive, else those at their threshold."""
    chosen: NDArray[np.bool_] = (
        np.eye(probabilities.shape[1], dtype=np.bool_)[probabilities.argmax(axis=1)]
        if exclusive
        else probabilities >= thresholds
    )
    return chosen


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
    """Share of each label, (N, K) → (K,), what is not known (NaN) left out."""
    known = ~np.isnan(labels)
    if not known.any(axis=0).all():
        raise InputError("Expected labelled rows to measure the share of each label; found none.")
    shares = np.where(known, labels, 0.0).sum(axis=0, dtype=np.float64) / known.sum(axis=0)
    return np.asarray(shares / shares.sum())


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


def fit_temperature(logits: Floats, labels: Floats, exclusive: bool = True) -> float:
    """Temperature that makes the labels likeliest (Guo et al. 2017, arXiv 1706.04599).

    The cross-entropy is convex in 1/T, so a ternary search on log T finds its minimum.

    Args:
        logits: of held-out texts, (N, K).
        labels: in [0, 1], (N, K), NaN where not known; one-hot if exclusive.
        exclusive: softmax cross-entropy, else that of each label's sigmoid.

    Returns:
        A temperature between 0.05 and 20.
    """
    known = ~np.isnan(labels)
    cells = known.all(axis=1) if exclusive else known
    scores, truth = np.asarray(logits, dtype=np.float64)[cells], np.asarray(labels)[cells]

    def loss(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        if exclusive:
            return float(-(log_softmax(scaled) * truth).sum())
        return float((np.logaddexp(0.0, scaled) - scaled * truth).sum())

    low, high = np.log(0.05), np.log(20.0)
    while high - low > 1e-6:
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return float(np.exp((low + high) / 2))


def fit_thresholds(
    probabilities: Floats, labels: Floats, resamples: int = 25, seed: int = 0
) -> Floats:
    """Thresholds that hold on texts that they were not fitted on, (K,).

    The best threshold of a rare label says more about the few texts it was found on than about the
    label, and lets too much pass. So each is the mean of the best ones of bootstrap resamples
    (bagging, Breiman 1996), moved half-way to the best threshold that all labels have in common.
    `benchmarks/demux_quality.py` compares this with simpler ways on halves of dev.

    Args:
        probabilities: of held-out texts, (N, K).
        labels: in [0, 1], cut at ½, (N, K), NaN where not known.
        resamples: how many.
        seed: of the resamples.
    """
    known = ~np.isnan(labels)
    common = best_threshold(probabilities[known], np.asarray(labels)[known] >= 0.5)
    rng = np.random.default_rng(seed)
    thresholds = []
    for column, gold, rows in zip(probabilities.T, np.asarray(labels).T, known.T, strict=True):
        scores, truth = column[rows], gold[rows] >= 0.5
        drawn = rng.integers(0, max(len(truth), 1), size=(resamples, len(truth)))
        best = [best_threshold(scores[one], truth[one]) for one in drawn if truth[one].any()]
        thresholds.append((np.mean(best) + common) / 2 if best else common)
    return np.array(thresholds)


def best_threshold(probabilities: Floats, truth: NDArray[np.bool_]) -> float:
    """The threshold with the best F1; ½ without a case.

    It lies between the two neighbouring probabilities that it parts.

    Args:
        probabilities: (N,).
        truth: (N,).
    """
    if not truth.any():
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], truth[order].cumsum()
    chosen = np.arange(1, len(ranked) + 1)
    f1 = 2 * hits / (chosen + truth.sum())
    # A threshold cannot part two equal probabilities.
    following = np.append(ranked[1:], 0.0)
    f1[:-1][ranked[:-1] == ranked[1:]] = -1.0
    best = int(f1.argmax())
    return float((ranked[best] + following[best]) / 2)
