"""What a kind of model gives to a training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from emoscope.encoding.encoder import Encoder
from emoscope.recipes.schema import TextSection
from emoscope.text import CHAT_STEPS, SOCIAL_STEPS, TextPipeline
from emoscope.training.data import LabelSampler


@dataclass(frozen=True)
class Family:
    """One kind of model, fitted to a recipe and its training texts.

    Attributes:
        encoder: turns to arrays; asks for the labels of the first corpus.
        make_model: a new network, what is random in it drawn from torch's generator.
        told: lines about what it was made of, for the log and the model card.
        facts: the same as figures, for `summary.json`.
        augmentation: of the labels in the prompt.
        draw: a picture of the network.
        finish: called with the trained network before it is saved.
    """

    encoder: Encoder
    make_model: Callable[[], PreTrainedModel]
    told: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    augmentation: LabelSampler | None = None
    draw: Callable[[PreTrainedModel, Path], None] | None = None
    finish: Callable[[PreTrainedModel], None] = lambda _: None


def make_pipeline(section: TextSection, default: Sequence[str]) -> TextPipeline:
    """The cleaning of a recipe.

    Args:
        section: of the recipe.
        default: steps where it names none.
    """
    if section.steps is None:
        return TextPipeline(default)
    if isinstance(section.steps, str):
        return TextPipeline({"chat": CHAT_STEPS, **SOCIAL_STEPS}[section.steps])
    return TextPipeline.from_config(list(section.steps))
