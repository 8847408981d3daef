"""What a recipe says of NELEC."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from emoscope.recipes.section import ModelSection, Probability


class NelecSection(ModelSection):
    """Shape of the network; see `emoscope.models.nelec.network.NelecConfig`."""

    type: Literal["nelec"] = "nelec"
    hidden_size: PositiveInt = 32
    bidirectional: bool = False
    attention: Literal["feed_forward", "additive"] = "feed_forward"
    shared_branches: bool = False
    output_hidden: bool = True
    pooled_turns: Annotated[int, Field(ge=0, le=16)] = 0
    train_embeddings: bool = False
    spatial_dropout: Probability = 0.25
    layer_dropout: Probability = 0.0
    dropout: Probability = 0.25
