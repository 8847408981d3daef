"""What an engine must offer, and where each kind of model has its engine."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError, require
from emoscope.folder import CONFIG, WEIGHTS, ModelFolder

Conversation = Sequence[str]

# By name, so that the light floor does not import torch before a model needs it.
ENGINES: Mapping[str, str] = {"nelec": "emoscope.models.torch_backend:TorchBackend"}
NEEDS_TORCH = ("nelec",)


class Backend(Protocol):
    """Runs one model. Encoding and scoring are apart so that they can overlap."""

    def encode(self, conversations: Sequence[Conversation]) -> Any:
        """N conversations as arrays that `logits` reads."""

    def logits(self, encoded: Any) -> NDArray[np.float32]:
        """Scores (N, K) before calibration, in the order of the conversations."""


def load_backend(folder: ModelFolder) -> Backend:
    """The engine for a model folder, with the weights loaded.

    Raises:
        InputError: an unknown kind of model, or files that are damaged or do not fit together.
        MissingExtraError: the engine's packages are not installed.
    """
    if folder.model_type not in ENGINES:
        raise InputError(
            f"{folder.path}: no engine for a model of type {folder.model_type!r}; "
            f"known are {', '.join(ENGINES)}."
        )
    module, _, name = ENGINES[folder.model_type].partition(":")
    if folder.model_type in NEEDS_TORCH:
        require("torch", "train")
        require("transformers", "train")
    weights = folder.path / WEIGHTS
    if not weights.is_file():
        raise InputError(f"{weights} is missing: the model folder is incomplete.")
    errors = require("safetensors", "train")
    engine = getattr(importlib.import_module(module), name)
    try:
        backend: Backend = engine.load(folder)
    except (OSError, errors.SafetensorError) as error:
        raise InputError(f"{weights} cannot be read: {error}. The file is damaged.") from error
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder.path}: no model can be made of {CONFIG} and {WEIGHTS}; one of them was "
            f"edited or is of another model ({error})."
        ) from error
    return backend
