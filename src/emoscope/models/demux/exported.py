"""The backend of exported models: an ONNX graph, and an engine that runs it without torch."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.batching import Ragged, batch_by_length
from emoscope.encoding.encoder import Batch
from emoscope.inference.session import Feed, Session, check_inputs, check_output
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.taxonomy import Taxonomy

COMBINED: Mapping[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "max": lambda scores: scores.max(axis=1),
    "mean": lambda scores: scores.mean(axis=1),
    "logsumexp": lambda scores: np.asarray(np.logaddexp.reduce(scores, axis=1)),
}
"""Scores of a label's words, (B, words) → (B,)."""
CLUSTERS = ("tokens", *COMBINED)
INPUTS = ("input_ids", "attention_mask", "rows")
"""What each graph takes; some take `token_type_ids` as well."""
BATCH_SIZE = 32
"""Texts a request: large enough for the processor, small enough for several in flight."""


class GraphBackend:
    """Scores texts with an exported Demux.

    Args:
        session: with the graph.
        encoder: turns to arrays.
        cluster: how the scores of a label's words are combined, as in `DemuxConfig`.
        batch_size: texts a request; they are sorted by length first.
    """

    def __init__(
        self, session: Session, encoder: DemuxEncoder, cluster: str, batch_size: int = BATCH_SIZE
    ) -> None:
        check_inputs(session, INPUTS)
        self.session = session
        self.encoder = encoder
        self.cluster = cluster
        self.batch_size = batch_size

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Token ids of N conversations."""
        return self.encoder.encode(conversations)

    def logits(self, encoded: Ragged) -> NDArray[np.float32]:
        """Scores (N, K) before calibration."""
        order = batch_by_length(encoded.lengths, self.batch_size)
        batches = (self.encoder.batch(encoded, rows) for rows in order)
        feeds = (make_feed(batch, self.cluster, self.session.inputs) for batch in batches)
        scores = np.empty((len(encoded), len(self.encoder.taxonomy)), dtype=np.float32)
        words = self.cluster != "tokens"
        labels = self.encoder.prompt.word_labels
        count = len(labels) if words else scores.shape[1]
        for rows, (found, *_) in zip(order, self.session.run(feeds), strict=True):
            check_output(self.session, found, (len(rows), count))
            scores[rows] = combine_words(found, labels, self.cluster) if words else found
        return scores

    def for_taxonomy(self, taxonomy: Taxonomy) -> "GraphBackend":
        """The same model, asked for other labels."""
        encoder = self.encoder.for_taxonomy(taxonomy)
        return GraphBackend(self.session, encoder, self.cluster, self.batch_size)


def make_feed(batch: Batch, cluster: str, inputs: frozenset[str]) -> Feed:
    """What a graph takes of a batch.

    Args:
        batch: from `DemuxEncoder.batch`.
        cluster: a row of tokens for each label if `"tokens"`, else for each word.
        inputs: names that the graph has.
    """
    rows = batch["word_mask"].astype(np.float32)
    if cluster == "tokens":
        summed = np.zeros((int(batch["word_labels"].max()) + 1, rows.shape[1]), dtype=np.float32)
        np.add.at(summed, batch["word_labels"], rows)
        rows = summed
    values = {
        "input_ids": batch["input_ids"],
        "attention_mask": batch["attention_mask"].astype(np.int64),
        "token_type_ids": batch["token_type_ids"],
        "rows": rows / rows.sum(axis=1, keepdims=True),
    }
    return {name: value for name, value in values.items() if name in inputs}


def combine_words(
    scores: NDArray[np.float32], labels: NDArray[np.int64], how: str
) -> NDArray[np.float32]:
    """Scores of words → scores of labels.

    Args:
        scores: (B, W).
        labels: the label of each word, (W,).
        how: `"max"`, `"mean"` or `"logsumexp"`.
    """
    reduce = COMBINED[how]
    columns = [reduce(scores[:, labels == label]) for label in range(int(labels.max()) + 1)]
    return np.stack(columns, axis=1).astype(np.float32)
