"""What a recipe says of the loss."""

from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, ValidationInfo, field_validator, model_validator

from emoscope.recipes.names import check_loss_name
from emoscope.recipes.section import NonNegative, Positive, Probability, Section, Share


class LocalLossSection(Section):
    """A loss over the pairs of labels of each text (arXiv 2210.15842)."""

    name: str = Field("intra", description="inter, intra or complete")
    coefficient: Share = Field(0.2, description="its share c; the cross-entropy has 1 - c")
    distance: Literal["exp_diff", "sq_diff", "cossim"] = "exp_diff"
    on: Literal["predictions", "logits"] = Field(
        "predictions", description="logits reproduce the published code, and may diverge"
    )
    weights: Literal["none", "data", "wheel"] = Field(
        "none", description="correlation of two labels: in the training data, or on Plutchik's"
    )
    transform: Literal["identity", "sqrt", "square", "log"] = "identity"
    plus_one: bool = False

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        return check_loss_name(name, pairwise=True)

    @field_validator("on")
    @classmethod
    def _of_scores(cls, on: str, info: ValidationInfo) -> str:
        if on != "predictions" and info.data.get("distance") == "cossim":
            raise ValueError("has no effect on the distance cossim, of vectors; leave it out")
        return on

    @field_validator("transform", "plus_one")
    @classmethod
    def _of_weights(cls, value: str | bool, info: ValidationInfo) -> str | bool:
        if value not in ("identity", False) and info.data.get("weights") == "none":
            raise ValueError("has no effect on weights that are none; set weights, or leave it out")
        return value


class GlobalLossSection(Section):
    """A loss that moves label representations towards prior correlations (arXiv 2210.15842)."""

    coefficient: Positive = 0.1
    distance: Literal["cossim", "sq_diff"] = "cossim"
    correlation: Literal["data", "wheel"] = "data"


class AnchorSection(Section):
    """Words for feelings that are held near where a sentence encoder had them.

    What is added to the loss is 1 - cos between the vector of a word now and at first.
    """

    coefficient: Positive = 1.0
    words: PositiveInt = Field(48, description="drawn for each batch")
    exclude: tuple[str, ...] = Field((), description="words that are never held")


class ObjectiveSection(Section):
    """The loss."""

    local_loss: LocalLossSection | None = None
    global_loss: GlobalLossSection | None = None
    conditional_order: Literal[1, 2] | None = Field(
        None, description="weigh each cell by how predictable it is from so many other labels"
    )
    terms: dict[str, float] = Field(
        {}, description="further losses, each by its name with its coefficient"
    )
    class_weights: Literal["none", "balanced", "prior"] = Field(
        "none",
        description="balanced: every label weighs the same; prior: as much as in the target prior",
    )
    exclusive: Literal["softmax", "two_stage", "binary"] = Field(
        "softmax",
        description="of exclusive labels: a choice among all; whether a text has one of the "
        "averages, then which; or a binary decision for each label",
    )
    stage: NonNegative = Field(
        0.0,
        description="coefficient of a second task: whether a text has a label of the averages",
    )
    label_smoothing: Probability = 0.0
    self_distillation: Probability = Field(
        0.0,
        description="how far the targets have moved, by the last epoch, to the scores that the "
        "model gave a text an epoch before (Kim et al. 2021, 2006.12000)",
    )

    corpus_bias: bool = Field(
        False,
        description="learn, beside the model, how frequent each label is in each corpus; left out "
        "of the model that is saved, so that it scores what a label means",
    )
    anchor: AnchorSection | None = None

    @model_validator(mode="after")
    def _of_its_form(self) -> Self:
        if self.exclusive == "two_stage" and (self.stage or self.label_smoothing):
            name = "stage" if self.stage else "label_smoothing"
            raise ValueError(f"{name} has no effect on exclusive: two_stage; leave it out")
        return self

    @field_validator("terms")
    @classmethod
    def _known_terms(cls, terms: dict[str, float]) -> dict[str, float]:
        for name in terms:
            check_loss_name(name, pairwise=False)
        return terms

    @field_validator("local_loss", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """A loss given by its name alone, or `none`."""
        if isinstance(value, str):
            return None if value == "none" else {"name": value}
        return value
