"""The runtime's engine on torch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers.utils import logging as transformers_logging

from emoscope.embeddings.vocabulary import Vocabulary
from emoscope.encoding.batching import Ragged, by_length
from emoscope.encoding.plain import PlainEncoder
from emoscope.errors import InputError
from emoscope.folder import PREPROCESSING, ModelFolder
from emoscope.models.nelec import Nelec


class TorchBackend:
    """Scores conversations with a NELEC model.

    Args:
        model: put in evaluation mode.
        encoder: turns to word ids.
        batch_size: conversations a forward pass; they are sorted by length first.
    """

    def __init__(self, model: Nelec, encoder: PlainEncoder, batch_size: int = 256) -> None:
        self.model = model.eval()
        self.encoder = encoder
        self.batch_size = batch_size

    @classmethod
    def load(cls, folder: ModelFolder) -> "TorchBackend":
        """Read weights and vocabulary from a model folder."""
        transformers_logging.disable_progress_bar()
        loaded: Any = Nelec.from_pretrained(
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
        vocabulary = Vocabulary.load(folder.path / "vocabulary.json")
        found = (vocabulary.size, vocabulary.extension_size)
        expected = (model.config.vocabulary_size, model.config.extension_size)
        if found != expected:
            raise InputError(
                f"{folder.path}: the network has {expected[0]} trained and {expected[1]} further "
                f"words, vocabulary.json {found[0]} and {found[1]}. One of them was edited or is "
                "of another model."
            )
        try:
            encoder = PlainEncoder.from_config(folder.preprocessing, vocabulary)
        except InputError as error:
            raise InputError(f"{folder.path / PREPROCESSING}: {error}") from None
        return cls(model, encoder)

    def encode(self, conversations: Sequence[Sequence[str]]) -> Ragged:
        """Word ids of N conversations."""
        return self.encoder.encode(conversations)

    def logits(self, encoded: Ragged) -> NDArray[np.float32]:
        """Scores (N, K) before calibration."""
        scores = np.empty((len(encoded), self.model.config.num_labels), dtype=np.float32)
        device = self.model.device
        with torch.inference_mode():
            for rows in by_length(encoded.lengths, self.batch_size):
                ids, mask = encoded.padded(rows)
                inputs: dict[str, Any] = {
                    "input_ids": torch.from_numpy(ids).to(device),
                    "attention_mask": torch.from_numpy(mask).to(device),
                }
                scores[rows] = self.model(**inputs).logits.float().cpu().numpy()
        return scores
