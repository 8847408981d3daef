"""What every model returns."""

from dataclasses import dataclass

from torch import Tensor
from transformers.utils import ModelOutput


@dataclass
class EmotionOutput(ModelOutput):
    """Scores of one batch.

    Attributes:
        logits: (batch, labels).
        representations: (batch, labels, hidden) where the model has one vector a label.
        attentions: (batch, branches, tokens), weights that sum to one over the real tokens.
        stage: (batch,), log-odds that a text has a label of the averages, of a head of its own
            that is trained beside the labels; read by losses only.
    """

    logits: Tensor
    representations: Tensor | None = None
    attentions: Tensor | None = None
    stage: Tensor | None = None
