"""Which independent labels a batch of training texts is asked for, and in which words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from emoscope.models.demux.independent_encoder import IndependentEncoder, list_words
from emoscope.taxonomy import Taxonomy
from emoscope.training.data import Part


@dataclass(frozen=True)
class LabelSampling:
    """Labels that a batch's texts have, others drawn, and words that are held where they were.

    Attributes:
        most: the maximum number of labels in a batch; all if None. The labels of its texts come
            first, the rest is drawn at random (sampled negatives).
        forms: further words for a word, itself included.
        swap: the probability that a word is replaced by another form.
        vocabulary: how many words there are that may be held where they were.
        anchored: how many of them are, drawn for each batch.
    """

    most: int | None = None
    forms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    swap: float = 0.0
    vocabulary: int = 0
    anchored: int = 0

    def batch(
        self, part: Part, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> dict[str, NDArray[Any]]:
        """Inputs of the model for the chosen texts, and their labels.

        Args:
            part: the texts, with the encoder of independent labels.
            rows: (B,), places in the part.
            rng: decides.

        Returns:
            Inputs that ask for K labels; `labels` (B, K), their `columns` (K,) where some are left
            out, and the places of the words that are `anchored` where there are any.
        """
        encoder, labels = cast(IndependentEncoder, part.encoder), part.labels[rows]
        columns = self.columns(labels, rng)
        words, owners = self.words(part.corpus.taxonomy, columns, rng)
        batch = encoder.encode_texts(part.encoded, rows)
        extras: dict[str, NDArray[Any]] = {"labels": labels[:, columns]}
        if len(columns) < labels.shape[1]:
            extras["columns"] = columns
        if self.anchored:
            extras["anchored"] = rng.choice(self.vocabulary, self.anchored, replace=False)
        return batch | encoder.encode_labels(words, owners) | extras

    def columns(self, labels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.int64]:
        """Places of the labels to ask for, rising.

        Args:
            labels: the labels of the batch, (B, K).
            rng: draws those that no text of the batch has.
        """
        count = labels.shape[1]
        if self.most is None or count <= self.most:
            return np.arange(count)
        present = np.flatnonzero((labels > 0).any(axis=0))
        absent = np.setdiff1d(np.arange(count), present)
        drawn = rng.choice(absent, max(self.most - len(present), 0), replace=False)
        return np.sort(np.concatenate([present, drawn]))

    def words(
        self, taxonomy: Taxonomy, columns: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[list[str], list[int]]:
        """The words of labels, some in another form, and which of the labels each belongs to."""
        words, owners = list_words(taxonomy, columns.tolist())
        swapped = rng.random(len(words)) < self.swap
        return [
            str(rng.choice(self.forms[word])) if swap and word in self.forms else word
            for word, swap in zip(words, swapped, strict=True)
        ], owners
