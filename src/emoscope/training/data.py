"""Encoded examples as tensors, batched whole rather than row by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from emoscope.encoding.batching import Ragged


@dataclass(frozen=True)
class EncodedDataset(Dataset[dict[str, Tensor]]):
    """Word ids and labels; a batch is cut out of the arrays in one go.

    Attributes:
        ids: word ids of N texts.
        labels: (N, K), float32.
    """

    ids: Ragged
    labels: NDArray[np.floating[Any]]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, row: int) -> dict[str, Tensor]:
        return self.__getitems__([row])

    def __getitems__(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """One padded batch: ids and mask (B, T), `labels` (B, K), `rows` (B,) of the dataset."""
        chosen = np.asarray(rows, dtype=np.int64)
        ids, mask = self.ids.padded(chosen)
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "labels": torch.from_numpy(self.labels[chosen]),
            "rows": torch.from_numpy(chosen),
        }


def keep(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The collate function of an `EncodedDataset`, whose batches are made already."""
    return batch


class LengthBuckets(Sampler[int]):
    """A shuffled order in which neighbours have nearly equal length.

    Rows are shuffled, cut into pools of `pool` batches, each pool sorted by length and cut into
    batches, and the batches shuffled. The order depends on the seed and the epoch only, so that a
    resumed training sees what an uninterrupted one does.
    """

    def __init__(
        self, lengths: NDArray[np.int64], batch_size: int, seed: int, pool: int = 50
    ) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self.pool = pool
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch; the trainer calls this."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, self.epoch])
        shuffled = rng.permutation(len(self.lengths))
        size = self.pool * self.batch_size
        batches: list[NDArray[np.int64]] = []
        for start in range(0, len(shuffled), size):
            rows = shuffled[start : start + size]
            rows = rows[np.argsort(self.lengths[rows], kind="stable")]
            batches += [
                rows[at : at + self.batch_size] for at in range(0, len(rows), self.batch_size)
            ]
        # Only the last batch may be short: the loader cuts the order at multiples of the size.
        whole = [batch for batch in batches if len(batch) == self.batch_size]
        short = [batch for batch in batches if len(batch) < self.batch_size]
        order = [whole[at] for at in rng.permutation(len(whole))] + short
        return iter(np.concatenate(order).tolist() if order else [])
