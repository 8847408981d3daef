"""The backend of exported models with independent labels: two graphs, for labels and for texts."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.batching import Ragged, by_length
from emoscope.encoding.independent import IndependentEncoder
from emoscope.runtime.graph import BATCH_SIZE, Feed, Session, combine
from emoscope.taxonomy import Taxonomy

Floats = NDArray[np.float32]
WORDS_AT_A_TIME = 256
"""Label words of one request: bounds its memory, whatever is asked. A text is read anew for each so
many, which is little beside what so many words take."""


class Sessions(NamedTuple):
    """The two graphs of a model, loaded.

    Attributes:
        texts: scores of label states that read texts.
        labels: states of label words.
    """

    texts: Session
    labels: Session


class IndependentBackend:
    """Scores texts with an exported Demux of independent labels.

    Args:
        sessions: with the graphs.
        encoder: turns and labels to arrays.
        cluster: how a label of several words is asked, as in `DemuxConfig`.
        batch_size: texts a request; they are sorted by length first.
    """

    independent = True

    def __init__(
        self,
        sessions: Sessions,
        encoder: IndependentEncoder,
        cluster: str,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self.sessions = sessions
        self.encoder = encoder
        self.cluster = cluster
        self.batch_size = batch_size

    @property
    def session(self) -> Session:
        """What runs the model."""
        return self.sessions.texts

    @cached_property
    def words(self) -> Floats:
        """States of the labels, or of their words, which no text has changed; (W, hidden)."""
        arrays = self.encoder.label_arrays
        count = arrays["word_mask"].shape[0]
        feeds = (
            {
                "label_tokens": arrays["label_tokens"][:, start : start + WORDS_AT_A_TIME],
                "word_mask": arrays["word_mask"][start : start + WORDS_AT_A_TIME].astype(
                    np.float32
                ),
            }
            for start in range(0, count, WORDS_AT_A_TIME)
        )
        words = np.concatenate(list(self.sessions.labels.run(feeds)))
        if self.cluster != "tokens":
            return words
        owners = arrays["word_labels"]
        summed = np.zeros((int(owners.max()) + 1, words.shape[1]), dtype=np.float32)
        np.add.at(summed, owners, words)
        means: Floats = (summed / np.bincount(owners)[:, None]).astype(np.float32)
        return means

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Token ids of N conversations."""
        return self.encoder.encode(conversations)

    def logits(self, encoded: Ragged) -> Floats:
        """Scores (N, K) before calibration."""
        order, words = by_length(encoded.lengths, self.batch_size), self.words
        scores = np.empty((len(encoded), len(words)), dtype=np.float32)
        places = [
            (rows, slice(start, start + WORDS_AT_A_TIME))
            for rows in order
            for start in range(0, len(words), WORDS_AT_A_TIME)
        ]
        found = self.sessions.texts.run(self._feeds(encoded, places))
        for (rows, columns), part in zip(places, found, strict=True):
            scores[rows, columns] = part
        if self.cluster == "tokens":
            return scores
        return combine(scores, self.encoder.label_arrays["word_labels"], self.cluster)

    def for_taxonomy(self, taxonomy: Taxonomy) -> "IndependentBackend":
        """The same model, asked for other labels."""
        encoder = self.encoder.for_taxonomy(taxonomy)
        return IndependentBackend(self.sessions, encoder, self.cluster, self.batch_size)

    def _feeds(
        self, encoded: Ragged, places: Sequence[tuple[NDArray[np.int64], slice]]
    ) -> Iterator[Feed]:
        inputs = self.sessions.texts.inputs
        for rows, columns in places:
            batch = self.encoder.encode_texts(encoded, rows)
            mask = batch["attention_mask"].astype(np.int64)
            values = batch | {"attention_mask": mask, "words": self.words[columns]}
            yield {name: value for name, value in values.items() if name in inputs}
