"""The backend of exported models with independent labels: two graphs, for labels and for texts."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.batching import Ragged, batch_by_length
from emoscope.inference.session import (
    Feed,
    Session,
    check_inputs,
    check_output,
    make_graph_error,
)
from emoscope.models.demux.exported import BATCH_SIZE, combine_words
from emoscope.models.demux.independent_encoder import IndependentEncoder, encode_words, list_words
from emoscope.taxonomy import Taxonomy

Floats = NDArray[np.float32]
INPUTS = ("input_ids", "attention_mask", "words")
"""What the graph for texts takes; some take `token_type_ids` as well."""
LABEL_INPUTS = ("label_tokens", "word_mask")
"""What the graph for labels takes."""
WORDS_AT_A_TIME = 256
"""Maximum number of label words in a request, to bound its memory. A text is read again for each
request, which costs little compared with the words."""
KEPT_WORDS = 4096
"""How many label words are kept read, about 3 KB each."""
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


WordRow = tuple[Floats, ...]
"""What the graph for labels says of one word: each of its outputs, (hidden,)."""


class WordStates:
    """The states of the label words that were asked for last, each computed once.

    A service asks for one set of labels after the other, and most words come again.

    Args:
        at_most: how many are kept.
    """

    def __init__(self, at_most: int = KEPT_WORDS) -> None:
        self.at_most = at_most
        self._rows: OrderedDict[str, WordRow] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._rows)

    def find(
        self, words: Sequence[str], compute: Callable[[Sequence[str]], list[WordRow]]
    ) -> list[WordRow]:
        """The states of words.

        Args:
            words: W of them.
            compute: gives those of words that are not kept, each of which it gets once.
        """
        with self._lock:
            found = {word: self._rows[word] for word in words if word in self._rows}
        missing = list(dict.fromkeys(word for word in words if word not in found))
        if missing:
            found |= zip(missing, compute(missing), strict=True)
        with self._lock:
            for word in words:
                self._rows[word] = found[word]
                self._rows.move_to_end(word)
            while len(self._rows) > self.at_most:
                self._rows.popitem(last=False)
        return [found[word] for word in words]


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
        words: the states of words that were asked for before.
    """

    independent = True

    def __init__(
        self,
        sessions: Sessions,
        encoder: IndependentEncoder,
        cluster: str,
        batch_size: int = BATCH_SIZE,
        words: WordStates | None = None,
    ) -> None:
        check_inputs(sessions.texts, INPUTS)
        check_inputs(sessions.labels, LABEL_INPUTS)
        self.sessions = sessions
        self.encoder = encoder
        self.cluster = cluster
        self.batch_size = batch_size
        self.words = WordStates() if words is None else words

    @property
    def session(self) -> Session:
        """What runs the model."""
        return self.sessions.texts

    @cached_property
    def labels(self) -> LabelStates:
        """What asks the texts: the labels, or their words where these are asked for."""
        words, labels = list_words(self.encoder.taxonomy)
        rows = self.words.find(words, self._read_words)
        found = [np.stack(parts) for parts in zip(*rows, strict=True)]
        states, vectors = found[0], found[1] if len(found) > 1 else None
        if self.cluster != "tokens":
            return LabelStates(states, vectors)
        owners = np.array(labels, dtype=np.int64)
        if vectors is not None:
            means = compute_group_means(owners, vectors)
            # Scaled back to the length that the model gave each word.
            lengths = np.linalg.norm(means, axis=1, keepdims=True)
            vectors = means * (np.linalg.norm(vectors[0]) / lengths)
        return LabelStates(compute_group_means(owners, states), vectors)

    def _read_words(self, words: Sequence[str]) -> list[WordRow]:
        """What the graph for labels says of words."""
        arrays = encode_words(self.encoder.tokenizer, self.encoder.frame, words)
        feeds = (
            {
                "label_tokens": arrays["label_tokens"][:, start : start + WORDS_AT_A_TIME],
                "word_mask": arrays["word_mask"][start : start + WORDS_AT_A_TIME].astype(
                    np.float32
                ),
            }
            for start in range(0, len(words), WORDS_AT_A_TIME)
        )
        session, left, checked = self.sessions.labels, len(words), []
        for found in session.run(feeds):
            for part in found:
                check_output(session, part, (min(left, WORDS_AT_A_TIME), -1))
            checked.append(found)
            left -= WORDS_AT_A_TIME
        outputs = zip(*checked, strict=True)
        # Copies, so that a word that is kept does not keep the others of its request.
        columns = [[row.copy() for part in parts for row in part] for parts in outputs]
        return list(zip(*columns, strict=True))

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
        session = self.session
        for (rows, columns), (found, *vectors) in zip(places, outputs, strict=True):
            width = columns.stop - columns.start
            check_output(session, found, (len(rows), width + -width % BLOCK))
            part = found[:, :width]
            if labels.vectors is not None:
                if not vectors:
                    raise make_graph_error(session, "no vectors of texts")
                check_output(session, vectors[0], (len(rows), labels.vectors.shape[1]))
                part = part + vectors[0] @ labels.vectors[columns].T
            scores[rows, columns] = part
        if self.cluster == "tokens":
            return scores
        owners = np.array(list_words(self.encoder.taxonomy)[1], dtype=np.int64)
        return combine_words(scores, owners, self.cluster)

    def for_taxonomy(self, taxonomy: Taxonomy) -> "IndependentBackend":
        """The same model, asked for other labels."""
        encoder = self.encoder.for_taxonomy(taxonomy)
        return IndependentBackend(self.sessions, encoder, self.cluster, self.batch_size, self.words)

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
