"""LSTM and GRU over padded sequences, in one or both directions, blind to the padding."""

from typing import Literal

import torch
from torch import Tensor, nn

Cell = Literal["lstm", "gru"]


def reverse_real(states: Tensor, mask: Tensor) -> Tensor:
    """The real tokens in reverse order, the padding left at the end.

    Args:
        states: (batch, tokens, hidden).
        mask: (batch, tokens), bool, real tokens first.
    """
    positions = torch.arange(mask.shape[1], device=mask.device)
    mirrored = mask.sum(1, keepdim=True) - 1 - positions
    index = torch.where(mask, mirrored, positions)
    return states.gather(1, index.unsqueeze(-1).expand_as(states))


class Recurrent(nn.Module):
    """One recurrent layer that returns the state at every token.

    The padding stands at the end, so a forward pass over real tokens never sees it; the backward
    direction is a forward pass over the reversed real tokens. That is the result of a packed
    sequence, from dense kernels that are several times as fast on a CPU.

    Args:
        cell: `"lstm"` or `"gru"`.
        input_size: dimensions of an input.
        hidden_size: units of a direction.
        bidirectional: whether there is a second layer that reads backwards.
        dropout: probability of dropping a unit of the state on its way to the gates of the next
            token, the same units throughout a text (Gal & Ghahramani 2016, arXiv 1512.05287). What
            is carried on is whole: the LSTM's cell, and of the GRU's state what it keeps.
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        bidirectional: bool,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.cell = cell
        self.dropout = dropout
        layer = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.forwards = layer(input_size, hidden_size, batch_first=True)
        self.backwards = layer(input_size, hidden_size, batch_first=True) if bidirectional else None
        self.output_size = hidden_size * (2 if bidirectional else 1)
        for name, parameter in self.named_parameters():
            # The rows are the gates' matrices, one below the other; each is drawn on its own.
            for gate, rows in enumerate(torch.split(parameter.detach(), hidden_size)):
                if "weight_hh" in name:
                    nn.init.orthogonal_(rows)
                elif "weight_ih" in name:
                    nn.init.xavier_uniform_(rows)
                else:
                    # Remember by default (Jozefowicz et al. 2015): the LSTM's gates are i, f, g, o.
                    remembers = cell == "lstm" and name.endswith("bias_ih_l0") and gate == 1
                    nn.init.constant_(rows, 1.0 if remembers else 0.0)

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """(batch, tokens, input) → (batch, tokens, output_size).

        Args:
            inputs: (batch, tokens, input).
            mask: (batch, tokens), bool, real tokens first.
        """
        states = self.run(self.forwards, inputs)
        if self.backwards is None:
            return states
        backwards = self.run(self.backwards, reverse_real(inputs, mask))
        return torch.cat([states, reverse_real(backwards, mask)], dim=-1)

    def run(self, layer: nn.LSTM | nn.GRU, inputs: Tensor) -> Tensor:
        """The states of one direction, (batch, tokens, hidden), with dropout while training."""
        if not self.training or self.dropout == 0:
            states: Tensor = layer(inputs)[0]
            return states
        keep = inputs.new_ones(len(inputs), layer.hidden_size)
        return recur(self.cell, layer, inputs, nn.functional.dropout(keep, self.dropout))


def recur(cell: Cell, layer: nn.LSTM | nn.GRU, inputs: Tensor, keep: Tensor) -> Tensor:
    """What a layer does, token by token, with some units of the state scaled.

    Args:
        cell: of the layer.
        layer: whose weights are used.
        inputs: (batch, tokens, input).
        keep: what the state is multiplied by before the recurrent weights, (batch, hidden).

    Returns:
        (batch, tokens, hidden).
    """
    own = dict(layer.named_parameters())
    from_input = nn.functional.linear(inputs, own["weight_ih_l0"], own["bias_ih_l0"])
    state = torch.zeros_like(keep)
    memory = torch.zeros_like(keep)
    states = []
    for given in from_input.unbind(dim=1):
        recurrent = nn.functional.linear(state * keep, own["weight_hh_l0"], own["bias_hh_l0"])
        if cell == "lstm":
            enter, stay, new, leave = (given + recurrent).chunk(4, dim=-1)
            memory = stay.sigmoid() * memory + enter.sigmoid() * new.tanh()
            state = leave.sigmoid() * memory.tanh()
        else:
            reset, stay, new = given.chunk(3, dim=-1)
            of_reset, of_stay, of_new = recurrent.chunk(3, dim=-1)
            candidate = (new + (reset + of_reset).sigmoid() * of_new).tanh()
            kept = (stay + of_stay).sigmoid()
            state = (1 - kept) * candidate + kept * state
        states.append(state)
    return torch.stack(states, dim=1)
