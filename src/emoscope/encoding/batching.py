"""Sequences of unequal length: stored flat, padded a batch at a time, bucketed by length."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ragged:
    """N sequences of integers stored end to end, so that a batch is padded without a Python loop.

    Attributes:
        values: all sequences, one after the other, shape (total,), int32.
        offsets: where each begins, and the end, shape (N + 1,), int64.
    """

    values: NDArray[np.int32]
    offsets: NDArray[np.int64]

    @classmethod
    def from_sequences(cls, sequences: Sequence[Sequence[int]]) -> "Ragged":
        """Store sequences of integers flat."""
        lengths = np.fromiter(map(len, sequences), dtype=np.int64, count=len(sequences))
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        values = np.fromiter(chain.from_iterable(sequences), dtype=np.int32, count=offsets[-1])
        return cls(values, offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of each sequence, shape (N,)."""
        return np.diff(self.offsets)

    def cut(self, length: int, side: Literal["start", "end"] = "end") -> "Ragged":
        """At most `length` values of each sequence.

        Args:
            length: values kept.
            side: the side on which longer sequences are truncated.
        """
        kept = np.minimum(self.lengths, length)
        starts = self.offsets[1:] - kept if side == "start" else self.offsets[:-1]
        return self._spans(starts, kept)

    def windows(self, length: int, step: int) -> tuple["Ragged", NDArray[np.int64]]:
        """Each sequence as windows of `length` values that begin `step` values apart.

        The last window of a sequence ends where it ends; a short sequence is one window.

        Args:
            length: values of a window, at least 1.
            step: from 1 to `length`; less makes them overlap.

        Returns:
            W windows, in order, and the sequence that each belongs to, (W,).
        """
        lengths = self.lengths
        counts = 1 + -(-np.maximum(lengths - length, 0) // step)
        owners = np.repeat(np.arange(len(self)), counts)
        numbers = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = np.minimum(lengths, length)[owners]
        starts = np.minimum(numbers * step, lengths[owners] - kept)
        return self._spans(self.offsets[:-1][owners] + starts, kept), owners

    def take(self, rows: NDArray[np.int64]) -> "Ragged":
        """Some of the sequences, in the order named."""
        return self._spans(self.offsets[:-1][rows], self.lengths[rows])

    def _spans(self, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> "Ragged":
        """Sequences from stretches of the values."""
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        inside = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        return Ragged(self.values[np.repeat(starts, lengths) + inside], offsets)

    def padded(
        self, rows: NDArray[np.int64], pad: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The chosen rows, padded at the end to the longest of them.

        Args:
            rows: which sequences, shape (B,).
            pad: the value of the padding.

        Returns:
            Values of shape (B, T), and the mask of the real ones, shape (B, T).
        """
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        width = int(lengths.max(initial=0))
        columns = np.arange(width)
        mask = columns < lengths[:, None]
        positions = np.where(mask, self.offsets[rows][:, None] + columns, 0)
        values = self.values if len(self.values) else np.zeros(1, np.int32)
        return np.where(mask, values[positions], pad).astype(np.int64), mask


def batch_by_length(lengths: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
    """Make batches of rows of nearly equal length, longest first, so that there is little padding.

    Longest first because a batch that does not fit in memory then fails at once.

    Args:
        lengths: length of each row, shape (N,).
        batch_size: rows a batch.

    Returns:
        Index arrays of at most `batch_size` rows that together hold each row once.
    """
    order = np.argsort(-lengths, kind="stable")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
