"""What requests and responses look like; the OpenAPI document is made of it."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

MAX_UNKNOWN = 20
"""Keys of a body that nobody knows and that are told of."""


def keep_first_fault(labels: Any) -> Any:
    """A mapping of labels that holds a wrong value, cut down to the first such."""
    faults: Iterator[Any] = (
        {name: words}
        for name, words in (labels.items() if isinstance(labels, dict) else ())
        if not (isinstance(words, str) or is_text_list(words))
    )
    return next(faults, labels)


def is_text_list(value: Any) -> bool:
    """Whether something is a list of nothing but text."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


# Of a list the first fault alone is told: a body of a million numbers would have a million faults,
# and telling them takes a thousand times its memory.
Texts = Annotated[list[StrictStr], Field(fail_fast=True)]
Conversations = Annotated[list[Texts], Field(fail_fast=True)]
Label = Annotated[StrictStr, Field(examples=["joy"])]
Labels = Annotated[
    Annotated[list[Label], Field(fail_fast=True)] | dict[StrictStr, StrictStr | Texts],
    BeforeValidator(keep_first_fault),
]
NOT_EMPTY: dict[str, Any] = {"minItems": 1}


class Request(BaseModel):
    """A body: no keys but those that are known."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def bound_unknown_keys(cls, body: Any) -> Any:
        """The body with so many unknown keys at most; each is a fault."""
        if not isinstance(body, dict) or len(body) <= MAX_UNKNOWN:
            return body
        fields = cls.model_fields
        known = {name: value for name, value in body.items() if name in fields}
        unknown = (each for each in body.items() if each[0] not in known)
        return known | dict(islice(unknown, MAX_UNKNOWN))


class Asked(Request):
    """Texts or conversations, and the labels that they are asked for."""

    labels: Labels | None = Field(
        None,
        description="Score these instead of the model's own: names, each of which is a label and "
        "its own word, or a mapping of the names to show to the word or words of each.",
        examples=[["pride", "relief"], {"anger": ["anger", "rage"], "calm": "calmness"}],
    )
    taxonomy: StrictStr | None = Field(
        None,
        description="The same by the name of a label set of `/v1/taxonomies`, with `:` and a "
        "language if its words shall be in another one.",
        examples=["ekman", "semeval2018:es"],
    )


class AnnotateRequest(Asked):
    """What `/v1/annotate` takes: either texts or conversations."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"texts": ["I got the job!"], "top_k": 3},
                {
                    "conversations": [["guess what", "what?", "I got the job!"]],
                    "labels": ["pride", "relief"],
                },
                {"texts": ["Leave me alone."], "taxonomy": "ekman", "threshold": "fitted"},
            ]
        },
    )
    texts: Texts | None = Field(
        None, description="Each scored by itself.", json_schema_extra=NOT_EMPTY
    )
    conversations: Conversations | None = Field(
        None,
        description="Each a list of turns, oldest first, scored together.",
        json_schema_extra=NOT_EMPTY,
    )
    top_k: Annotated[StrictInt, Field(ge=1)] | None = Field(
        None, description="At most so many labels a text, the most probable."
    )
    threshold: Annotated[float, Field(ge=0, le=1, strict=True)] | Literal["fitted"] | None = Field(
        None,
        description='Only labels at least as probable; `"fitted"` for those that the model gives, '
        "by its own thresholds. All labels if it is left out.",
    )


