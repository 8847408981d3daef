"""What training minimises: named terms with coefficients, each of them logged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from emoscope.losses.functional import binary_cross_entropy, cross_entropy
from emoscope.models.output import EmotionOutput

Term = Callable[[EmotionOutput, Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms, each a function of a model's output and the labels.

    Attributes:
        terms: by name, e.g. `{"cross_entropy": …}`.
        coefficients: of each term, by the same names.
    """

    terms: Mapping[str, Term]
    coefficients: Mapping[str, float]

    def __call__(self, output: EmotionOutput, labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, and each term before its coefficient.

        Args:
            output: of the model for one batch.
            labels: (batch, labels).
        """
        values = {name: term(output, labels) for name, term in self.terms.items()}
        total = torch.stack([self.coefficients[name] * value for name, value in values.items()])
        return total.sum(), {name: value.detach() for name, value in values.items()}


def likelihood(
    exclusive: bool, class_weights: Tensor | None = None, smoothing: float = 0.0
) -> Objective:
    """The cross-entropy that fits the taxonomy, as the only term.

    Args:
        exclusive: one label a text (softmax), or independent labels (sigmoid).
        class_weights: of each label, (labels,).
        smoothing: of the targets, in [0, 1).
    """
    function = cross_entropy if exclusive else binary_cross_entropy

    def term(output: EmotionOutput, labels: Tensor) -> Tensor:
        weights = None if class_weights is None else class_weights.to(output.logits)
        return function(output.logits, labels, weights, smoothing)

    return Objective(terms={function.__name__: term}, coefficients={function.__name__: 1.0})
