"""Turns to word ids, for models that read words: the NELEC family."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emoscope.embeddings.vocabulary import UNKNOWN, Vocabulary
from emoscope.encoding.batching import Ragged
from emoscope.encoding.encoder import Batch, Truncation, check_reading
from emoscope.errors import InputError
from emoscope.folder import CONFIG, ModelFolder
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline

VOCABULARY = "vocabulary.json"
BOUNDARY = "<eos>"
"""The token that the step `turn_boundaries` puts between two turns."""


@dataclass(frozen=True)
class PlainEncoder:
    """Cleans the turns, splits them into words, and looks the words up.

    Attributes:
        pipeline: the cleaning steps; their output is split at white space.
        vocabulary: words to ids.
        max_length: words kept of one conversation.
        truncation: the side that a longer one loses. The report cuts the `"end"`, which is the
            turn whose emotion is asked for; `"start"` keeps it.
    """

    pipeline: TextPipeline
    vocabulary: Vocabulary
    max_length: int = 35
    truncation: Truncation = "start"

    def read_words(self, turns: Sequence[str]) -> list[str]:
        """The words that the model reads of one conversation."""
        return self.cut(split_words(self.pipeline, turns))

    def cut(self, words: list[str]) -> list[str]:
        """At most `max_length` words."""
        return words[-self.max_length :] if self.truncation == "start" else words[: self.max_length]

    @property
    def length(self) -> int:
        """Words of one conversation that the model reads at a time."""
        return self.max_length

    def tokens(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Word ids of each conversation, whole, N sequences of at least one id.

        A conversation without a single word becomes one unknown word, so that every row has
        something to attend to.
        """
        nothing = [UNKNOWN]
        return Ragged.from_sequences(
            [
                self.vocabulary.ids(split_words(self.pipeline, turns)) or nothing
                for turns in conversations
            ]
        )

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """The same, at most `length` of each."""
        return self.tokens(conversations).cut(self.length, self.truncation)

    def batch(
        self, encoded: Ragged, rows: NDArray[np.int64], order: Sequence[int] | None = None
    ) -> Batch:
        """The chosen texts.

        Args:
            encoded: from `encode`.
            rows: which texts, (B,).
            order: has no meaning here, as the model never sees its labels.

        Returns:
            `input_ids` and `attention_mask`, both (B, T).
        """
        ids, mask = encoded.padded(rows)
        return {"input_ids": ids, "attention_mask": mask}

    def for_taxonomy(self, taxonomy: Taxonomy) -> Self:
        """Nothing but an error: the labels of such a model are fixed."""
        raise InputError(
            "This model has learnt a fixed set of labels and cannot score others. Take a model "
            "that reads its labels, such as Demux."
        )

    def to_config(self) -> dict[str, Any]:
        """What `preprocessing.json` of a model folder holds; the vocabulary has a file."""
        return {
            "encoder": "plain",
            "steps": self.pipeline.to_config(),
            "max_length": self.max_length,
            "truncation": self.truncation,
        }

    def save(self, folder: Path) -> None:
        """Write `vocabulary.json`."""
        self.vocabulary.save(folder / VOCABULARY)

    @classmethod
    def load(cls, folder: ModelFolder) -> Self:
        """The encoder of a model folder.

        Raises:
            InputError: a vocabulary of other sizes than the network's.
        """
        vocabulary = Vocabulary.load(folder.path / VOCABULARY)
        found = (vocabulary.size, vocabulary.extension_size)
        expected = tuple(folder.config.get(f"{part}_size") for part in ("vocabulary", "extension"))
        if found != expected:
            raise InputError(
                f"{CONFIG} tells of {expected[0]} trained and {expected[1]} further words, "
                f"{VOCABULARY} of {found[0]} and {found[1]}. One of them was edited or is of "
                "another model."
            )
        length, truncation = check_reading(folder.preprocessing)
        steps: Any = folder.preprocessing.get("steps")
        return cls(TextPipeline.from_config(steps), vocabulary, length, truncation)


def split_words(pipeline: TextPipeline, turns: Sequence[str]) -> list[str]:
    """Words of the cleaned turns, in order."""
    return " ".join(pipeline(turns)).split()
