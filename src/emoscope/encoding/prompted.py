"""What encoders of pretrained transformers share: a tokenizer, labels, a frame around a text."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from emoscope.encoding.batching import Ragged
from emoscope.encoding.encoder import Truncation, check_reading
from emoscope.encoding.prompt import Frame, encode_turns
from emoscope.encoding.tokens import TextTokenizer
from emoscope.folder import ModelFolder
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline


@dataclass(frozen=True)
class PromptedEncoder(ABC):
    """Cleaned turns in a frame of other tokens; only the text is ever truncated.

    Attributes:
        pipeline: the cleaning steps.
        tokenizer: the tokenizer of the pretrained encoder.
        taxonomy: the labels to ask for.
        max_length: tokens kept of one text; fewer where the frame leaves less room.
        truncation: the side that a longer text loses.
    """

    pipeline: TextPipeline
    tokenizer: TextTokenizer
    taxonomy: Taxonomy
    max_length: int = 64
    truncation: Truncation = "end"

    kind: ClassVar[str]
    """Name of the encoder in `preprocessing.json`."""

    @property
    @abstractmethod
    def frame(self) -> Frame:
        """What stands around a text."""

    @property
    def prefix(self) -> str:
        """What the tokenizer sees before each turn, such as a space."""
        return ""

    @property
    def length(self) -> int:
        """Tokens of one text that the model reads at a time.

        Raises:
            InputError: the frame leaves no room for text.
        """
        return min(self.max_length, self.frame.room(self.tokenizer.window))

    def tokens(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Token ids of N texts, whole, without their frame."""
        return encode_turns(self.pipeline, self.tokenizer, conversations, self.prefix)

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """The same, at most `length` of each."""
        return self.tokens(conversations).cut(self.length, self.truncation)

    def for_taxonomy(self, taxonomy: Taxonomy) -> Self:
        """The encoder that asks for other labels."""
        return replace(self, taxonomy=taxonomy)

    def to_config(self) -> dict[str, Any]:
        """What `preprocessing.json` of a model folder holds; the tokenizer has a file."""
        return {
            "encoder": self.kind,
            "steps": self.pipeline.to_config(),
            "max_length": self.max_length,
            "truncation": self.truncation,
            **self.tokenizer.to_config(),
        }

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json`."""
        self.tokenizer.save(folder)

    @classmethod
    def load(cls, folder: ModelFolder) -> Self:
        """The encoder of a model folder."""
        return cls(**cls.read_fields(folder))

    @classmethod
    def read_fields(cls, folder: ModelFolder) -> dict[str, Any]:
        """The fields of the encoder of a model folder.

        Raises:
            InputError: a description or a tokenizer that was edited.
        """
        length, truncation = check_reading(folder.preprocessing)
        return {
            "pipeline": TextPipeline.from_config(folder.preprocessing.get("steps", ())),
            "tokenizer": TextTokenizer.load(folder.path, folder.preprocessing),
            "taxonomy": folder.taxonomy,
            "max_length": length,
            "truncation": truncation,
        }
