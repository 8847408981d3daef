"""Texts longer than the model's window: read as overlapping windows, or truncated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.batching import Ragged
from emoscope.encoding.encoder import Encoder
from emoscope.inference.backend import Backend, EncoderBackend
from emoscope.taxonomy import Taxonomy

LongTexts = Literal["auto", "mean", "max", "truncate"]
"""What is made of a long text: the mean or the maximum of its windows' scores, or only what the
model reads. `"auto"` is the mean, but cuts where a model keeps the end of a conversation, as what
it is asked about stands there."""
OVERLAP = 0.25
"""Share of a window that the next one repeats."""
MAX_WINDOWS = 256
"""The maximum number of windows of one text; they are spaced evenly over it."""


def share_out(counts: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Choose at most `most` evenly spaced items of each of N consecutive groups.

    Args:
        counts: items of each group, (N,).
        most: at least 1.
    """
    if counts.max(initial=0) <= most:
        return np.arange(counts.sum())
    starts = np.cumsum(counts) - counts
    return np.concatenate(
        [
            start + np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)
            for start, count in zip(starts, counts, strict=True)
        ]
    )


def read_long_texts(backend: Backend, how: LongTexts = "auto") -> Backend:
    """The backend for texts of any length.

    Args:
        backend: reads texts up to its encoder's length; or whole texts, and has no encoder.
        how: how texts are read that are longer.
    """
    return LongTextBackend(backend, how) if isinstance(backend, EncoderBackend) else backend


@dataclass(frozen=True)
class Pieces:
    """N texts as the W pieces that the model reads.

    Attributes:
        tokens: the tokens of the pieces.
        owners: the text that each piece belongs to, rising, (W,).
        long: which texts are longer than the model reads at a time, (N,).
    """

    tokens: Ragged
    owners: NDArray[np.int64]
    long: NDArray[np.bool_]


class LongTextBackend:
    """A backend for texts of any length.

    Args:
        backend: the backend that reads texts up to its encoder's length.
        how: how longer texts are read.
    """

    def __init__(self, backend: EncoderBackend, how: LongTexts = "auto") -> None:
        self.backend = backend
        if how == "auto":
            how = "truncate" if backend.encoder.truncation == "start" else "mean"
        self.how = how

    @property
    def encoder(self) -> Encoder:
        """Of the backend."""
        return self.backend.encoder

    @property
    def independent(self) -> bool:
        """Of the backend."""
        return bool(getattr(self.backend, "independent", False))

    def encode(self, conversations: Sequence[Sequence[str]]) -> Pieces:
        """N conversations as pieces."""
        encoder = self.encoder
        tokens, length = encoder.tokens(conversations), encoder.length
        long = tokens.lengths > length
        if self.how == "truncate" or not long.any():
            return Pieces(tokens.cut(length, encoder.truncation), np.arange(len(tokens)), long)
        step = max(round(length * (1 - OVERLAP)), 1)
        windows, owners = tokens.windows(length, step)
        kept = share_out(np.bincount(owners, minlength=len(tokens)), MAX_WINDOWS)
        return Pieces(windows.take(kept), owners[kept], long)

    def logits(self, encoded: Pieces) -> NDArray[np.float32]:
        """Scores (N, K) before calibration, those of a long text pooled over its windows."""
        scores = self.backend.logits(encoded.tokens)
        if len(encoded.owners) == len(encoded.long):
            return scores
        starts = np.searchsorted(encoded.owners, np.arange(len(encoded.long)))
        if self.how == "max":
            return np.maximum.reduceat(scores, starts, axis=0)
        counts = np.bincount(encoded.owners)[:, None]
        return (np.add.reduceat(scores, starts, axis=0) / counts).astype(np.float32)

    def for_taxonomy(self, taxonomy: Taxonomy) -> "LongTextBackend":
        """The same model, asked for other labels."""
        return LongTextBackend(self.backend.for_taxonomy(taxonomy), self.how)
