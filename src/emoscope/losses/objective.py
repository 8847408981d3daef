"""What training minimises: named terms with coefficients, each of them logged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emoscope.errors import InputError
from emoscope.losses.conditional import ConditionalWeights
from emoscope.losses.correlation import data_correlation, make_pair_weights, wheel_correlation
from emoscope.losses.exclusive import (
    choice_cross_entropy,
    compute_stage_logits,
    stage_cross_entropy,
)
from emoscope.losses.functional import (
    binary_cross_entropy,
    cross_entropy,
    listwise_cross_entropy,
)
from emoscope.losses.local import PairWeights
from emoscope.losses.structure import global_loss
from emoscope.models.shared.output import EmotionOutput
from emoscope.recipes.objective import GlobalLossSection, LocalLossSection, ObjectiveSection
from emoscope.registry import LOSSES, resolve
from emoscope.taxonomy import Taxonomy

Term = Callable[[EmotionOutput, Tensor, Tensor | None], Tensor]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms, each a function of a model's output, the labels and their columns.

    Attributes:
        terms: by name, e.g. `{"cross_entropy": …}`.
        coefficients: the coefficients of each term, by the same names.
        regularization: the names of the terms over pairs of labels.
    """

    terms: Mapping[str, Term]
    coefficients: Mapping[str, float]
    regularization: tuple[str, ...] = ()

    def __call__(
        self, output: EmotionOutput, labels: Tensor, columns: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, and each term before its coefficient.

        Args:
            output: the output of the model for one batch.
            labels: (batch, labels).
            columns: places of these labels in the taxonomy, (labels,); all of it if None.
        """
        values = {name: term(output, labels, columns) for name, term in self.terms.items()}
        total = torch.stack([self.coefficients[name] * value for name, value in values.items()])
        return total.sum(), {name: value.detach() for name, value in values.items()}


def check_objective(section: ObjectiveSection, taxonomies: Sequence[Taxonomy]) -> None:
    """Check that losses over several labels of one text have such labels.

    Args:
        section: the section of the recipe.
        taxonomies: the taxonomies of each part that is trained on.

    Raises:
        InputError: no part has labels that do not exclude each other.
    """
    relates = section.local_loss or section.global_loss or section.conditional_order
    if relates and all(taxonomy.exclusive for taxonomy in taxonomies):
        names = ", ".join(dict.fromkeys(repr(taxonomy.name) for taxonomy in taxonomies))
        raise InputError(
            "objective: local_loss, global_loss and conditional_order relate labels of one "
            f"text, and those of {names} exclude each other. Leave them out."
        )
    if section.exclusive != "softmax" or section.stage:
        name = f"exclusive={section.exclusive}" if section.exclusive != "softmax" else "stage"
        if not any(taxonomy.exclusive for taxonomy in taxonomies):
            raise InputError(
                f"objective.{name} is for labels that exclude each other, and no corpus has such. "
                "Leave it out."
            )
        stages = section.exclusive == "two_stage" or section.stage
        for taxonomy in taxonomies:
            if stages and taxonomy.exclusive and not taxonomy.ignored:
                raise InputError(
                    f"objective.{name} decides first whether a text has a label of the averages, "
                    f"and every label of {taxonomy.name!r} is one. List a label such as others "
                    "under ignored in the taxonomy, or leave it out."
                )


def make_objective(
    section: ObjectiveSection,
    taxonomy: Taxonomy,
    train: Floats,
    class_weights: Floats | None = None,
    listwise: float = 0.0,
) -> Objective:
    """The objective of a recipe: (1 - c) · cross-entropy + c · local + g · global + further terms.

    Labels that exclude each other have a softmax cross-entropy and neither of the next two: they
    stand in no relation within a text, so that in a mixture these belong to the other corpora.

    Args:
        section: the section of the recipe.
        taxonomy: the K labels.
        train: training labels, (N, K), for the correlations and the conditional weights.
        class_weights: the class weights of each label, (K,).
        listwise: coefficient of the softmax cross-entropy over labels that do not exclude each
            other.

    Raises:
        InputError: labels without a place on Plutchik's wheel.
    """
    local, pull = section.local_loss, section.global_loss
    weights = None if class_weights is None else torch.tensor(class_weights, dtype=torch.float32)
    further: dict[str, Term] = {name: resolve(LOSSES[name].place) for name in section.terms}
    if taxonomy.exclusive:
        own = make_exclusive_terms(section, taxonomy, weights)
        return Objective(
            {**{name: term for name, (term, _) in own.items()}, **further},
            {**{name: coefficient for name, (_, coefficient) in own.items()}, **section.terms},
        )
    conditional = None
    if section.conditional_order is not None:
        conditional = ConditionalWeights.fit(train, section.conditional_order)
    terms = {
        "binary_cross_entropy": make_sigmoid_term(weights, section.label_smoothing, conditional)
    }
    coefficients = {"binary_cross_entropy": 1.0}
    if local is not None:
        terms[f"{local.name}_loss"] = make_local_term(local, taxonomy, train)
        coefficients["binary_cross_entropy"] = 1 - local.coefficient
        coefficients[f"{local.name}_loss"] = local.coefficient
    if pull is not None:
        terms["global_loss"] = make_global_term(pull, taxonomy, train)
        coefficients["global_loss"] = pull.coefficient
    pairwise = tuple(terms)[1:]
    if listwise:
        terms["listwise_cross_entropy"] = compute_listwise_term
        coefficients["listwise_cross_entropy"] = listwise
    return Objective({**terms, **further}, {**coefficients, **section.terms}, pairwise)


def make_exclusive_terms(
    section: ObjectiveSection, taxonomy: Taxonomy, weights: Tensor | None
) -> dict[str, tuple[Term, float]]:
    """The terms of labels that exclude each other, each with its coefficient."""
    averaged = torch.zeros(len(taxonomy), dtype=torch.bool)
    averaged[list(taxonomy.averaged)] = True
    stage = make_stage_term(averaged, weights)
    if section.exclusive == "two_stage":
        return {"stage": (stage, 1.0), "choice": (make_choice_term(averaged, weights), 1.0)}
    if section.exclusive == "binary":
        # The sum over the decisions, as a text has one loss.
        decisions = make_sigmoid_term(weights, section.label_smoothing, None)
        terms = {"binary_cross_entropy": (decisions, float(len(taxonomy)))}
    else:
        terms = {"cross_entropy": (make_softmax_term(weights, section.label_smoothing), 1.0)}
    return terms | ({"stage": (stage, section.stage)} if section.stage else {})


def make_stage_term(averaged: Tensor, weights: Tensor | None) -> Term:
    """Whether a text has a label of the averages: by the model's own head for it, or its logits."""

    def term(output: EmotionOutput, labels: Tensor, columns: Tensor | None) -> Tensor:
        chosen, scale = select_stage(averaged, weights, columns, output.logits)
        stage = output.stage
        if stage is None:
            stage = compute_stage_logits(output.logits, chosen)
        return stage_cross_entropy(stage, labels, chosen, scale)

    return term


def make_choice_term(averaged: Tensor, weights: Tensor | None) -> Term:
    """Which of the labels of the averages a text has, if it has one."""

    def term(output: EmotionOutput, labels: Tensor, columns: Tensor | None) -> Tensor:
        chosen, scale = select_stage(averaged, weights, columns, output.logits)
        return choice_cross_entropy(output.logits, labels, chosen, scale)

    return term


def select_stage(
    averaged: Tensor, weights: Tensor | None, columns: Tensor | None, logits: Tensor
) -> tuple[Tensor, Tensor | None]:
    """What is known of each label of a batch, where the logits are.

    Raises:
        InputError: the batch lacks labels, so that the rest is no decision.
    """
    if columns is not None:
        raise InputError(
            "objective.exclusive=two_stage and objective.stage need every label of a text, and "
            "model.drop_labels leaves some out. Set model.drop_labels=0."
        )
    scale = None if weights is None else weights.to(logits)
    return averaged.to(logits.device), scale


def make_softmax_term(weights: Tensor | None, smoothing: float) -> Term:
    """Cross-entropy of exclusive labels."""

    def term(output: EmotionOutput, labels: Tensor, columns: Tensor | None) -> Tensor:
        chosen = select_columns(weights, columns)
        return cross_entropy(
            output.logits, labels, None if chosen is None else chosen.to(output.logits), smoothing
        )

    return term


def compute_listwise_term(output: EmotionOutput, labels: Tensor, columns: Tensor | None) -> Tensor:
    """Cross-entropy of a choice among labels."""
    return listwise_cross_entropy(output.logits, labels)


def make_sigmoid_term(
    weights: Tensor | None, smoothing: float, conditional: ConditionalWeights | None
) -> Term:
    """Make the cross-entropy of independent labels, with optional conditional weights."""

    def term(output: EmotionOutput, labels: Tensor, columns: Tensor | None) -> Tensor:
        chosen = select_columns(weights, columns)
        cells = None
        if conditional is not None:
            if columns is not None:
                raise InputError(
                    "objective.conditional_order needs every label of a text, and "
                    "model.drop_labels leaves some out. Set one of them to none."
                )
            cells = conditional(labels)
        return binary_cross_entropy(
            output.logits,
            labels,
            None if chosen is None else chosen.to(output.logits),
            smoothing,
            cells,
        )

    return term


def make_local_term(section: LocalLossSection, taxonomy: Taxonomy, train: Floats) -> Term:
    """A loss over pairs of labels."""
    function = resolve(LOSSES[section.name].place)
    pairs: PairWeights | None = None
    if section.weights != "none":
        correlation = compute_correlation(section.weights, taxonomy, train)
        pairs = make_pair_weights(correlation, section.transform, section.plus_one)

    def term(output: EmotionOutput, labels: Tensor, columns: Tensor | None) -> Tensor:
        chosen = pairs
        if pairs is not None:
            within, between = (
                select_columns(select_columns(item, columns, 0), columns, 1)
                for item in (pairs.within, pairs.between)
            )
            assert within is not None and between is not None  # noqa: S101, PT018
            chosen = PairWeights(within.to(output.logits.device), between.to(output.logits.device))
        value: Tensor = function(
            output.logits,
            labels,
            output.representations,
            chosen,
            distance=section.distance,
            on=section.on,
        )
        return value

    return term


def make_global_term(section: GlobalLossSection, taxonomy: Taxonomy, train: Floats) -> Term:
    """A loss on label representations alone."""
    correlation = torch.tensor(
        compute_correlation(section.correlation, taxonomy, train), dtype=torch.float32
    )

    def term(output: EmotionOutput, labels: Tensor, columns: Tensor | None) -> Tensor:
        if output.representations is None:
            raise InputError(
                "objective.global_loss moves label representations, and this model has none. Take "
                "Demux, or MEmo with head: projections."
            )
        chosen = select_columns(select_columns(correlation, columns, 0), columns, 1)
        assert chosen is not None  # noqa: S101
        return global_loss(
            output.representations, chosen.to(output.logits.device), section.distance
        )

    return term


def compute_correlation(source: str, taxonomy: Taxonomy, train: Floats) -> Floats:
    """Correlations (K, K) of the labels in the training data, or on Plutchik's wheel."""
    return data_correlation(train) if source == "data" else wheel_correlation(taxonomy.names)


def select_columns(values: Tensor | None, columns: Tensor | None, axis: int = 0) -> Tensor | None:
    """Select columns along an axis; all if `columns` is None."""
    if values is None or columns is None:
        return values
    return values.index_select(axis, columns.to(values.device))
