"""A model on torch as a pipeline of transformers, for programs that are built on these."""

# A pipeline has parameters of its own, where transformers' class has any that may come.
# mypy: disable-error-code="override, no-untyped-call"

from collections.abc import Iterable, Sequence, Sized
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import Pipeline
from transformers.pipelines.pt_utils import PipelineDataset, PipelineIterator

from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator, Threshold, check_cuts, load
from emoscope.inference.texts import to_turns_of_texts
from emoscope.inference.torch_backend import TorchBackend
from emoscope.taxonomy import LabelSet

Text = str | Sequence[str]


def emotion_pipeline(folder: str | Path, labels: LabelSet | None = None) -> "EmotionPipeline":
    """The pipeline of a model folder with weights for torch.

    Args:
        folder: the folder of the model, or of its training.
        labels: to score instead of those it was trained on, as of `emoscope.load`.

    Raises:
        InputError: as from `emoscope.load`, or an exported model, which torch does not run.
    """
    return EmotionPipeline(load(folder, labels))


class EmotionPipeline(Pipeline):
    """Scores texts as its annotator does, called as a pipeline for text classification.

        pipe("one text")                                 # [{"label": …, "score": …}, …]
        pipe(["a", "b"], batch_size=8, top_k=3)          # one such list for each text
        pipe([["the turns", "of a conversation"]])

    One text gives a list of labels, most probable first; a list of texts gives a list of such
    lists, and a generator or a `Dataset` an iterator of them. Scores are calibrated probabilities.

    Args:
        annotator: the annotator of a model on torch, which moves to the device.
        device: as of any pipeline: an accelerator's number or name, or `"cpu"`; the first
            accelerator, where there is one, if None.

    Raises:
        InputError: an annotator whose model torch does not run.
    """

    def __init__(
        self, annotator: Annotator, device: int | str | torch.device | None = None
    ) -> None:
        backend = annotator.with_truncation().backend
        if not isinstance(backend, TorchBackend):
            raise InputError(
                "Expected a model with weights for torch, got an exported one: annotate with "
                "emoscope.load(folder), or name the folder that it was exported from."
            )
        if isinstance(device, str):
            device = torch.device(device)
        super().__init__(model=backend.model, task="text-classification", device=device)
        self.annotator = annotator

    def __call__(
        self,
        inputs: Text | Iterable[Text],
        *,
        top_k: int | None = None,
        threshold: Threshold | None = None,
        batch_size: int | None = None,
        num_workers: int | None = None,
    ) -> Any:
        """Score a text, a list of texts, or a stream of them.

        Args:
            inputs: a string; a list, a generator or a `Dataset` of strings and of conversations,
                each a list of turns.
            top_k: at most so many labels a text; all if None.
            threshold: as of `Annotator.annotate`.
            batch_size: texts a forward pass, 1 if None.
            num_workers: processes that encode texts; this one does if None.

        Raises:
            InputError: as from `Annotator.annotate`.
        """
        if isinstance(inputs, list) and not inputs:
            return []
        return super().__call__(
            inputs,
            batch_size=batch_size,
            num_workers=num_workers,
            top_k=top_k,
            threshold=threshold,
        )

    def preprocess(self, input_: Text) -> list[str]:
        """The turns of one text."""
        [turns] = to_turns_of_texts([input_])
        return turns

    def collate(self, conversations: list[list[str]]) -> dict[str, Any]:
        """Encode the texts of a batch, together, as that is how they are cleaned fastest."""
        return {"encoded": self.annotator.encode(conversations)}

    def postprocess(
        self,
        model_outputs: dict[str, torch.Tensor],
        top_k: int | None = None,
        threshold: Threshold | None = None,
    ) -> list[dict[str, Any]]:
        """The labels of one text.

        Args:
            model_outputs: `probabilities` (1, K).
            top_k: as of a call.
            threshold: as of a call.
        """
        [scores] = self.annotator.rank(model_outputs["probabilities"].numpy(), top_k, threshold)
        return [{"label": score.label, "score": score.probability} for score in scores]

    def run_single(
        self,
        inputs: Text,
        preprocess_params: dict[str, Any],
        forward_params: dict[str, Any],
        postprocess_params: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """The labels of one text, as a batch of its own."""
        del preprocess_params, forward_params  # There are none.
        outputs = self.forward(self.collate([self.preprocess(inputs)]))
        return self.postprocess(outputs, **postprocess_params)

    def get_iterator(
        self,
        inputs: Iterable[Text],
        num_workers: int,
        batch_size: int,
        preprocess_params: dict[str, Any],
        forward_params: dict[str, Any],
        postprocess_params: dict[str, Any],
    ) -> PipelineIterator:
        """The labels of each text; unlike transformers' own, without a tokenizer of theirs."""
        of = PipelineDataset if isinstance(inputs, Sized) else PipelineIterator
        batches = DataLoader(
            of(inputs, self.preprocess, preprocess_params),
            batch_size=batch_size,
            num_workers=num_workers,
            collate_fn=self.collate,
        )
        outputs = PipelineIterator(batches, self.forward, forward_params, batch_size)
        return PipelineIterator(outputs, self.postprocess, postprocess_params)

    def _sanitize_parameters(
        self, top_k: int | None = None, threshold: Threshold | None = None
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """What a call passes to `preprocess`, `_forward` and `postprocess`."""
        check_cuts(top_k, threshold)
        return {}, {}, {"top_k": top_k, "threshold": threshold}

    def _forward(self, input_tensors: dict[str, Any]) -> dict[str, torch.Tensor]:
        """Probabilities (B, K) of the encoded texts of a batch."""
        return {"probabilities": torch.from_numpy(self.annotator.score(input_tensors["encoded"]))}
