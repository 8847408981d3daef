"""Self-distillation: targets that move from the labels to what the model said an epoch before.

*Self-Knowledge Distillation with Progressive Refinement of Targets* (Kim et al. 2021, arXiv
2006.12000). A label that the model did not believe when it last saw the text pulls less, so that
errors of annotation are learnt by heart less.
"""

import torch
from torch import Tensor

from emoscope.losses.functional import binary_cross_entropy, cross_entropy


def compute_target_share(coefficient: float, epoch: int, epochs: int) -> float:
    """Weight of the previous predictions in the targets; it grows linearly up to `coefficient`.

    Args:
        coefficient: in [0, 1).
        epoch: counted from 0.
        epochs: in all.
    """
    return coefficient * (epoch + 1) / epochs


def self_distillation(
    logits: Tensor, previous: Tensor, labels: Tensor, exclusive: bool
) -> tuple[Tensor, Tensor]:
    """Cross-entropy with previous probabilities as targets, a mean over the cells with a target.

    Args:
        logits: (batch, labels).
        previous: the logits of the same texts and labels when they were last trained on, (batch,
            labels); NaN where there are none.
        labels: (batch, labels); NaN where a text is not labelled, which counts as no target.
        exclusive: a softmax over the labels, else a sigmoid of each.

    Returns:
        The loss, and the share that had a target of the labelled cells (of the texts, if
        exclusive).
    """
    labelled = ~torch.isnan(labels)
    known = labelled & ~torch.isnan(previous)
    if not exclusive:
        targets = previous.sigmoid().masked_fill(~known, torch.nan)
        return binary_cross_entropy(logits, targets), known.sum() / labelled.sum().clamp(min=1)
    whole = known.all(dim=-1)
    if not whole.any():
        return logits.sum() * 0, whole.float().mean()
    return cross_entropy(logits[whole], previous[whole].softmax(dim=-1)), whole.float().mean()
