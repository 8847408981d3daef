"""What a recipe says of NELEC."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from emoscope.recipes.section import ModelSection, Probability


class NelecSection(ModelSection):
    """Shape of the network; see `emoscope.models.nelec.network.NelecConfig`."""

    type: Literal["nelec"] = "nelec"
    start: str | None = Field(
        None,
        description="folder of a trained NELEC network to begin from, whatever its labels: the "
        "vectors of its words, and all layers of the same shape",
    )
    hidden_size: PositiveInt = 32
    bidirectional: bool = False
    attention: Literal["feed_forward", "additive"] = "feed_forward"
    shared_branches: bool = False
    output_hidden: bool = True
    head: Literal["flat", "two_stage", "per_label", "multitask"] = Field(
        "flat",
        description="flat: one layer of logits; two_stage: others or not, then which, each with "
        "layers of its own; per_label: layers of its own for each label's decision; multitask: "
        "flat, and a layer that decides others or not beside it, see objective.stage",
    )
    pooled_turns: Annotated[int, Field(ge=0, le=16)] = 0
    train_embeddings: bool = False
    spatial_dropout: Probability = 0.25
    layer_dropout: Probability = 0.0
    recurrent_dropout: Probability = Field(
        0.0,
        description="of the states that LSTM and GRU pass on from word to word, the same units "
        "throughout a text (Gal & Ghahramani 2016, 1512.05287), as Keras does; slower",
    )
    dropout: Probability = 0.25
