"""What a backend must offer, and the backend of each model folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.demux import DemuxEncoder
from emoscope.encoding.encoder import Encoder, load_encoder
from emoscope.encoding.independent import IndependentEncoder
from emoscope.errors import InputError, require
from emoscope.folder import CONFIG, GRAPH, LABEL_GRAPH, WEIGHTS, ModelFolder
from emoscope.registry import ENGINES, MODELS, find, resolve
from emoscope.runtime.graph import CLUSTERS, GraphBackend, Session
from emoscope.runtime.independent import IndependentBackend, Sessions
from emoscope.taxonomy import Taxonomy

Conversation = Sequence[str]
Engine = Literal["auto", "openvino", "onnxruntime", "torch"]


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


def is_independent(backend: Backend) -> bool:
    """Whether a label's logit is the same whatever else its model is asked for."""
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
class Attentive(Protocol):
    """What a backend may offer besides."""

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
        threads: of a light engine, at most; as many as there are cores if None.

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
    return graph_backend(folder, engine, threads) if exported else torch_backend(folder)


def torch_backend(folder: ModelFolder) -> EncoderBackend:
    """The backend of a folder with weights."""
    try:
        backend = find(MODELS, folder.model_type, "model of type").backend
    except InputError as error:
        raise InputError(f"{folder.path}: {error}") from None
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


def graph_backend(
    folder: ModelFolder, engine: Engine, threads: int | None
) -> GraphBackend | IndependentBackend:
    """The backend of a folder with an exported graph, or with one for texts and one for labels."""
    encoder, cluster = load_encoder(folder), folder.config.get("cluster")
    if not isinstance(encoder, DemuxEncoder | IndependentEncoder) or cluster not in CLUSTERS:
        raise InputError(
            f"{folder.path}: expected with {GRAPH} an encoder of Demux and one of the clusters "
            f"{', '.join(CLUSTERS)}. The files were edited or are of several models."
        )
    name: str = engine
    if engine == "auto":
        # Whichever is there, in the order of their speed.
        name = next(filter(find_spec, ENGINES), next(iter(ENGINES)))
    require(name, name)
    texts = load_session(folder.path / GRAPH, name, threads)
    if isinstance(encoder, DemuxEncoder):
        return GraphBackend(texts, encoder, cluster)
    labels = folder.path / LABEL_GRAPH
    if not labels.is_file():
        raise InputError(f"{labels} is missing: the model folder is incomplete.")
    # Once for a job: in half precision a label's state would depend on how others are padded.
    sessions = Sessions(texts, load_session(labels, name, threads, exact=True))
    return IndependentBackend(sessions, encoder, cluster)


def load_session(path: Path, engine: str, threads: int | None, *, exact: bool = False) -> Session:
    """A graph, loaded by an engine.

    Args:
        path: of the graph.
        engine: name of its package.
        threads: at most; as many as there are cores if None.
        exact: compute in float32.
    """
    try:
        session: Session = resolve(ENGINES[engine])(path, threads, exact=exact)
    # The engines raise classes of their own, all of them bare RuntimeErrors or Exceptions.
    except Exception as error:
        raise InputError(
            f"{path} cannot be run by {engine}: the file is damaged, or this "
            f"engine is too old ({' '.join(str(error).split())[-200:]})."
        ) from error
    return session
