"""The fields that each kind of model adds to a recipe."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, ValidationInfo, field_validator, model_validator

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
    labels: Literal["joint", "independent"] = Field(
        "joint",
        description="joint: in one prompt, where they see each other, as published; independent: "
        "each by itself, so that its score does not depend on the others",
    )
    joint_layers: PositiveInt | None = Field(
        None,
        description="top layers of the encoder in which labels and text see each other, all if "
        "null; fewer are faster; of independent labels, those in which labels read the text",
    )
    label_feed_forward: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="of independent labels: how many of the joint layers have their feed-forward "
        "part for labels too, all if null",
    )
    similarity: bool = Field(
        False,
        description="of independent labels: begin with the cosine of text and label under a "
        "sentence encoder, to which the head adds",
    )
    max_labels: PositiveInt | None = Field(
        None,
        description="of independent labels: how many labels a batch is asked for at most, those "
        "that its texts have first, the others drawn; all if null",
    )
    swap_forms: Probability = Field(
        0.0,
        description="of independent labels: how often another form of a label's word is asked for, "
        "such as nostalgic for nostalgia",
    )
    shuffle_labels: bool = Field(False, description="another order of labels for each batch")
    drop_labels: Probability = Field(
        0.0,
        description="most of the labels that the prompt of a batch leaves out, as a share; half "
        "of the batches show all, the others leave out any share up to this one",
    )

    @model_validator(mode="after")
    def _of_its_form(self) -> Self:
        own = {
            "joint": ("label_feed_forward", "similarity", "max_labels", "swap_forms"),
            "independent": ("shuffle_labels", "drop_labels"),
        }
        other = "joint" if self.labels == "independent" else "independent"
        for name in own[self.labels]:
            if getattr(self, name) not in (None, False, 0.0):
                raise ValueError(
                    f"{name} has no effect on labels that are {self.labels}; "
                    f"leave it out, or set labels: {other}"
                )
        return self


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
