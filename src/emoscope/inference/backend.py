"""The backend protocol, and how the backend of a model folder is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from emoscope.bounded import open_regular
from emoscope.encoding.encoder import Encoder
from emoscope.errors import InputError, explain_os_error, raise_os_error, require
from emoscope.folder import CONFIG, GRAPH, WEIGHTS, ModelFolder
from emoscope.inference.session import make_loader
from emoscope.registry import ENGINES, MODELS, ModelEntry, find_for_folder, resolve
from emoscope.taxonomy import Taxonomy

Conversation = Sequence[str]
Engine = Literal["auto", "openvino", "onnxruntime", "torch"]
TORCH_BACKEND = "emoscope.inference.torch_backend:TorchBackend"
"""By name, because it imports torch."""


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


@runtime_checkable
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


@dataclass(frozen=True)
class Reason:
    """What one feature of a text, or several of a kind, adds to the logit of a label.

    Attributes:
        said: the feature in words.
        value: what it adds.
    """

    said: str
    value: float


@dataclass(frozen=True)
class Reasons:
    """Why a model of named features scores a text as it does.

    Attributes:
        labels: names of the K labels.
        base: the logit of each before anything is known of a text.
        by_label: the reasons of each, the strongest first; those that change nearly nothing are
            left out.
    """

    labels: tuple[str, ...]
    base: tuple[float, ...]
    by_label: tuple[tuple[Reason, ...], ...]

    def only(self, labels: Sequence[str]) -> "Reasons":
        """The reasons of some of the labels."""
        places = [self.labels.index(name) for name in labels]
        return Reasons(
            tuple(labels),
            tuple(self.base[place] for place in places),
            tuple(self.by_label[place] for place in places),
        )

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON, numbers rounded to six decimals."""
        return {
            name: {
                "base": round(base, 6),
                "reasons": [
                    {"feature": each.said, "value": round(each.value, 6)} for each in reasons
                ],
            }
            for name, base, reasons in zip(self.labels, self.base, self.by_label, strict=True)
        }


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


@runtime_checkable
class Reasoned(Protocol):
    """An optional part of a backend: what named features speak for and against labels."""

    def reasons(self, turns: Conversation) -> Reasons:
        """The reasons of one conversation."""


def load_backend(
    folder: ModelFolder, engine: Engine = "auto", threads: int | None = None
) -> Backend:
    """The backend for a model folder, with the weights loaded.

    Args:
        folder: with `model.safetensors`, which torch runs, with `model.onnx`, which OpenVINO or
            ONNX Runtime run, or with what another kind of model is made of.
        engine: what runs the model; `"auto"` takes the fastest one that is installed.
        threads: the threads of a light engine, at most; as many as there are cores if None.

    Raises:
        InputError: an unknown kind of model, an engine that cannot run it, or files that are
            damaged or do not fit together.
        MissingExtraError: the engine's packages are not installed.
    """
    known = ("auto", *ENGINES, "torch")
    if engine not in known:
        raise InputError(f"No engine {engine!r}; expected one of {', '.join(known)}.")
    exported = (folder.path / GRAPH).is_file()
    entry = find_model(folder)
    runs_on_torch = not exported and bool(entry.network)
    if engine != "auto" and not (exported or runs_on_torch):
        raise InputError(
            f"{folder.path} holds a model of type {folder.model_type}, which needs no engine; "
            f"expected auto, got {engine}."
        )
    if engine != "auto" and exported == (engine == "torch"):
        able = " or ".join(ENGINES) if exported else "torch"
        raise InputError(f"{folder.path} cannot be run by {engine}; expected {able}, or auto.")
    if exported:
        return load_graph_backend(folder, engine, threads)
    loaded: Backend = resolve(entry.backend)(folder, threads)
    return loaded


def load_torch_backend(folder: ModelFolder, threads: int | None = None) -> EncoderBackend:
    """The backend of a folder with weights, which torch runs on as many threads as it has."""
    del threads
    weights = folder.path / WEIGHTS
    try:
        # What opens it later says of any error that the file is damaged.
        open_regular(weights).close()
    except FileNotFoundError:
        raise InputError(f"{weights} is missing: the model folder is incomplete.") from None
    except OSError as error:
        raise explain_os_error(error, "read", weights) from error
    require("torch", "train")
    require("transformers", "train")
    errors = require("safetensors", "train")
    try:
        loaded: EncoderBackend = resolve(TORCH_BACKEND).load(folder)
    except (OSError, errors.SafetensorError) as error:
        raise_os_error(error, weights)
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
