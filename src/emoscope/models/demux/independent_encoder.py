"""A text by itself, and each label by itself: the input of Demux with independent labels.

[CLS] the text [SEP]        [CLS] anger [SEP]    [CLS] mixed feelings [SEP]    …
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.batching import Ragged
from emoscope.encoding.encoder import Batch
from emoscope.encoding.prompt import Frame
from emoscope.encoding.prompted import PromptedEncoder
from emoscope.encoding.tokens import TextTokenizer
from emoscope.errors import InputError
from emoscope.taxonomy import Taxonomy


def encode_words(tokenizer: TextTokenizer, frame: Frame, words: Sequence[str]) -> Batch:
    """Words of labels as sequences of their own.

    Args:
        tokenizer: the tokenizer of the model.
        frame: around a sequence.
        words: W of them; one may have several tokens.

    Returns:
        `label_tokens` (2, W, T), ids and 1 at those that are no padding, and `word_mask` (W, T),
        true at the tokens of the word itself.

    Raises:
        InputError: a word that the tokenizer makes nothing of, unknown tokens alone, or more tokens
            than the model reads.
    """
    ids = tokenizer.ids(words)
    room = frame.room(tokenizer.window)
    for word, found in zip(words, ids, strict=True):
        tokenizer.check_word(word, found)
        if len(found) > room:
            raise InputError(
                f"The label word {word[:60]!r} … takes {len(found)} tokens, and the model reads "
                f"{room}. Describe the label in fewer words."
            )
    arrays = frame.wrap(Ragged.from_sequences(ids), np.arange(len(ids)))
    places = np.arange(arrays["input_ids"].shape[1])
    lengths = np.array([len(found) for found in ids])
    start = len(frame.before)
    word_mask = (places >= start) & (places < (start + lengths)[:, None])
    label_tokens = np.stack([arrays["input_ids"], arrays["attention_mask"].astype(np.int64)])
    return {"label_tokens": label_tokens, "word_mask": word_mask}


def list_words(
    taxonomy: Taxonomy, order: Sequence[int] | None = None
) -> tuple[list[str], list[int]]:
    """The W words of a taxonomy's labels, and which of the labels shown each belongs to.

    Args:
        taxonomy: the labels.
        order: places of the labels to ask for; the model's scores keep the taxonomy's order.
    """
    places = range(len(taxonomy)) if order is None else sorted(order)
    pairs = [
        (word, rank) for rank, place in enumerate(places) for word in taxonomy.labels[place].words
    ]
    return [word for word, _ in pairs], [rank for _, rank in pairs]


@dataclass(frozen=True)
class IndependentEncoder(PromptedEncoder):
    """Cleaned turns by themselves, and the words of each label by themselves."""

    kind = "demux_independent"
    independent: ClassVar[bool] = True
    """A label's score does not depend on which others are asked for."""

    @cached_property
    def frame(self) -> Frame:
        """The special tokens around a sequence."""
        return Frame.around(self.tokenizer.single("x"), 0, self.tokenizer.special_id("pad"))

    @cached_property
    def label_arrays(self) -> Batch:
        """All labels in the taxonomy's order; see `encode_labels`."""
        return self.encode_labels(*list_words(self.taxonomy))

    def encode_labels(self, words: Sequence[str], labels: Sequence[int]) -> Batch:
        """Words to ask for.

        Args:
            words: W of them.
            labels: the label that each word belongs to, (W,), each from 0 on.

        Returns:
            As of `encode_words`, and `word_labels` (W,).
        """
        arrays = encode_words(self.tokenizer, self.frame, words)
        return arrays | {"word_labels": np.array(labels, dtype=np.int64)}

    def encode_texts(self, encoded: Ragged, rows: NDArray[np.int64]) -> Batch:
        """`input_ids`, `attention_mask` and `token_type_ids` of the chosen texts, each (B, T)."""
        return self.frame.wrap(encoded, rows, self.tokenizer.window)

    def batch(
        self, encoded: Ragged, rows: NDArray[np.int64], order: Sequence[int] | None = None
    ) -> Batch:
        """Texts and labels: what `encode_texts` and `encode_labels` give."""
        labels = (
            self.label_arrays
            if order is None
            else self.encode_labels(*list_words(self.taxonomy, order))
        )
        return self.encode_texts(encoded, rows) | labels
