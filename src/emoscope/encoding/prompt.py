"""Tokens around a text: the part of an input that is the same for every text of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding

from emoscope.encoding.batching import Ragged
from emoscope.encoding.encoder import Batch
from emoscope.encoding.tokens import TextTokenizer
from emoscope.errors import InputError
from emoscope.text import TextPipeline

LEAST_ROOM = 8
"""A prompt that leaves fewer tokens for the text is refused."""


@dataclass(frozen=True)
class Frame:
    """What stands before and after a text.

    Attributes:
        before: ids of P tokens.
        after: ids of S tokens.
        before_types: token types of the P tokens.
        after_types: token types of the S tokens.
        text_type: token type of the text.
        pad: id of the padding.
    """

    before: Sequence[int]
    after: Sequence[int]
    before_types: Sequence[int]
    after_types: Sequence[int]
    text_type: int
    pad: int

    @classmethod
    def around(cls, encoding: Encoding, sequence: int, pad: int) -> "Frame":
        """The frame of an example: all but the tokens of its sequence 0 or 1.

        Args:
            encoding: the encoding of an example with at least one token in that sequence.
            sequence: which one the texts take the place of.
            pad: id of the padding.
        """
        inside = [at for at, owner in enumerate(encoding.sequence_ids) if owner == sequence]
        start, end = inside[0], inside[-1] + 1
        ids, types = encoding.ids, encoding.type_ids
        return cls(ids[:start], ids[end:], types[:start], types[end:], types[start], pad)

    def __len__(self) -> int:
        return len(self.before) + len(self.after)

    def room(self, window: int) -> int:
        """Tokens that a window leaves for the text.

        Raises:
            InputError: fewer than `LEAST_ROOM`.
        """
        left = window - len(self)
        if left < LEAST_ROOM:
            raise InputError(
                f"The labels and the prompt take {len(self)} of the {window} tokens that the model "
                f"reads, and a text needs {LEAST_ROOM} at least. Ask for fewer labels at a time, "
                "or take an encoder with a longer window."
            )
        return left

    def wrap(self, texts: Ragged, rows: NDArray[np.int64], window: int | None = None) -> Batch:
        """Texts in their frames, padded at the end to the longest.

        Args:
            texts: token ids.
            rows: which texts, (B,).
            window: tokens that the model reads; a text that does not fit loses its end.

        Returns:
            `input_ids`, `attention_mask` and `token_type_ids`, each (B, T).
        """
        inside, real = texts.padded(rows)
        if window is not None:
            room = window - len(self)
            inside, real = inside[:, :room], real[:, :room]
        lengths = real.sum(axis=1)
        start, width = len(self.before), inside.shape[1]
        ids = np.full((len(rows), width + len(self)), self.pad, dtype=np.int64)
        types = np.zeros_like(ids)
        ids[:, :start] = self.before
        types[:, :start] = self.before_types
        ids[:, start : start + width][real] = inside[real]
        types[:, start : start + width][real] = self.text_type
        places = start + lengths[:, None] + np.arange(len(self.after))
        np.put_along_axis(ids, places, np.array(self.after, dtype=np.int64)[None], axis=1)
        np.put_along_axis(types, places, np.array(self.after_types, dtype=np.int64)[None], axis=1)
        mask = np.arange(ids.shape[1]) < (lengths + len(self))[:, None]
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def encode_turns(
    pipeline: TextPipeline,
    tokenizer: TextTokenizer,
    conversations: Sequence[Sequence[str]],
    prefix: str = "",
) -> Ragged:
    """Token ids of N conversations, turns parted by the separator.

    Args:
        pipeline: cleans the turns.
        tokenizer: the tokenizer of the model.
        conversations: turns of each, oldest first.
        prefix: put before each turn, such as a space that the tokenizer would see there.
    """
    cleaned = [pipeline(turns) for turns in conversations]
    pieces = iter(tokenizer.ids([prefix + turn for turns in cleaned for turn in turns]))
    several = any(len(turns) > 1 for turns in cleaned)
    separator = tokenizer.special_id("sep") if several else 0
    rows = []
    for turns in cleaned:
        ids: list[int] = []
        for place in range(len(turns)):
            ids += [separator] * (place > 0) + next(pieces)
        rows.append(ids)
    return Ragged.from_sequences(rows)
