"""What a recipe says of Demux."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from emoscope.models.shared.sections import PromptedSection
from emoscope.recipes.section import Probability


class DemuxSection(PromptedSection):
    """Labels in the prompt; see `emoscope.models.demux.network.DemuxConfig`."""

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
