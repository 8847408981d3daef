"""What a kind of model gives to a training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import PreTrainedModel

from emoscope.encoding.encoder import Encoder
from emoscope.recipes.schema import TextSection
from emoscope.text import CHAT_STEPS, SOCIAL_STEPS, TextPipeline
from emoscope.training.data import LabelSampler


class HeldWords(Protocol):
    """Words that a training keeps near where the new model has them."""

    def loss(self, model: nn.Module, places: NDArray[np.int64]) -> Tensor:
        """How far words have moved, a scalar.

        Args:
            model: as it is now.
            places: the places of the words that this batch looks at, (words,).
        """
        ...


@dataclass(frozen=True)
class Family:
    """One kind of model, fitted to a recipe and its training texts.

    Attributes:
        encoder: turns to arrays; asks for the labels of the first corpus.
        reads_labels: whether a model can score other labels than those of the first corpus.
        make_model: a new network, what is random in it drawn from torch's generator.
        notes: lines about what it was made of, for the log and the model card.
        facts: the same as numbers, for `environment.json`.
        augmentation: the augmentation of the labels in the prompt.
        draw: a picture of the network.
        hold_words: from a new network to what keeps words near where it has them, for
            `objective.anchor`.
        finish: called with the trained network before it is saved.
    """

    encoder: Encoder
    make_model: Callable[[], PreTrainedModel]
    reads_labels: bool = True
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    augmentation: LabelSampler | None = None
    draw: Callable[[PreTrainedModel, Path], None] | None = None
    hold_words: Callable[[PreTrainedModel], HeldWords] | None = None
    finish: Callable[[PreTrainedModel], None] = lambda _: None


def make_pipeline(section: TextSection, default: Sequence[str]) -> TextPipeline:
    """The cleaning of a recipe.

    Args:
        section: the section of the recipe.
        default: steps where it names none.
    """
    if section.steps is None:
        return TextPipeline(default)
    if isinstance(section.steps, str):
        return TextPipeline({"chat": CHAT_STEPS, **SOCIAL_STEPS}[section.steps])
    return TextPipeline.from_config(list(section.steps))
