"""What an engine must offer, and where each kind of model has its engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError, require
from emoscope.folder import CONFIG, WEIGHTS, ModelFolder
from emoscope.registry import MODELS, find, resolve
from emoscope.taxonomy import Taxonomy

Conversation = Sequence[str]


class Backend(Protocol):
    """Runs one model. Encoding and scoring are apart so that they can overlap."""

    def encode(self, conversations: Sequence[Conversation]) -> Any:
        """N conversations as arrays that `logits` reads."""

    def logits(self, encoded: Any) -> NDArray[np.float32]:
        """Scores (N, K) before calibration, in the order of the conversations."""

    def for_taxonomy(self, taxonomy: Taxonomy) -> Self:
        """The same model, asked for other labels.

        Raises:
            InputError: it has learnt a fixed set of labels.
        """


@dataclass(frozen=True)
class Attention:
    """How a model that attends to words weighs those of one conversation.

    Attributes:
        words: the T words that it reads, cleaned and cut to its length.
        branches: names of the B layers whose states it weighs.
        weights: (B, T); each row sums to one.
    """

    words: tuple[str, ...]
    branches: tuple[str, ...]
    weights: NDArray[np.floating[Any]]

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON, weights rounded to six decimals."""
        rows = self.weights.round(6).tolist()
        return {"words": list(self.words), "branches": dict(zip(self.branches, rows, strict=True))}


@runtime_checkable
class Attentive(Protocol):
    """What a backend may offer besides."""

    def attention(self, turns: Conversation) -> Attention | None:
        """The weights of one conversation's words; None of a model without, or without words."""


def load_backend(folder: ModelFolder) -> Backend:
    """The engine for a model folder, with the weights loaded.

    Raises:
        InputError: an unknown kind of model, or files that are damaged or do not fit together.
        MissingExtraError: the engine's packages are not installed.
    """
    try:
        engine = find(MODELS, folder.model_type, "model of type").engine
    except InputError as error:
        raise InputError(f"{folder.path}: {error}") from None
    require("torch", "train")
    require("transformers", "train")
    weights = folder.path / WEIGHTS
    if not weights.is_file():
        raise InputError(f"{weights} is missing: the model folder is incomplete.")
    errors = require("safetensors", "train")
    try:
        backend: Backend = resolve(engine).load(folder)
    except (OSError, errors.SafetensorError) as error:
        raise InputError(f"{weights} cannot be read: {error}. The file is damaged.") from error
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder.path}: no model can be made of {CONFIG} and {WEIGHTS}; one of them was "
            f"edited or is of another model ({error})."
        ) from error
    return backend
