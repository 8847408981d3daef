"""Turns to word ids, for models that read words: the NELEC family."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from emoscope.embeddings.vocabulary import UNKNOWN, Vocabulary
from emoscope.encoding.batching import Ragged
from emoscope.errors import InputError
from emoscope.text import TextPipeline

Truncation = Literal["start", "end"]
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

    def words(self, turns: Sequence[str]) -> list[str]:
        """The words that the model reads of one conversation."""
        return self.cut(split(self.pipeline, turns))

    def cut(self, words: list[str]) -> list[str]:
        """At most `max_length` words."""
        return words[-self.max_length :] if self.truncation == "start" else words[: self.max_length]

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Word ids of each conversation, N sequences of 1 to `max_length` ids.

        A conversation without a single word becomes one unknown word, so that every row has
        something to attend to.
        """
        nothing = [UNKNOWN]
        return Ragged.from_sequences(
            [self.vocabulary.ids(self.words(turns)) or nothing for turns in conversations]
        )

    def to_config(self) -> dict[str, Any]:
        """What `preprocessing.json` of a model folder holds; the vocabulary has a file."""
        return {
            "encoder": "plain",
            "steps": self.pipeline.to_config(),
            "max_length": self.max_length,
            "truncation": self.truncation,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], vocabulary: Vocabulary) -> "PlainEncoder":
        """The encoder that `to_config` described."""
        if config.get("encoder") != "plain":
            raise InputError(
                f"Expected preprocessing for the encoder 'plain', found {config.get('encoder')!r}."
            )
        length: Any = config.get("max_length")
        truncation: Any = config.get("truncation")
        steps: Any = config.get("steps")
        if not isinstance(length, int) or length < 1 or truncation not in get_args(Truncation):
            raise InputError(
                "Expected preprocessing with a max_length of 1 or more and a truncation of 'start' "
                f"or 'end', found {length!r} and {truncation!r}."
            )
        return cls(
            pipeline=TextPipeline.from_config(steps),
            vocabulary=vocabulary,
            max_length=length,
            truncation=truncation,
        )


def split(pipeline: TextPipeline, turns: Sequence[str]) -> list[str]:
    """Words of the cleaned turns, in order."""
    return " ".join(pipeline(turns)).split()