class ExplainRequest(Asked):
    """What `/v1/explain` takes: either a text or a conversation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "I got the job!", "explain": ["joy"]},
                {"conversation": ["guess what", "what?", "I got the job!"], "labels": ["pride"]},
            ]
        },
    )
    text: StrictStr | None = None
    conversation: Texts | None = Field(None, json_schema_extra=NOT_EMPTY)
    explain: Texts | None = Field(
        None, description="Names of the labels to explain; all if it is left out."
    )
    method: Literal["shapley", "occlusion"] = Field(
        "shapley",
        description="Share the score out among all words, or leave out one word at a time.",
    )
    evaluations: Annotated[StrictInt, Field(ge=256)] | None = Field(
        None, description="Score so many versions of the text for Shapley values, at most."
    )


class PredictRequest(BaseModel):
    """What text-embeddings-inference takes at `/predict`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"inputs": "I got the job!"},
                {"inputs": [["I got the job!"], ["guess what", "I got the job!"]]},
            ]
        }
    )
    inputs: StrictStr | Texts | Conversations = Field(
        description="A text, a pair of texts (here two turns), or a batch: a list of lists of one "
        "text or of a pair."
    )
    raw_scores: StrictBool = Field(False, description="Log-odds instead of probabilities.")
    truncate: StrictBool | None = Field(
        None, description="Without effect: a long text is read whole, part by part."
    )


class ScoreModel(BaseModel):
    """A label of a text."""

    label: str
    probability: float
    given: bool = Field(description="Whether the model gives it, by its own threshold.")


class LabelModel(BaseModel):
    """A label that was asked for."""

    name: str
    words: list[str]
    trained: bool = Field(description="Whether the model was trained on it.")
    threshold: float = Field(description="The probability from which it is given.")
    threshold_guessed: bool = Field(description="No coded text has fitted the threshold.")
    wheel: str | None = Field(description="Its place on Plutchik's wheel.")


class Result(BaseModel):
    """A text."""

    scores: list[ScoreModel] = Field(description="Most probable first.")
    readable: bool | None = Field(
        description="Whether the text is likely to be in a language that the model reads; null "
        "where that cannot be told. Scores of others mean nothing."
    )


class AnnotateResponse(BaseModel):
    """The scores of each text, in the order of the request."""

    model: str
    labels: list[LabelModel]
    results: list[Result]


class Prediction(BaseModel):
    """A label of a text, as text-embeddings-inference has it."""

    score: float
    label: str


class ModelModel(BaseModel):
    """A model."""

    id: str
    languages: list[str] = Field(description="That it reads; empty if unknown.")
    taxonomy: str
    exclusive: bool = Field(description="Whether a text has exactly one of its labels.")
    independent_labels: bool = Field(
        description="Whether the score of a label does not depend on which others are asked for."
    )
    any_labels: bool = Field(description="Whether other labels can be asked for.")
    labels: list[LabelModel]


class ModelsResponse(BaseModel):
    """The models: one."""

    models: list[ModelModel]


class TaxonomyModel(BaseModel):
    """A label set that ships."""

    name: str
    languages: list[str]
    exclusive: bool
    labels: list[str]


class TaxonomiesResponse(BaseModel):
    """The label sets that ship, and the places of Plutchik's wheel, from fear on."""

    taxonomies: list[TaxonomyModel]
    wheel: list[str]


class InfoResponse(BaseModel):
    """The service and its limits."""

    name: str
    version: str
    model: str
    state: str
    limits: dict[str, float]


class Health(BaseModel):
    """The service lives, or is ready."""

    status: str


class SpanModel(BaseModel):
    """A word, or several neighbours, of a text."""

    turn: int
    start: int
    end: int
    text: str


class ExplainedLabel(BaseModel):
    """What each span adds to the log-odds of a label."""

    probability: float
    given: bool
    base: float
    attributions: list[float]
    errors: list[float]


class ExplainResponse(BaseModel):
    """Which words of a text speak for and against its labels."""

    model: str
    labels_asked: list[LabelModel]
    turns: list[str]
    method: str
    unit: str
    evaluations: int
    spans: list[SpanModel]
    labels: dict[str, ExplainedLabel]
    attention: dict[str, Any] | None


class FaultModel(BaseModel):
    """One thing that is wrong."""

    pointer: str
    detail: str


class ProblemModel(BaseModel):
    """Problem details, RFC 9457."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    errors: list[FaultModel] | None = None
