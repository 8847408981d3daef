"""The logits of the training texts, kept from one epoch to the next."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from torch import Tensor

Logits = list[NDArray[np.float32]]
Gather = Callable[[Tensor], Tensor]


class PreviousLogits:
    """Logits of every training text when it was last trained on.

    They come from a forward pass with dropout, and from weights that moved during the epoch.

    Args:
        shapes: (N, K) of each part.
        gather: the tensors of several processes, each of which trains on rows of its own, end to
            end; of one process, its own.

    Attributes:
        latest: the logits of each part, (N, K); NaN where a text or a label was not trained on yet.
        previous: `latest` at the start of the current epoch.
        epoch: the current epoch, from 0.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], gather: Gather = lambda own: own) -> None:
        self.latest: Logits = [np.full(shape, np.nan, dtype=np.float32) for shape in shapes]
        self.previous: Logits = [part_logits.copy() for part_logits in self.latest]
        self.epoch = 0
        self.gather = gather

    def begin(self, epoch: int) -> None:
        """Begin an epoch, counted from 0; nothing happens if it is the current one."""
        if epoch != self.epoch:
            self.latest = self.merged()
            self.previous = [part_logits.copy() for part_logits in self.latest]
            self.epoch = epoch

    def keep(
        self,
        part: int,
        rows: NDArray[np.int64],
        columns: NDArray[np.int64] | None,
        logits: NDArray[np.float32],
    ) -> None:
        """Keep the logits of a batch.

        Args:
            part: its number.
            rows: the rows of the texts in the part, (B,).
            columns: the columns of the labels that were asked for; all if None.
            logits: (B, labels asked for).
        """
        self.latest[part][make_index(rows, columns)] = logits

    def recall(
        self, part: int, rows: NDArray[np.int64], columns: NDArray[np.int64] | None
    ) -> NDArray[np.float32]:
        """Logits of a batch in the previous epochs, see `keep`; NaN where there are none."""
        found: NDArray[np.float32] = self.previous[part][make_index(rows, columns)]
        return found

    def merged(self) -> Logits:
        """Merge the latest logits of all processes; each process has updated its own rows."""
        found: Logits = []
        for previous, latest in zip(self.previous, self.latest, strict=True):
            own = np.where(latest == previous, np.nan, latest)
            everyones = self.gather(torch.from_numpy(own)).cpu().numpy().reshape(-1, *own.shape)
            found.append(previous)
            for gathered in everyones:
                found[-1] = np.where(np.isnan(gathered), found[-1], gathered)
        return found

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The merged logits, to be saved; any number of processes can resume from them."""
        values: dict[str, NDArray[Any]] = {"epoch": np.array([self.epoch])}
        for part, (previous, latest) in enumerate(zip(self.previous, self.merged(), strict=True)):
            values |= {f"former.{part}": previous, f"latest.{part}": latest}
        return values

    def load(self, path: Path) -> None:
        """Load a file of the arrays that `to_arrays` returned."""
        values = load_file(path)
        self.latest = [values[f"latest.{part}"] for part in range(len(self.latest))]
        self.previous = [values[f"former.{part}"] for part in range(len(self.previous))]
        self.epoch = int(values["epoch"][0])


def make_index(
    rows: NDArray[np.int64], columns: NDArray[np.int64] | None
) -> NDArray[np.int64] | tuple[NDArray[np.int64], ...]:
    """Make the index of a batch in (N, K)."""
    return rows if columns is None else np.ix_(rows, columns)
