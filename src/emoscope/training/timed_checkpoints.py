"""Checkpoints between two evaluations, so that a kill costs minutes and not an epoch."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

PREFIX = "since_log."


class SaveByTime(TrainerCallback):
    """Asks for a checkpoint when the last one, or the start, is so many minutes ago.

    Args:
        minutes: between two checkpoints.
    """

    def __init__(self, minutes: float) -> None:
        self.seconds = 60 * minutes
        self.saved = time.monotonic()

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the clock."""
        self.saved = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Ask for a checkpoint if it is time.

        Not after the last step of an epoch, which is evaluated first: a training that goes on from
        there would begin the next epoch, and this one would never be evaluated.
        """
        ends = float(state.epoch or 0.0).is_integer()
        if not ends and time.monotonic() - self.saved >= self.seconds:
            control.should_save = True

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the clock again, whoever asked for the checkpoint."""
        self.saved = time.monotonic()


@dataclass(frozen=True)
class SinceLog:
    """What a trainer has summed up since it last logged, and its clock; checkpoints keep both.

    Attributes:
        loss: the sum of the losses of the steps.
        step: the step of the last log.
        terms: the values of each term of the loss, one a batch.
        seconds: of training up to the checkpoint, those before earlier interruptions included.
    """

    loss: Tensor
    step: int
    terms: Mapping[str, Sequence[Tensor]] = field(default_factory=dict)
    seconds: float = 0.0

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for a file of a checkpoint."""
        arrays = {
            f"{PREFIX}loss": self.loss.detach().cpu().numpy(),
            f"{PREFIX}step": np.array([self.step]),
            f"{PREFIX}seconds": np.array([self.seconds]),
        }
        for name, values in self.terms.items():
            arrays[f"{PREFIX}terms.{name}"] = torch.stack(list(values)).cpu().numpy()
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "SinceLog | None":
        """Read the arrays of a checkpoint; None from a version that did not write them."""
        if f"{PREFIX}loss" not in arrays:
            return None
        start = f"{PREFIX}terms."
        terms = {
            name.removeprefix(start): list(torch.from_numpy(values))
            for name, values in arrays.items()
            if name.startswith(start)
        }
        loss = torch.from_numpy(arrays[f"{PREFIX}loss"])
        seconds = float(arrays.get(f"{PREFIX}seconds", np.zeros(1))[0])
        return cls(loss, int(arrays[f"{PREFIX}step"][0]), terms, seconds)
