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
    """

    def __init__(self, cell: Cell, input_size: int, hidden_size: int, bidirectional: bool) -> None:
        super().__init__()
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
        states: Tensor = self.forwards(inputs)[0]
        if self.backwards is None:
            return states
        backwards = self.backwards(reverse_real(inputs, mask))[0]
        return torch.cat([states, reverse_real(backwards, mask)], dim=-1)
