"""The backend of exported models with independent labels: two graphs, for labels and for texts."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.batching import Ragged, batch_by_length
from emoscope.inference.session import Feed, Session
from emoscope.models.demux.exported import BATCH_SIZE, combine_words
from emoscope.models.demux.independent_encoder import IndependentEncoder
from emoscope.taxonomy import Taxonomy

Floats = NDArray[np.float32]
WORDS_AT_A_TIME = 256
"""Maximum number of label words in a request, to bound its memory. A text is read again for each
request, which costs little compared with the words."""
BLOCK = 32
"""The number of words is padded to a multiple of this. Engines compute different shapes in
different ways, so in half precision a score would otherwise depend on the number of labels."""


class LabelStates(NamedTuple):
    """Labels, or their words, which no text has changed.

    Attributes:
        states: the states that read texts, (W, hidden).
        vectors: whose product with a text's adds to the score, (W, hidden); None of a model without
            similarity.
    """

    states: Floats
    vectors: Floats | None


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
    def labels(self) -> LabelStates:
        """What asks the texts: the labels, or their words where these are asked for."""
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
        found = [
            np.concatenate(parts) for parts in zip(*self.sessions.labels.run(feeds), strict=True)
        ]
        states, vectors = found[0], found[1] if len(found) > 1 else None
        if self.cluster != "tokens":
            return LabelStates(states, vectors)
        owners = arrays["word_labels"]
        if vectors is not None:
            means = compute_group_means(owners, vectors)
            # Scaled back to the length that the model gave each word.
            lengths = np.linalg.norm(means, axis=1, keepdims=True)
            vectors = means * (np.linalg.norm(vectors[0]) / lengths)
        return LabelStates(compute_group_means(owners, states), vectors)

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Token ids of N conversations."""
        return self.encoder.encode(conversations)

    def logits(self, encoded: Ragged) -> Floats:
        """Scores (N, K) before calibration."""
        order, labels = batch_by_length(encoded.lengths, self.batch_size), self.labels
        count = len(labels.states)
        scores = np.empty((len(encoded), count), dtype=np.float32)
        places = [
            (rows, slice(start, min(start + WORDS_AT_A_TIME, count)))
            for rows in order
            for start in range(0, count, WORDS_AT_A_TIME)
        ]
        outputs = self.sessions.texts.run(self._feeds(encoded, places))
        for (rows, columns), (found, *vectors) in zip(places, outputs, strict=True):
            part = found[:, : columns.stop - columns.start]
            if labels.vectors is not None:
                part = part + vectors[0] @ labels.vectors[columns].T
            scores[rows, columns] = part
        if self.cluster == "tokens":
            return scores
        return combine_words(scores, self.encoder.label_arrays["word_labels"], self.cluster)

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
            states = self.labels.states[columns]
            filled = np.zeros((-len(states) % BLOCK, states.shape[1]), dtype=np.float32)
            values = batch | {
                "attention_mask": batch["attention_mask"].astype(np.int64),
                "words": np.concatenate([states, filled]),
            }
            yield {name: value for name, value in values.items() if name in inputs}


def compute_group_means(owners: NDArray[np.int64], rows: Floats) -> Floats:
    """Means of the rows that belong together.

    Args:
        owners: which of K groups each row belongs to, (W,).
        rows: (W, H).

    Returns:
        (K, H).
    """
    summed = np.zeros((int(owners.max()) + 1, rows.shape[1]), dtype=np.float32)
    np.add.at(summed, owners, rows)
    means: Floats = (summed / np.bincount(owners)[:, None]).astype(np.float32)
    return means
