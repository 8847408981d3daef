"""What every encoder offers: turns in, arrays out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.batching import Ragged
from emoscope.errors import InputError
from emoscope.folder import PREPROCESSING, ModelFolder
from emoscope.registry import ENCODERS, find_for_folder, resolve
from emoscope.taxonomy import Taxonomy

Batch = dict[str, NDArray[Any]]
Truncation = Literal["start", "end"]


class Encoder(Protocol):
    """Turns conversations into the arrays that a model's `forward` takes.

    Texts are encoded once; what is around them, such as labels, joins when a batch is made.
    """

    @property
    def length(self) -> int:
        """Tokens of one text that the model reads at a time."""

    @property
    def truncation(self) -> Truncation:
        """The side that a longer text loses."""

    def tokens(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Token ids of N conversations, whole, without what the labels need."""

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """The same, at most `length` of each."""

    def batch(
        self, encoded: Ragged, rows: NDArray[np.int64], order: Sequence[int] | None = None
    ) -> Batch:
        """The inputs of the chosen rows, padded to the longest.

        Args:
            encoded: from `encode`.
            rows: which texts, (B,).
            order: places of the labels to ask for, in the order to show them in; all in the
                taxonomy's order if None. The model's scores keep the taxonomy's order.
        """

    def for_taxonomy(self, taxonomy: Taxonomy) -> Self:
        """The encoder that asks for other labels.

        Raises:
            InputError: the model has learnt a fixed set of labels.
        """

    def to_config(self) -> dict[str, Any]:
        """What `preprocessing.json` of a model folder holds."""

    def save(self, folder: Path) -> None:
        """Write the files that `preprocessing.json` does not hold."""

    @classmethod
    def load(cls, folder: ModelFolder) -> Self:
        """The encoder of a model folder."""


def load_encoder(folder: ModelFolder) -> Encoder:
    """The encoder that a model folder describes.

    Raises:
        InputError: an unknown kind, or a description that was edited; the message names the file.
    """
    try:
        place = find_for_folder(ENCODERS, str(folder.preprocessing.get("encoder")), "encoder")
        encoder: Encoder = resolve(place).load(folder)
    except InputError as error:
        raise InputError(f"{folder.path / PREPROCESSING}: {error}") from None
    return encoder


def check_reading(config: dict[str, Any]) -> tuple[int, Truncation]:
    """The length and the truncation in a description, checked."""
    length, truncation = config.get("max_length"), config.get("truncation")
    if type(length) is not int or length < 1 or truncation not in ("start", "end"):
        raise InputError(
            "Expected preprocessing with a max_length of 1 or more and a truncation of 'start' "
            f"or 'end', found {length!r} and {truncation!r}."
        )
    return length, truncation
