"""The scores that training texts got, kept from one epoch to the next."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from torch import Tensor

Logits = list[NDArray[np.float32]]
Gather = Callable[[Tensor], Tensor]


class TrainScores:
    """Logits of every training text when it was last trained on.

    They come from a forward pass with dropout, and from weights that moved during the epoch.

    Args:
        shapes: (N, K) of each part.

    Attributes:
        latest: of each part, (N, K); NaN where a text or a label was not trained on yet.
        former: the same as it stood when the present epoch began.
        epoch: the present one, counted from 0.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        self.latest: Logits = [np.full(shape, np.nan, dtype=np.float32) for shape in shapes]
        self.former: Logits = [one.copy() for one in self.latest]
        self.epoch = 0

    def begin(self, epoch: int, gather: Gather | None = None) -> None:
        """Begin an epoch, if it is another one.

        Args:
            epoch: counted from 0.
            gather: of several processes, each of which trains on rows of its own: their tensors
                end to end.
        """
        if epoch == self.epoch:
            return
        if gather is not None:
            self.latest = [
                merged(*pair, gather) for pair in zip(self.former, self.latest, strict=True)
            ]
        self.former = [one.copy() for one in self.latest]
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
        found: NDArray[np.float32] = self.former[part][cells(rows, columns)]
        return found

    def save(self, path: Path) -> None:
        """Write them, so that a training can go on with them."""
        values = {f"latest.{part}": one for part, one in enumerate(self.latest)}
        values |= {f"former.{part}": one for part, one in enumerate(self.former)}
        save_file({**values, "epoch": np.array([self.epoch])}, path)

    def load(self, path: Path) -> None:
        """Read what `save` wrote."""
        values = load_file(path)
        self.latest = [values[f"latest.{part}"] for part in range(len(self.latest))]
        self.former = [values[f"former.{part}"] for part in range(len(self.former))]
        self.epoch = int(values["epoch"][0])


def cells(
    rows: NDArray[np.int64], columns: NDArray[np.int64] | None
) -> NDArray[np.int64] | tuple[NDArray[np.int64], ...]:
    """The index of a batch in (N, K)."""
    return rows if columns is None else np.ix_(rows, columns)


def merged(
    former: NDArray[np.float32], latest: NDArray[np.float32], gather: Gather
) -> NDArray[np.float32]:
    """The latest logits of all processes, each of which has changed its own of the former ones."""
    own = np.where(latest == former, np.nan, latest)
    everyones = gather(torch.from_numpy(own)).cpu().numpy().reshape(-1, *own.shape)
    result = former
    for one in everyones:
        result = np.where(np.isnan(one), result, one)
    return result
