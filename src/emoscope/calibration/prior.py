"""Shares of labels, and what other shares do to the logits.

A model trained where half of the texts are `others` and used where 85 % are is wrong by a known
factor. With π the share of each of some exclusive labels in training and π' the share where the
model is used, p'(y|x) ∝ p(y|x) π'(y) / π(y) (Saerens, Latinne & Decaestecker 2002, Neural
Computation 14(1)), that is log π'/π added to the logits. A label that excludes no other is two such
labels, with it and without.
"""

import numpy as np

from emoscope.calibration.functions import Floats, log_odds
from emoscope.errors import InputError


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


def label_shares(labels: Floats, weights: Floats | float = 1.0) -> Floats:
    """Share of the texts that have each label, (N, K) → (K,), what is not known (NaN) left out.

    Args:
        labels: (N, K).
        weights: as how many each text counts, (N,).

    Raises:
        InputError: nothing is known of a label.
    """
    known = ~np.isnan(labels) * np.broadcast_to(weights, len(labels))[:, None]
    if not known.any(axis=0).all():
        raise InputError("Expected labelled rows to measure the share of each label; found none.")
    return np.asarray((np.nan_to_num(labels) * known).sum(axis=0) / known.sum(axis=0))


def label_prior(labels: Floats, weights: Floats | float = 1.0) -> Floats:
    """Share of each label among all labels, (N, K) → (K,); see `label_shares`."""
    shares = label_shares(labels, weights)
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


def share_shift(assumed: Floats | float, expected: Floats | float) -> Floats:
    """What another share of a label adds to its log-odds: ln π'/(1 − π') − ln π/(1 − π).

    This is Bayes' rule where the texts that have the label, and those that have not, are like those
    of training and only their numbers differ.

    Args:
        assumed: the share π that the model assumes, any shape.
        expected: the share π' where it is used.
    """
    return log_odds(np.asarray(expected)) - log_odds(np.asarray(assumed))
