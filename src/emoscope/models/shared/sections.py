"""What a recipe says of every model that has a pretrained encoder."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from emoscope.recipes.section import ModelSection, Probability, Section


class LoraSection(Section):
    """Low-rank updates of the encoder instead of all its weights (Hu et al. 2021, 2106.09685)."""

    rank: PositiveInt = 8
    alpha: PositiveInt = 16
    dropout: Probability = 0.0
    targets: tuple[str, ...] = ("query", "value")


class PromptedSection(ModelSection):
    """What Demux and MEmo share: a pretrained encoder, and how much of it learns."""

    backbone: str = Field(
        "all-minilm-l6-v2", description="packaged encoder, folder, or name on the hub"
    )
    start: str | None = Field(None, description="folder of a trained model to begin from")
    start_head: bool = Field(True, description="begin from its head too, not its encoder alone")
    freeze: Literal["nothing", "labels", "words", "encoder"] = Field(
        "nothing",
        description="labels: the embeddings of the label words; words: of all words; "
        "encoder: all but the head",
    )
    frozen_layers: Annotated[int, Field(ge=0)] = Field(
        0, description="lowest layers of the encoder that do not learn, word embeddings included"
    )
    lora: LoraSection | None = None
    dropout: Probability = 0.1
