"""What a recipe says of the learning rate over the steps of a training."""

from typing import Literal

from pydantic import Field, PositiveInt

from emoscope.recipes.section import Positive, Probability, Section, Share


class ConstantSchedule(Section):
    """One learning rate throughout."""

    kind: Literal["constant"] = "constant"


class CyclicalSchedule(Section):
    """Triangles between the learning rate and `maximum` (Smith 2017, arXiv 1506.01186)."""

    kind: Literal["cyclical"] = "cyclical"
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular"
    maximum: Positive = 0.005
    half_cycle: PositiveInt = Field(300, description="steps from the lowest to the highest rate")
    gamma: Share = 0.99994


class WarmupSchedule(Section):
    """Linear warm-up over a share of the steps, then linear or cosine decay to zero."""

    kind: Literal["linear", "cosine"] = "linear"
    warmup: Probability = 0.1
