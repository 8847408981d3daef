"""Local losses: terms over the pairs of labels of each example.

`inter` pulls the labels that an example has apart from those that it lacks, `intra` ties the
labels of either set together, `complete` does both. The exponential `inter` is the
label-correlation loss of SpanEmo (Alhuzali & Ananiadou 2021, EACL); the others are those of
Chochlakis et al., *Leveraging Label Correlations in a Multi-label Setting* (arXiv 2210.15842).

With P the labels at ½ or more, A the others, x the predictions σ(z) or the logits z, h the
representations and w the weights, a pair costs

| distance | inter, p in P and a in A | intra, i < j both in A or both in P |
| --- | --- | --- |
| `exp_diff` | w·exp(x_a − x_p) | w·exp(x_i + x_j) in A, w·exp(−x_i − x_j) in P |
| `sq_diff` | −w·(x_p − x_a)² | w·(x_i − x_j)² |
| `cossim` | w·cos(h_p, h_a) | −w·cos(h_i, h_j) |

Everything is computed in float32 at least. A label that is NaN is in neither set; an example
without any known label does not count.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from emoscope.errors import InputError
from emoscope.losses.geometry import cosines, to_at_least_float32

Distance = Literal["exp_diff", "sq_diff", "cossim"]
Source = Literal["predictions", "logits"]

# Beyond this exponent, exp continues as its tangent: it still grows and still pushes, and the
# squares of its gradients, which optimisers sum, fit into float32.
LARGEST_EXPONENT = 30.0
# What a term between the sets and a term within a set are multiplied with.
SIGNS = {"exp_diff": (1, 1), "sq_diff": (-1, 1), "cossim": (1, -1)}


@dataclass(frozen=True)
class PairWeights:
    """Weight of each pair of labels, symmetric.

    Attributes:
        within: the weights of pairs of one set (`intra`), (labels, labels).
        between: the weights of pairs of a label that is there and one that is not (`inter`),
            (labels, labels).
    """

    within: Tensor
    between: Tensor


def inter(
    logits: Tensor,
    labels: Tensor,
    representations: Tensor | None = None,
    weights: PairWeights | None = None,
    *,
    distance: Distance = "exp_diff",
    on: Source = "predictions",
) -> Tensor:
    """Mean over the pairs of a present and an absent label, then over the examples.

    An example that has every label, or none, costs 0 and counts.

    Args:
        logits: (batch, labels).
        labels: in [0, 1], (batch, labels); NaN where a text is not labelled.
        representations: (batch, labels, hidden), needed by `cossim` only.
        weights: the weights of the pairs; all 1 by default.
        distance: the form of the terms, see the module.
        on: what the terms compare. The papers define this loss on predictions; logits are
            accepted so that `complete` can have both of its halves on the same scale.

    Raises:
        InputError: if `cossim` gets no representations, or an option is unknown.
    """
    terms = _terms(logits, labels, representations, distance, on)
    return _mean_of_examples(_inter(terms, labels, weights, distance), labels)


def intra(
    logits: Tensor,
    labels: Tensor,
    representations: Tensor | None = None,
    weights: PairWeights | None = None,
    *,
    distance: Distance = "exp_diff",
    on: Source = "predictions",
) -> Tensor:
    """Mean over the pairs within the present and within the absent labels, then over examples.

    Of the two sets, those with pairs count alike, however many pairs they have.

    Args:
        logits: (batch, labels).
        labels: in [0, 1], (batch, labels); NaN where a text is not labelled.
        representations: (batch, labels, hidden), needed by `cossim` only.
        weights: the weights of the pairs; all 1 by default.
        distance: the form of the terms, see the module.
        on: `predictions` as in the paper, or `logits` as in its published code, where `exp_diff`
            continues as a straight line once an exponent passes 30.

    Raises:
        InputError: if `cossim` gets no representations, or an option is unknown.
    """
    terms = _terms(logits, labels, representations, distance, on)
    return _mean_of_examples(_intra(terms, labels, weights, distance), labels)


def complete(
    logits: Tensor,
    labels: Tensor,
    representations: Tensor | None = None,
    weights: PairWeights | None = None,
    *,
    distance: Distance = "exp_diff",
    on: Source = "predictions",
) -> Tensor:
    """Mean of `inter` and `intra`, which have the same arguments and errors."""
    terms = _terms(logits, labels, representations, distance, on)
    between = _inter(terms, labels, weights, distance)
    within = _intra(terms, labels, weights, distance)
    return _mean_of_examples((between + within) / 2, labels)


def _terms(
    logits: Tensor, labels: Tensor, representations: Tensor | None, distance: Distance, on: Source
) -> Tensor:
    """What each pair of labels costs before sign and weight, (batch, labels, labels)."""
    if distance not in SIGNS or on not in get_args(Source):
        raise InputError(
            f"Expected a distance of {', '.join(SIGNS)} on {' or '.join(get_args(Source))}; "
            f"got {distance!r} on {on!r}."
        )
    if distance == "cossim":
        if representations is None:
            raise InputError(
                "The distance 'cossim' compares one vector a label, and this model has none. "
                "Choose 'exp_diff' or 'sq_diff', or a model with label representations."
            )
        return cosines(representations)
    scores = to_at_least_float32(logits)
    if on == "predictions":
        scores = scores.sigmoid()
    if distance == "sq_diff":
        return (scores.unsqueeze(2) - scores.unsqueeze(1)) ** 2
    # With the sign of present labels turned, one sum gives the exponent of all three kinds of
    # pairs: x_a − x_p between the sets, x_i + x_j within A, −x_i − x_j within P.
    turned = torch.where(labels >= 0.5, -scores, scores)
    return _exp(turned.unsqueeze(2) + turned.unsqueeze(1))


def _exp(exponents: Tensor) -> Tensor:
    """The exponential, continued by its tangent beyond `LARGEST_EXPONENT`."""
    bounded = exponents.clamp(max=LARGEST_EXPONENT)
    return bounded.exp() * (1 + (exponents - bounded))


def _inter(
    terms: Tensor, labels: Tensor, weights: PairWeights | None, distance: Distance
) -> Tensor:
    """Mean over the pairs between the sets of each example, (batch,)."""
    if weights is not None:
        terms = terms * weights.between.to(terms)
    present, absent = labels >= 0.5, labels < 0.5
    pairs = present.unsqueeze(2) & absent.unsqueeze(1)
    count = present.sum(1) * absent.sum(1)
    return SIGNS[distance][0] * (terms * pairs).sum((1, 2)) / count.clamp(min=1)


def _intra(
    terms: Tensor, labels: Tensor, weights: PairWeights | None, distance: Distance
) -> Tensor:
    """Mean of the means over the pairs within either set of each example, (batch,)."""
    if weights is not None:
        terms = terms * weights.within.to(terms)
    once = torch.ones(terms.shape[1:], dtype=torch.bool, device=terms.device).triu(1)
    total, sides = terms.new_zeros(len(terms)), terms.new_zeros(len(terms))
    for members in (labels >= 0.5, labels < 0.5):
        pairs = members.unsqueeze(2) & members.unsqueeze(1) & once
        count = pairs.sum((1, 2))
        total = total + (terms * pairs).sum((1, 2)) / count.clamp(min=1)
        sides = sides + (count > 0)
    return SIGNS[distance][1] * total / sides.clamp(min=1)


def _mean_of_examples(losses: Tensor, labels: Tensor) -> Tensor:
    """Mean over the examples with a known label; 0 without one."""
    known = ~torch.isnan(labels).all(1)
    return (losses * known).sum() / known.sum().clamp(min=1)
