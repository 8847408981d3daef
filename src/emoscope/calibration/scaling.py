"""A shift for each label, and a temperature, that fit held-out texts.

After Platt 1999, "Probabilistic Outputs for Support Vector Machines": p = σ((z + b) / T), with a
shift b of each label and one temperature T of all, as few texts tell a slope of each label. At the
maximum of the likelihood the mean probability of a label is its share of the texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emoscope.calibration.calibration import Calibration
from emoscope.calibration.fitting import fit_thresholds
from emoscope.calibration.functions import Floats, group_probability, log_odds, sigmoid
from emoscope.calibration.prior import label_shares

MAX_STEPS = 100
BOUND = 50.0
"""Of a shift in log-odds: a share no nearer to 0 or 1 can be told in floats."""
SLOPES = (0.05, 20.0)
"""Of 1/T, as `fit_temperature` bounds it."""
HALVES = tuple(0.5**power for power in range(30))
TINY = 1e-12


def fit_shifts(
    logits: Floats, labels: Floats, temperature: float = 1.0, strength: Floats | float = 1.0
) -> Floats:
    """The shift of each label that makes held-out labels likeliest, (K,).

    It is found label by label, by Newton's method inside a bracket that only ever shrinks.

    Args:
        logits: of held-out texts, (N, K).
        labels: in [0, 1], (N, K), NaN where not known.
        temperature: divides the shifted logits.
        strength: of the pull of b/T to 0, one number or (K,): a normal prior of variance
            1/`strength`. It weighs like as many texts that the model is not sure of, so that a
            label with few cases moves little. With 0 a label without a case goes to `BOUND`.

    Returns:
        What is added to the logits before the temperature.
    """
    known = ~np.isnan(labels)
    scaled = np.where(known, logits, 0.0).astype(np.float64) / temperature
    truth = np.where(known, labels, 0.0)
    low = np.full(scaled.shape[1], -BOUND)
    high, shift = -low, np.zeros_like(low)
    for _ in range(MAX_STEPS):
        found = np.where(known, sigmoid(scaled + shift), 0.0)
        slope = (found - truth).sum(axis=0) + strength * shift
        low, high = np.where(slope <= 0, shift, low), np.where(slope >= 0, shift, high)
        step = slope / np.maximum((found * (1 - found)).sum(axis=0) + strength, TINY)
        inside = (shift - step > low) & (shift - step < high)
        moved = np.where(slope == 0, shift, np.where(inside, shift - step, (low + high) / 2))
        done = np.abs(moved - shift).max(initial=0.0) < 1e-10
        shift = moved
        if done:
            break
    return np.asarray(shift * temperature)


@dataclass(frozen=True)
class Scaling:
    """A temperature, and shifts (K,) that are added to the logits before it."""

    temperature: float
    shifts: Floats


def fit_scaling(
    logits: Floats,
    labels: Floats,
    strength: Floats | float = 1.0,
    slope_strength: float = 0.0,
) -> Scaling:
    """The temperature and the shifts that together make held-out labels likeliest.

    The loss is convex in 1/T and b/T; Newton's method, which goes half as far where the loss would
    rise, finds its minimum.

    Args:
        logits: of held-out texts, (N, K).
        labels: in [0, 1], (N, K), NaN where not known.
        strength: as of `fit_shifts`.
        slope_strength: of the pull of 1/T to 1: a normal prior of variance 1/`slope_strength`.
    """
    known = ~np.isnan(labels)
    scores = np.where(known, logits, 0.0).astype(np.float64)
    truth = np.where(known, labels, 0.0)
    pull = np.broadcast_to(np.asarray(strength, dtype=np.float64), scores.shape[1:])

    def loss(slope: float, shift: Floats) -> float:
        scaled = slope * scores + shift
        fit = ((np.logaddexp(0.0, scaled) - scaled * truth) * known).sum()
        return float(fit + (pull * shift**2).sum() / 2 + slope_strength * (slope - 1) ** 2 / 2)

    def step(slope: float, shift: Floats) -> tuple[float, Floats]:
        """Where Newton's method would go; the matrix is an arrow, as labels share the slope."""
        found = sigmoid(slope * scores + shift)
        weights = known * found * (1 - found)
        missed = known * (found - truth)
        by_shift = missed.sum(axis=0) + pull * shift
        curvature = np.maximum(weights.sum(axis=0) + pull, TINY)
        mixed = (weights * scores).sum(axis=0)
        by_slope = (missed * scores).sum() + slope_strength * (slope - 1)
        bend = (weights * scores**2).sum() + slope_strength - (mixed**2 / curvature).sum()
        down = (by_slope - (mixed * by_shift / curvature).sum()) / max(bend, TINY)
        return -down, -(by_shift - mixed * down) / curvature

    slope, shift = 1.0, np.zeros(scores.shape[1])
    now = loss(slope, shift)
    for _ in range(MAX_STEPS):
        to_slope, to_shift = step(slope, shift)
        for part in HALVES:
            tried = float(np.clip(slope + part * to_slope, *SLOPES))
            moved = np.clip(shift + part * to_shift, -BOUND, BOUND)
            if (new := loss(tried, moved)) < now:
                break
        else:
            break
        slope, shift, gained, now = tried, moved, now - new, new
        if gained < 1e-12 * max(now, 1.0):
            break
    return Scaling(1 / slope, shift / slope)


