"""The backend protocol, and how the backend of a model folder is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.encoder import Encoder
from emoscope.errors import InputError, require
from emoscope.folder import CONFIG, GRAPH, WEIGHTS, ModelFolder
from emoscope.inference.session import make_loader
from emoscope.registry import ENGINES, MODELS, ModelEntry, find_for_folder, resolve
from emoscope.taxonomy import Taxonomy

Conversation = Sequence[str]
Engine = Literal["auto", "openvino", "onnxruntime", "torch"]


class Backend(Protocol):
    """Runs one model. Encoding and scoring are separate, so that they can overlap."""

    def encode(self, conversations: Sequence[Conversation]) -> Any:
        """N conversations as arrays that `logits` reads."""

    def logits(self, encoded: Any) -> NDArray[np.float32]:
        """Scores (N, K) before calibration, in the order of the conversations."""

    def for_taxonomy(self, taxonomy: Taxonomy) -> Self:
        """The same model, asked for other labels.

        Raises:
            InputError: it has learnt a fixed set of labels.
        """


def is_independent(backend: Backend) -> bool:
    """Whether a label's logit does not depend on the other labels."""
    return bool(getattr(backend, "independent", False))


class EncoderBackend(Backend, Protocol):
    """A backend that reads token ids."""

    @property
    def encoder(self) -> Encoder:
        """Turns conversations into them."""


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
class WordReader(Protocol):
    """An optional part of an encoder that reads whole words."""

    def read_words(self, turns: Conversation) -> list[str]:
        """The words of a conversation that the model reads, cleaned and cut to its length."""


@runtime_checkable
class Attentive(Protocol):
    """An optional part of a backend: attention weights of words."""

    def attention(self, turns: Conversation) -> Attention | None:
        """The weights of one conversation's words; None of a model without, or without words."""


def load_backend(
    folder: ModelFolder, engine: Engine = "auto", threads: int | None = None
) -> EncoderBackend:
    """The backend for a model folder, with the weights loaded.

    Args:
        folder: with `model.safetensors`, which torch runs, or with `model.onnx`, which OpenVINO or
            ONNX Runtime run.
        engine: what runs the model; `"auto"` takes the fastest one that is installed.
        threads: the threads of a light engine, at most; as many as there are cores if None.

    Raises:
        InputError: an unknown kind of model, an engine that cannot run it, or files that are
            damaged or do not fit together.
        MissingExtraError: the engine's packages are not installed.
    """
    exported = (folder.path / GRAPH).is_file()
    if not exported and not (folder.path / WEIGHTS).is_file():
        raise InputError(f"{folder.path / WEIGHTS} is missing: the model folder is incomplete.")
    if engine != "auto" and exported == (engine == "torch"):
        able = " or ".join(ENGINES) if exported else "torch"
        raise InputError(f"{folder.path} cannot be run by {engine}; expected {able}, or auto.")
    return load_graph_backend(folder, engine, threads) if exported else load_torch_backend(folder)


def load_torch_backend(folder: ModelFolder) -> EncoderBackend:
    """The backend of a folder with weights."""
    backend = find_model(folder).backend
    require("torch", "train")
    require("transformers", "train")
    weights = folder.path / WEIGHTS
    errors = require("safetensors", "train")
    try:
        loaded: EncoderBackend = resolve(backend).load(folder)
    except (OSError, errors.SafetensorError) as error:
        raise InputError(f"{weights} cannot be read: {error}. The file is damaged.") from error
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder.path}: no model can be made of {CONFIG} and {WEIGHTS}; one of them was "
            f"edited or is of another model ({error})."
        ) from error
    return loaded


def load_graph_backend(folder: ModelFolder, engine: Engine, threads: int | None) -> EncoderBackend:
    """The backend of a folder with an exported model."""
    exported = find_model(folder).exported
    if exported is None:
        raise InputError(
            f"{folder.path}: expected a model that can be exported with {GRAPH}, found one of type "
            f"{folder.model_type}. The files were edited or are of several models."
        )
    loaded: EncoderBackend = resolve(exported)(folder, make_loader(engine, threads))
    return loaded


def find_model(folder: ModelFolder) -> ModelEntry:
    """The entry of a model folder's type.

    Raises:
        InputError: there is none.
    """
    try:
        entry: ModelEntry = find_for_folder(MODELS, folder.model_type, "model of type")
    except InputError as error:
        raise InputError(f"{folder.path}: {error}") from None
    return entry
