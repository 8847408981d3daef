"""The fields that each kind of model adds to a recipe."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, ValidationInfo, field_validator

from emoscope.recipes.section import ModelSection, Probability, Section


class NelecSection(ModelSection):
    """Shape of the network; see `emoscope.models.nelec.NelecConfig`."""

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


class DemuxSection(PromptedSection):
    """Labels in the prompt; see `emoscope.models.demux.DemuxConfig`."""

    type: Literal["demux"] = "demux"
    cluster: Literal["tokens", "max", "mean", "logsumexp"] = "tokens"
    joint_layers: PositiveInt | None = Field(
        None,
        description="top layers of the encoder in which labels and text see each other, all if "
        "null; fewer are faster",
    )
    shuffle_labels: bool = Field(False, description="another order of labels for each batch")
    drop_labels: Probability = Field(
        0.0,
        description="most of the labels that the prompt of a batch leaves out, as a share; half "
        "of the batches show all, the others leave out any share up to this one",
    )


class MemoSection(PromptedSection):
    """The emotion masked in a sentence; see `emoscope.models.memo.MemoConfig`."""

    type: Literal["memo"] = "memo"
    template: str | None = Field(
        None, description="with {mask}, once or more, and {text}; by the labels' language if null"
    )
    head: Literal["ffn", "projections", "mlm"] = "ffn"
    combine_masks: Literal["sum", "concatenate"] = "sum"
    synonyms: Literal["sum", "mean", "product"] = "mean"

    @field_validator("combine_masks")
    @classmethod
    def _of_states(cls, combine_masks: str, info: ValidationInfo) -> str:
        if combine_masks != "sum" and info.data.get("head") == "mlm":
            raise ValueError("has no effect on the head mlm, which takes a mean; leave it out")
        return combine_masks

    @field_validator("synonyms")
    @classmethod
    def _of_words(cls, synonyms: str, info: ValidationInfo) -> str:
        if synonyms != "mean" and info.data.get("head") in ("ffn", "projections"):
            raise ValueError("has no effect on heads that read no words; set head to mlm")
        return synonyms
