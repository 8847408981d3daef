"""Correction for labels whose shares differ between training and use, as a recipe asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import (
    Calibration,
    estimate_prior,
    fit_calibration,
    fit_decision,
    label_prior,
)
from emoscope.errors import InputError
from emoscope.recipes.schema import Recipe
from emoscope.taxonomy import Taxonomy, builtin_taxonomies

Floats = NDArray[np.floating[Any]]


class PriorCorrection:
    """Moves probabilities from the prior a model is trained under to that of its use.

    Attributes:
        class_weights: the class weights of the labels in the loss, (K,), or None.
        source: prior that the model learns, class weights included, (K,).
        target: prior of its use where it is known, (K,), else None.

    Args:
        recipe: its `prior` and `objective.class_weights`.
        taxonomy: the labels.
        train: training labels, (N, K).
        dev: dev labels, (M, K); their shares are read only for the target `"dev"`.
        drawn: how often an epoch has each training text, (N,).
    """

    def __init__(
        self,
        recipe: Recipe,
        taxonomy: Taxonomy,
        train: Floats,
        dev: Floats,
        drawn: Floats | float = 1.0,
    ) -> None:
        wanted = recipe.prior.target
        if wanted != "none" and not taxonomy.exclusive:
            raise InputError(
                "prior.target corrects exclusive labels; this taxonomy allows several a text."
            )
        self.by_f1 = recipe.decision.rule == "micro_f1"
        if self.by_f1 and not taxonomy.exclusive:
            raise InputError(
                "decision.rule=micro_f1 chooses one of several exclusive labels; this taxonomy "
                "allows several a text, whose thresholds are fitted anyway. Leave it out."
            )
        self.counted = [name not in taxonomy.ignored for name in taxonomy.names]
        self.estimated = wanted == "estimate"
        self.exclusive = taxonomy.exclusive
        self.independent = getattr(recipe.model, "labels", "joint") == "independent"
        self.names = taxonomy.names
        self.target: Floats | None = None
        if self.by_f1 and len(dev):
            self.check_whole(dev)
        if wanted == "dev" or (self.independent and not self.exclusive and len(dev)):
            self.check_annotated(recipe, dev)
        if wanted == "dev":
            self.target = label_prior(dev)
        elif isinstance(wanted, Mapping):
            self.target = to_prior(wanted, taxonomy)
        prior = label_prior(train, drawn)
        self.class_weights = compute_class_weights(
            recipe.objective.class_weights, prior, self.target
        )
        weighted = prior if self.class_weights is None else prior * self.class_weights
        if recipe.training.sampling == "balanced":
            if not taxonomy.exclusive:
                raise InputError(
                    "training.sampling=balanced draws texts by their one label; this taxonomy "
                    "allows several a text. Set training.sampling=natural."
                )
            if self.class_weights is not None:
                raise InputError(
                    "training.sampling=balanced and objective.class_weights both balance the "
                    "labels. Leave one of them out."
                )
            # What the model sees: each label that there is, equally often.
            weighted = (prior > 0).astype(np.float64)
        self.source: Floats = weighted / weighted.sum()
        missing = [name for name, share in zip(taxonomy.names, prior, strict=True) if share <= 0]
        if wanted != "none" and missing:
            raise InputError(
                f"prior.target: no example in training of {', '.join(missing)}, and no correction "
                "can bring a label back. Leave it out of the taxonomy, or set prior.target=none."
            )

    def check_annotated(self, recipe: Recipe, dev: Floats) -> None:
        """Check, before anything is trained, that dev tells of each label how frequent it is.

        Raises:
            InputError: no dev text is annotated for some of them.
        """
        missing = [self.names[place] for place in np.flatnonzero(np.isnan(dev).all(axis=0))]
        if not missing:
            return
        if self.exclusive:
            advice = "set prior.target=none"
        else:
            excluded = dict.fromkeys([*recipe.corpus.exclude, *missing])
            advice = f"leave them out: corpus.exclude=[{','.join(excluded)}]"
        raise InputError(
            f"No dev text is annotated for {', '.join(missing)}, and dev has to tell the share of "
            f"each label. Add a dev split that is, or {advice}."
        )

    def check_whole(self, dev: Floats) -> None:
        """Check, before anything is trained, that a rule for all labels can be fitted to dev.

        Raises:
            InputError: no dev text is annotated for all of them.
        """
        if np.isnan(dev).any(axis=1).all():
            raise InputError(
                f"decision.rule=micro_f1 weighs {', '.join(self.names)} against each other, and no "
                "dev text is annotated for all of them. Add a dev split that is, or set "
                "decision.rule=most_probable."
            )

    def calibrate(self, logits: Floats) -> Calibration:
        """The shift, its target estimated from logits (N, K) if the recipe asks for that."""
        target = self.target
        if self.estimated:
            # A part that lacks a label has no logits for it.
            whole = logits[~np.isnan(logits).any(axis=1)]
            probabilities = Calibration().probabilities(whole, exclusive=True)
            target = estimate_prior(probabilities, self.source)
        return Calibration() if target is None else Calibration.of_shift(self.source, target)

    def fit(self, logits: Floats, labels: Floats) -> Calibration:
        """The shift, the temperature, and the thresholds, if the labels have such.

        Independent labels have a shift each, and groups of them that taxonomies which ship are made
        of have thresholds.

        Args:
            logits: the logits of the dev texts, (N, K).
            labels: (N, K), one-hot if exclusive, NaN where not known.
        """
        if self.independent and not self.exclusive:
            return fit_calibration(logits, labels, self.names, find_groups(self.names))
        found = self.calibrate(logits).fitted(logits, labels, self.exclusive)
        if not self.by_f1:
            return found
        thresholds = fit_decision(found.probabilities(logits, True), labels, self.counted)
        return replace(found, thresholds=tuple(map(float, thresholds)))


def find_groups(names: Sequence[str]) -> list[tuple[str, ...]]:
    """The groups of several of these labels that taxonomies which ship are made of, each once."""
    groups = (
        # Two taxonomies may list the same labels in another order.
        tuple(sorted(parts))
        for taxonomy in map(Taxonomy.load, builtin_taxonomies())
        for parts in taxonomy.made_of.values()
    )
    known = dict.fromkeys(parts for parts in groups if set(parts) <= set(names))
    return [parts for parts in known if len(parts) > 1]


def to_prior(shares: Mapping[str, float], taxonomy: Taxonomy) -> Floats:
    """Shares by label as an array that sums to one, (K,)."""
    if set(shares) != set(taxonomy.names) or sum(shares.values()) <= 0:
        raise InputError(
            f"prior.target: expected a share for each of {', '.join(taxonomy.names)}; "
            f"found {dict(shares)}."
        )
    values = np.array([shares[name] for name in taxonomy.names], dtype=np.float64)
    return np.asarray(values / values.sum())


def compute_class_weights(scheme: str, prior: Floats, target: Floats | None) -> Floats | None:
    """Weight of each label in the loss, (K,).

    Args:
        scheme: `"none"`, `"balanced"` (every label weighs the same in all), or `"prior"` (as much
            as its share of the target prior).
        prior: share of each label in training, (K,).
        target: share of each label in use, (K,); `"prior"` needs it.
    """
    if scheme == "none":
        return None
    if scheme == "balanced":
        wanted: Floats = np.full(len(prior), 1 / len(prior))
    elif target is None:
        raise InputError(
            "objective.class_weights=prior needs prior.target: shares by label, or dev."
        )
    else:
        wanted = target
    return wanted / np.maximum(prior, 1e-12)
