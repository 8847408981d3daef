"""The scores that training texts got, kept from one epoch to the next."""

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
        latest: of each part, (N, K); NaN where a text or a label was not trained on yet.
        former: the same as it stood when the present epoch began.
        epoch: the present one, counted from 0.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], gather: Gather = lambda own: own) -> None:
        self.latest: Logits = [np.full(shape, np.nan, dtype=np.float32) for shape in shapes]
        self.previous: Logits = [part_logits.copy() for part_logits in self.latest]
        self.epoch = 0
        self.gather = gather

    def begin(self, epoch: int) -> None:
        """Begin an epoch, counted from 0, if it is another one."""
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
            rows: of the texts in the part, (B,).
            columns: of the labels that were asked for; all if None.
            logits: (B, labels asked for).
        """
        self.latest[part][cells(rows, columns)] = logits

    def recall(
        self, part: int, rows: NDArray[np.int64], columns: NDArray[np.int64] | None
    ) -> NDArray[np.float32]:
        """Logits of a batch in former epochs, see `keep`; NaN where there are none."""
        found: NDArray[np.float32] = self.previous[part][cells(rows, columns)]
        return found

    def merged(self) -> Logits:
        """The latest logits of all processes, each of which has changed its own of the former."""
        found: Logits = []
        for previous, latest in zip(self.previous, self.latest, strict=True):
            own = np.where(latest == previous, np.nan, latest)
            everyones = self.gather(torch.from_numpy(own)).cpu().numpy().reshape(-1, *own.shape)
            found.append(previous)
            for gathered in everyones:
                found[-1] = np.where(np.isnan(gathered), found[-1], gathered)
        return found

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The merged logits, for a file that any number of processes can go on from."""
        values: dict[str, NDArray[Any]] = {"epoch": np.array([self.epoch])}
        for part, (previous, latest) in enumerate(zip(self.previous, self.merged(), strict=True)):
            values |= {f"former.{part}": previous, f"latest.{part}": latest}
        return values

    def load(self, path: Path) -> None:
        """Read a file of what `to_arrays` gave."""
        values = load_file(path)
        self.latest = [values[f"latest.{part}"] for part in range(len(self.latest))]
        self.previous = [values[f"former.{part}"] for part in range(len(self.previous))]
        self.epoch = int(values["epoch"][0])


def cells(
    rows: NDArray[np.int64], columns: NDArray[np.int64] | None
) -> NDArray[np.int64] | tuple[NDArray[np.int64], ...]:
    """The index of a batch in (N, K)."""
    return rows if columns is None else np.ix_(rows, columns)
