"""What the sections of a recipe share."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A part of a recipe: unknown fields are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModelSection(Section):
    """The shape of a model; each kind, by its `type`, has fields of its own.

    Attributes:
        needs_dev: whether such a model cannot be trained without a dev split.
    """

    needs_dev: ClassVar[bool] = False

    type: str

    def explain_no_folds(self) -> str | None:
        """Why a recipe of this model cannot be trained in folds; None if it can."""
        return None
