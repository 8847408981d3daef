"""Losses of labels that exclude each other, one of which (`others`) may be left out of averages.

A softmax over z is at once three things: a choice among all labels; a decision whether a text has
an emotion at all, with the logit LSE(z of emotions) - LSE(z of the rest), and a choice among
emotions; and what independent decisions σ(z) say when exactly one of them is yes, as
Π σ(z_k) Π (1 - σ(z_j)) is proportional to exp(z_k). So each of these losses trains logits that
annotation reads by the same softmax.
"""

import torch
from torch import Tensor
from torch.nn import functional


def compute_stage_logits(logits: Tensor, averaged: Tensor) -> Tensor:
    """Log-odds that a text has a label of the averages, (batch,).

    Args:
        logits: (batch, labels).
        averaged: (labels,), bool: true at the labels of the averages, both kinds present.
    """
    emotions = logits[:, averaged].logsumexp(dim=-1)
    return emotions - logits[:, ~averaged].logsumexp(dim=-1)


def stage_cross_entropy(
    stage: Tensor, labels: Tensor, averaged: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Cross-entropy of the decision whether a text has a label of the averages.

    Args:
        stage: log-odds, (batch,).
        labels: one-hot, (batch, labels); a row of zeros counts for nothing.
        averaged: as of `compute_stage_logits`.
        weights: the weights of each label, (labels,).
    """
    target = labels[:, averaged].sum(dim=-1)
    losses = functional.binary_cross_entropy_with_logits(stage, target, reduction="none")
    return weigh_texts(losses, labels, weights)


def choice_cross_entropy(
    logits: Tensor, labels: Tensor, averaged: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Cross-entropy of the choice among the labels of the averages, over the texts that have one.

    Args:
        logits: (batch, labels).
        labels: one-hot, (batch, labels).
        averaged: as of `compute_stage_logits`.
        weights: the weights of each label, (labels,).
    """
    chosen = labels[:, averaged]
    losses = -(chosen * functional.log_softmax(logits[:, averaged], dim=-1)).sum(dim=-1)
    return weigh_texts(losses, chosen, None if weights is None else weights[averaged])


def weigh_texts(losses: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
    """Mean of losses over the texts that have a label, weighted by that; 0 of none.

    Args:
        losses: (batch,).
        labels: one-hot, (batch, labels).
        weights: (labels,); 1 if None.
    """
    of_text = labels.sum(dim=-1) if weights is None else labels @ weights
    return (losses * of_text).sum() / of_text.sum().clamp(min=torch.finfo(losses.dtype).tiny)