def fit_calibration(
    logits: Floats,
    labels: Floats,
    names: Sequence[str],
    groups: Sequence[Sequence[str]] = (),
    strength: Floats | float = 1.0,
) -> Calibration:
    """The calibration of labels that are independent of each other, from held-out texts.

    Args:
        logits: of the texts, (N, K).
        labels: in [0, 1], (N, K), NaN where not known.
        names: of the K labels.
        groups: names of labels of each group that gets a threshold of its own.
        strength: as of `fit_shifts`.
    """
    scaling = fit_scaling(logits, labels, strength)
    scaled = Calibration(scaling.temperature, tuple(map(float, scaling.shifts)))
    probabilities = scaled.probabilities(np.where(np.isnan(labels), 0.0, logits), exclusive=False)
    shares = label_shares(labels)
    return replace(
        scaled,
        thresholds=tuple(map(float, fit_thresholds(probabilities, labels))),
        shares=tuple(map(float, shares)),
        groups=fit_groups(probabilities, labels, names, groups),
        untrained_shift=untrained_shift(scaling, shares, scaled.untrained_share),
    )


def untrained_shift(scaling: Scaling, shares: Floats, share: float) -> float:
    """The shift of a label without held-out texts that has a share of the texts of use.

    A shift moves a label from what a text says of it to how frequent it is. What is left of it once
    the frequency is taken off is much the same for the labels that are known, and its median serves
    for the others.

    Args:
        scaling: of the labels that are known.
        shares: of the texts that have each of these, (K,).
        share: of the texts that have the other label.
    """
    inside = (shares > 0) & (shares < 1)
    if not inside.any():
        return 0.0
    rest = scaling.shifts[inside] / scaling.temperature - log_odds(shares[inside])
    return float(scaling.temperature * (np.median(rest) + log_odds(np.array(share))))


def fit_groups(
    probabilities: Floats, labels: Floats, names: Sequence[str], groups: Sequence[Sequence[str]]
) -> tuple[tuple[tuple[str, ...], float], ...]:
    """Thresholds of groups of labels, for `Calibration.groups`.

    Args:
        probabilities: of the labels on held-out texts, (N, K).
        labels: in [0, 1], cut at ½, (N, K), NaN where not known. A text has a group if it has one
            of its labels, and nobody knows where none is known to apply and one is not known.
        names: of the K labels.
        groups: names of labels of each group.
    """
    if not groups:
        return ()
    places = {name: place for place, name in enumerate(names)}
    members = [[places[name] for name in group] for group in groups]
    scores = [group_probability(probabilities[:, each]) for each in members]
    # The highest label is NaN if one is, unless there is a 1.
    truth = [
        np.where((labels[:, each] >= 0.5).any(axis=1), 1.0, labels[:, each].max(axis=1))
        for each in members
    ]
    cuts = fit_thresholds(np.stack(scores, axis=1), np.stack(truth, axis=1))
    return tuple(
        (tuple(sorted(group)), float(cut)) for group, cut in zip(groups, cuts, strict=True)
    )
