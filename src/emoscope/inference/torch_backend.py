"""The torch engine, for every model that is trained with torch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from emoscope.encoding.batching import Ragged, batch_by_length
from emoscope.encoding.encoder import Batch, Encoder, load_encoder
from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.inference.backend import Attention, WordReader
from emoscope.registry import MODELS, find_for_folder, resolve
from emoscope.taxonomy import Taxonomy


class TorchBackend:
    """Scores conversations with a model and its encoder.

    Args:
        model: put in evaluation mode.
        encoder: turns to arrays.
        batch_size: conversations a forward pass; they are sorted by length first.
    """

    def __init__(self, model: PreTrainedModel, encoder: Encoder, batch_size: int = 256) -> None:
        self.model = model.eval()
        self.encoder = encoder
        self.batch_size = batch_size

    @property
    def independent(self) -> bool:
        """Whether a label's score does not depend on which others are asked for."""
        return bool(getattr(self.encoder, "independent", False))

    @classmethod
    def load(cls, folder: ModelFolder) -> "TorchBackend":
        """Read weights and encoder from a model folder."""
        encoder = load_encoder(folder)
        return cls(load_network(folder), encoder)

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Token ids of N conversations."""
        return self.encoder.encode(conversations)

    def logits(self, encoded: Ragged) -> NDArray[np.float32]:
        """Scores (N, K) before calibration.

        Raises:
            InputError: some are not finite numbers.
        """
        found = score(self.model, self.encoder, encoded, self.batch_size)
        if not np.isfinite(found).all():
            raise InputError(
                f"{self.model.name_or_path or 'The model'} gives scores that are not finite "
                "numbers: its weights were edited, or their training diverged. Fetch the model "
                "again, or train it again with a lower training.learning_rate."
            )
        return found

    def attention(self, turns: Sequence[str]) -> Attention | None:
        """The weights of one conversation's words.

        None where the model does not read words, or does not name in `attention_branches` what
        its `EmotionOutput.attentions` are of, and where a conversation has no word.
        """
        branches: tuple[str, ...] = getattr(self.model, "attention_branches", ())
        if not branches or not isinstance(self.encoder, WordReader):
            return None
        words = self.encoder.read_words(turns)
        if not words:
            return None
        batch = self.encoder.batch(self.encode([turns]), np.array([0]))
        with torch.inference_mode():
            output = self.model(**to_tensors(batch, self.model.device))
        weights: NDArray[np.float32] = output.attentions[0].float().cpu().numpy()
        return Attention(tuple(words), branches, weights)

    def for_taxonomy(self, taxonomy: Taxonomy) -> "TorchBackend":
        """The same model, asked for other labels.

        Raises:
            InputError: it has learnt a fixed set of labels.
        """
        return TorchBackend(self.model, self.encoder.for_taxonomy(taxonomy), self.batch_size)


def load_network(folder: ModelFolder) -> PreTrainedModel:
    """The network of a model folder with its weights.

    Raises:
        InputError: weights that the configuration has no place for, or lacks.
    """
    transformers_logging.disable_progress_bar()
    loaded: Any = resolve(
        find_for_folder(MODELS, folder.model_type, "model of type").network
    ).from_pretrained(
        folder.path,
        output_loading_info=True,
        local_files_only=True,
        use_safetensors=True,
        # So that the names of such tensors are in the report below.
        ignore_mismatched_sizes=True,
    )
    model, info = loaded
    wrong = [f"{kind} {sorted(names)}" for kind, names in info.items() if names]
    if wrong:
        raise InputError(
            f"{folder.path}: weights and config.json do not match: {'; '.join(wrong)}."
        )
    network: PreTrainedModel = model
    return network


def score(
    model: PreTrainedModel, encoder: Encoder, encoded: Ragged, batch_size: int
) -> NDArray[np.float32]:
    """Logits (N, K) of a model in evaluation mode, in the order of the texts."""
    parts: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
    with torch.inference_mode():
        for rows in batch_by_length(encoded.lengths, batch_size):
            inputs: dict[str, Any] = to_tensors(encoder.batch(encoded, rows), model.device)
            parts.append((rows, model(**inputs).logits.float().cpu().numpy()))
    if not parts:
        return np.empty((0, 0), dtype=np.float32)
    scores = np.empty((len(encoded), parts[0][1].shape[1]), dtype=np.float32)
    for rows, logits in parts:
        scores[rows] = logits
    return scores


def to_tensors(batch: Batch, device: torch.device | str = "cpu") -> dict[str, torch.Tensor]:
    """Convert the arrays of a batch to tensors on a device."""
    # A prompt's arrays are read-only, as many batches share them; torch needs writable ones.
    return {
        name: torch.from_numpy(array if array.flags.writeable else array.copy()).to(device)
        for name, array in batch.items()
    }
