"""Losses as pure functions of logits and labels."""

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(
    logits: Tensor, labels: Tensor, weights: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """Softmax cross-entropy of exclusive labels, a weighted mean over the batch.

    Args:
        logits: (batch, labels).
        labels: one-hot or a distribution, (batch, labels); a row of zeros counts for nothing.
        weights: the weights of each label, (labels,); the mean is over the weights of the batch, as
            in `torch.nn.CrossEntropyLoss` with class indices, and 0 of a batch that has none.
        smoothing: share of the target spread over all labels.
    """
    target = labels * (1 - smoothing) + smoothing / labels.shape[-1]
    losses = -(target * functional.log_softmax(logits, dim=-1)).sum(-1)
    of_text = labels.any(dim=-1).to(losses) if weights is None else labels @ weights
    # A text whose label was left out of the prompt has weight 0; this may hold for all texts.
    total = of_text.sum().clamp(min=torch.finfo(of_text.dtype).tiny)
    return (losses * of_text).sum() / total


def binary_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    weights: Tensor | None = None,
    smoothing: float = 0.0,
    cells: Tensor | None = None,
) -> Tensor:
    """Sigmoid cross-entropy of independent labels, a mean over the known cells.

    With weights of cells it is their weighted sum over the number of known cells: weights of 2
    double the loss.

    Args:
        logits: (batch, labels).
        labels: in [0, 1], (batch, labels); NaN where a text is not labelled.
        weights: the weights of the positives of each label, (labels,).
        smoothing: share of the target moved to ½.
        cells: finite weight of each cell, (batch, labels), e.g. of `ConditionalWeights`.
    """
    known = ~torch.isnan(labels)
    target = torch.where(known, labels, 0.0) * (1 - smoothing) + smoothing / 2
    losses = functional.binary_cross_entropy_with_logits(
        logits, target, pos_weight=weights, reduction="none"
    )
    if cells is not None:
        losses = losses * cells
    return (losses * known).sum() / known.sum().clamp(min=1)


def listwise_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Softmax cross-entropy against the share of each label in a text, a mean over the texts.

    A text without any label counts for nothing. It compares the labels of one text, where a
    sigmoid of each compares the texts of one label.

    Args:
        logits: (batch, labels), the logarithm of each label's frequency added to what the label
            means (Menon et al. 2021, arXiv 2007.07314).
        labels: votes, at least 0, (batch, labels); NaN where a text is not labelled.
    """
    votes = torch.nan_to_num(labels)
    total = votes.sum(dim=-1, keepdim=True)
    shares = votes / total.clamp(min=torch.finfo(votes.dtype).tiny)
    losses = -(shares * functional.log_softmax(logits, dim=-1)).sum(dim=-1)
    labelled = total.squeeze(-1) > 0
    return (losses * labelled).sum() / labelled.sum().clamp(min=1)
