"""Recurrent layers against torch's packed sequences."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from emoscope.models.nelec.recurrent import Recurrent, reverse_real

LENGTHS = torch.tensor([7, 1, 4])
MASK = torch.arange(7) < LENGTHS.unsqueeze(1)


def packed(layer: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    sequence = pack_padded_sequence(inputs, LENGTHS, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(layer(sequence)[0], batch_first=True)[0]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_equals_a_packed_sequence(cell, bidirectional):
    torch.manual_seed(0)
    ours = Recurrent(cell, 5, 3, bidirectional).double()
    theirs = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](
        5, 3, batch_first=True, bidirectional=bidirectional
    ).double()
    weights = {
        **dict(ours.forwards.named_parameters()),
        **{
            f"{name}_reverse": value
            for name, value in (ours.backwards.named_parameters() if bidirectional else ())
        },
    }
    theirs.load_state_dict(weights)
    inputs = torch.randn(3, 7, 5, dtype=torch.float64)
    real = MASK.unsqueeze(-1)
    expected, got = packed(theirs, inputs), ours(inputs, MASK)
    assert got.shape == (3, 7, ours.output_size)
    torch.testing.assert_close(got * real, expected * real)


def test_recurs_over_tokens_and_not_over_the_batch():
    """The published code recurs over the batch: shuffling texts would change their states."""
    torch.manual_seed(0)
    layer = Recurrent("lstm", 5, 3, bidirectional=True)
    inputs = torch.randn(3, 7, 5)
    order = torch.tensor([2, 0, 1])
    torch.testing.assert_close(layer(inputs, MASK)[order], layer(inputs[order], MASK[order]))


def test_reversal_leaves_the_padding_in_place():
    states = torch.arange(21.0).reshape(3, 7, 1)
    flipped = reverse_real(states, MASK)
    assert flipped[2].flatten().tolist() == [17, 16, 15, 14, 18, 19, 20]
    torch.testing.assert_close(reverse_real(flipped, MASK), states)
