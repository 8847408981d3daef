"""Attention and pooling over the real tokens of a padded sequence."""

import torch
from torch import Tensor, nn


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the positions where the mask is true; zero elsewhere.

    Args:
        scores: (batch, tokens).
        mask: (batch, tokens), bool; at least one true a row.
    """
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=-1) * mask


def masked_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Mean over the real tokens: (batch, tokens, hidden) → (batch, hidden)."""
    weights = mask.to(states.dtype)
    return torch.einsum("bth,bt->bh", states, weights) / weights.sum(1, keepdim=True).clamp(min=1)


def masked_max(states: Tensor, mask: Tensor) -> Tensor:
    """Maximum over the real tokens: (batch, tokens, hidden) → (batch, hidden)."""
    return states.masked_fill(~mask.unsqueeze(-1), torch.finfo(states.dtype).min).amax(1)


def select_last_state(states: Tensor, mask: Tensor) -> Tensor:
    """State of the last real token: (batch, tokens, hidden) → (batch, hidden)."""
    last = (mask.sum(1) - 1).clamp(min=0)
    return states[torch.arange(len(states), device=states.device), last]


class FeedForwardAttention(nn.Module):
    """e_t = tanh(w·h_t + b), a = softmax(e): Raffel & Ellis 2016, arXiv 1512.08756.

    All positions share one bias, so that texts may have any length.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.score = nn.Linear(hidden_size, 1)

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted sum of the states, (batch, hidden), and its weights, (batch, tokens).

        Args:
            states: (batch, tokens, hidden).
            mask: (batch, tokens), bool.
        """
        return attend(torch.tanh(self.score(states)).squeeze(-1), states, mask)


class AdditiveAttention(nn.Module):
    """e_t = v·tanh(W h_t + U s), a = softmax(e): Bahdanau et al. 2015, arXiv 1409.0473.

    In translation s is the previous state of the decoder. A classifier has no decoder: here s is
    the state of the last real token, with which the recurrent layer ended.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.of_state = nn.Linear(hidden_size, hidden_size)
        self.of_query = nn.Linear(hidden_size, hidden_size, bias=False)
        self.score = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted sum of the states, (batch, hidden), and its weights, (batch, tokens).

        Args:
            states: (batch, tokens, hidden).
            mask: (batch, tokens), bool.
        """
        query = self.of_query(select_last_state(states, mask)).unsqueeze(1)
        return attend(
            self.score(torch.tanh(self.of_state(states) + query)).squeeze(-1), states, mask
        )


def attend(scores: Tensor, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Sum of the states weighted by the softmax of the scores, and the weights.

    Args:
        scores: (batch, tokens).
        states: (batch, tokens, hidden).
        mask: true at real tokens, (batch, tokens), bool.

    Returns:
        The sum, (batch, hidden), and the weights, (batch, tokens).
    """
    weights = masked_softmax(scores, mask)
    return torch.einsum("bt,bth->bh", weights, states), weights
