"""Attention and pooling against loops over single texts."""

import math

import pytest
import torch
from torch import nn

from emoscope.models.shared.attention import (
    AdditiveAttention,
    FeedForwardAttention,
    masked_max,
    masked_mean,
    masked_softmax,
    select_last_state,
)

LENGTHS = [1, 3, 6]


@pytest.fixture
def states():
    torch.manual_seed(1)
    return torch.randn(3, 6, 4, dtype=torch.float64)


@pytest.fixture
def mask():
    return torch.arange(6) < torch.tensor(LENGTHS).unsqueeze(1)


def test_pooling_equals_loops(states, mask):
    for row, length in enumerate(LENGTHS):
        real = states[row, :length]
        torch.testing.assert_close(masked_mean(states, mask)[row], real.mean(0))
        torch.testing.assert_close(masked_max(states, mask)[row], real.max(0).values)
        torch.testing.assert_close(select_last_state(states, mask)[row], real[-1])


def test_maximum_of_negative_states_is_negative(mask):
    states = -torch.ones(3, 6, 4)
    assert (masked_max(states, mask) == -1).all()


def test_feed_forward_attention_equals_the_formula(states, mask):
    attention = FeedForwardAttention(4).double()
    w, b = attention.score.weight[0].detach(), float(attention.score.bias.detach())
    context, weights = attention(states, mask)
    for row, length in enumerate(LENGTHS):
        scores = [math.exp(math.tanh(float(w @ states[row, t] + b))) for t in range(length)]
        expected = sum((score / sum(scores)) * states[row, t] for t, score in enumerate(scores))
        torch.testing.assert_close(context[row], expected)
        assert weights[row, length:].sum() == 0


def test_additive_attention_equals_the_formula(states, mask):
    attention = AdditiveAttention(4).double()
    context, _ = attention(states, mask)
    for row, length in enumerate(LENGTHS):
        real = states[row, :length]
        scores = torch.stack(
            [
                attention.score.weight[0]
                @ torch.tanh(
                    attention.of_state.weight @ h
                    + attention.of_state.bias
                    + attention.of_query.weight @ real[-1]
                )
                for h in real
            ]
        )
        torch.testing.assert_close(context[row], scores.softmax(0) @ real)


@pytest.mark.parametrize("layer", [FeedForwardAttention, AdditiveAttention])
def test_gradients_are_right(layer, states, mask):
    attention = layer(4).double()

    def context(values):
        return attention(values, mask)[0]

    assert torch.autograd.gradcheck(context, states.requires_grad_())


def test_softmax_survives_extreme_scores():
    scores = torch.tensor([[1e4, -1e4, 1e30]])
    weights = masked_softmax(scores, torch.tensor([[True, True, False]]))
    assert weights.tolist() == [[1.0, 0.0, 0.0]]


def test_attention_reads_any_length():
    """One bias for all positions (the published code has one a position)."""
    attention = FeedForwardAttention(4)
    for length in (1, 35, 400):
        states = torch.randn(2, length, 4)
        assert attention(states, torch.ones(2, length, dtype=torch.bool))[0].shape == (2, 4)
    assert sum(p.numel() for p in attention.parameters()) == 4 + 1
    assert isinstance(attention.score, nn.Linear)
