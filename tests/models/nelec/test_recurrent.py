"""Recurrent layers against torch's packed sequences."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from emoscope.models.nelec.recurrent import Recurrent, recur, reverse_real

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


def loop(cell: str, layer: nn.Module, texts: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """Text by text and token by token, by the equations alone; `keep` meets the weights only."""
    w, u = layer.weight_ih_l0, layer.weight_hh_l0
    b, c = layer.bias_ih_l0, layer.bias_hh_l0
    found = []
    for text, mask in zip(texts, keep, strict=True):
        h = memory = torch.zeros(layer.hidden_size, dtype=texts.dtype)
        for x in text:
            own, again = w @ x + b, u @ (h * mask) + c
            if cell == "lstm":
                i, f, g, o = (own + again).split(layer.hidden_size)
                memory = torch.sigmoid(f) * memory + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(memory)
            else:
                (r, z, n), (r2, z2, n2) = (v.split(layer.hidden_size) for v in (own, again))
                stay = torch.sigmoid(z + z2)
                h = stay * h + (1 - stay) * torch.tanh(n + torch.sigmoid(r + r2) * n2)
            found.append(h)
    return torch.stack(found).view(len(texts), -1, layer.hidden_size)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_recurrent_dropout_equals_a_slow_loop(cell, rate):
    torch.manual_seed(0)
    layer = Recurrent(cell, 5, 4, bidirectional=False).double().forwards
    texts = torch.randn(3, 6, 5, dtype=torch.float64, requires_grad=True)
    keep = nn.functional.dropout(torch.ones(3, 4, dtype=torch.float64), rate)
    got, expected = recur(cell, layer, texts, keep), loop(cell, layer, texts, keep)
    torch.testing.assert_close(got, expected)
    if rate == 0:
        torch.testing.assert_close(got, layer(texts)[0])
    wanted = [texts, *layer.parameters()]
    for one, other in zip(
        torch.autograd.grad(got.square().sum(), wanted),
        torch.autograd.grad(expected.square().sum(), wanted),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_dropout_is_of_training_and_the_same_units_at_each_word(cell):
    torch.manual_seed(0)
    layer = Recurrent(cell, 5, 40, bidirectional=True, dropout=0.5)
    plain = Recurrent(cell, 5, 40, bidirectional=True)
    plain.load_state_dict(layer.state_dict())
    inputs = torch.randn(3, 7, 5)
    torch.testing.assert_close(layer.eval()(inputs, MASK), plain(inputs, MASK))
    layer.train()
    torch.manual_seed(1)
    got = layer(inputs, MASK)
    torch.manual_seed(1)
    masks = [nn.functional.dropout(torch.ones(3, 40), 0.5) for _ in range(2)]
    torch.testing.assert_close(got[:, :, :40], recur(cell, layer.forwards, inputs, masks[0]))
    backwards = recur(cell, layer.backwards, reverse_real(inputs, MASK), masks[1])
    torch.testing.assert_close(got[:, :, 40:], reverse_real(backwards, MASK))
    # The first word has no state before it, so that dropout changes nothing there.
    torch.testing.assert_close(got[:, 0, :40], plain(inputs, MASK)[:, 0, :40])
    assert not torch.allclose(got[0, 1:, :40], plain(inputs, MASK)[0, 1:, :40])
