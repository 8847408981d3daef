"""What a recipe says of MEmo."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from emoscope.models.shared.sections import PromptedSection


class MemoSection(PromptedSection):
    """The emotion masked in a sentence; see `emoscope.models.memo.network.MemoConfig`."""

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
