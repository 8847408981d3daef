"""How NELEC makes logits of features: all at once, in two stages, by label, or for two tasks."""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from emoscope.errors import InputError

Head = Literal["flat", "two_stage", "per_label", "multitask"]


def make_hidden(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    """A dense layer with ReLU and dropout."""
    return nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout))


class TwoStage(nn.Module):
    """Others or not, then which: each stage has a hidden layer of its own.

    The logit of others is g, and those of emotions are w - LSE(w), so that by a softmax
    p(others) = σ(g) and p(k) = σ(-g) · softmax(w)_k. Several others share g as emotions do.

    Args:
        features: inputs.
        hidden: units of the hidden layers.
        labels: how many.
        others: places of the labels that are none of the averages.
        dropout: probability of dropping a hidden unit.
    """

    def __init__(
        self, features: int, hidden: int, labels: int, others: list[int], dropout: float
    ) -> None:
        super().__init__()
        self.is_other = [place in others for place in range(labels)]
        self.stage = nn.Sequential(make_hidden(features, hidden, dropout), nn.Linear(hidden, 1))
        self.choice = nn.Sequential(
            make_hidden(features, hidden, dropout), nn.Linear(hidden, labels)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(batch, features) → (batch, labels)."""
        scores = self.choice(features)
        other = torch.tensor(self.is_other, device=scores.device)
        inside = [scores.masked_fill(which, -torch.inf).logsumexp(-1) for which in (other, ~other)]
        emotions, rest = (each.unsqueeze(-1) for each in inside)
        return torch.where(other, scores - rest + self.stage(features), scores - emotions)


class PerLabel(nn.Module):
    """Each label has a hidden layer and a decision of its own, as ANA's heads (arXiv 1904.00132).

    Args:
        features: inputs.
        hidden: units of each hidden layer.
        labels: how many.
        dropout: probability of dropping a hidden unit.
    """

    def __init__(self, features: int, hidden: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.decisions = nn.ModuleList(
            nn.Sequential(make_hidden(features, hidden, dropout), nn.Linear(hidden, 1))
            for _ in range(labels)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(batch, features) → (batch, labels)."""
        return torch.cat([decide(features) for decide in self.decisions], dim=-1)


def make_head(config: Any, features: int, labels: int) -> nn.Module:
    """The head of a configuration.

    Args:
        config: a `NelecConfig`.
        features: its inputs.
        labels: how many.

    Raises:
        InputError: two stages without a label to leave out, or nothing else than such.
    """
    hidden, dropout = config.hidden_size, config.dropout
    if config.head in ("two_stage", "multitask") and not 0 < len(set(config.others)) < labels:
        raise InputError(
            f"model.head={config.head} decides first whether a text has a label of the averages: "
            "expected a taxonomy that lists a label such as others under ignored, and has further "
            "labels. Set model.head=flat."
        )
    if config.head == "two_stage":
        return TwoStage(features, hidden, labels, config.others, dropout)
    if config.head == "per_label":
        return PerLabel(features, hidden, labels, dropout)
    # Of two tasks, the last column is whether a text has a label of the averages.
    return nn.Linear(features, labels + (config.head == "multitask"))
