"""What a recipe may say, checked before anything runs."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A part of a recipe: unknown fields are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Holdout(Section):
    """A random part of the training split that is kept out of training."""

    share: Share = 0.2
    seed: int = 42


class CorpusSection(Section):
    """Which examples: a named corpus, or a folder of tables of one's own."""

    name: Literal["emocontext", "sample", "tabular"]
    train: str = Field("train", description="split, or file of a tabular corpus, trained on")
    dev: str = Field("dev", description="split, or file, that every choice is made on")
    holdout: Holdout | None = None
    taxonomy: str | None = Field(None, description="of a tabular corpus; read from it if not given")
    turns: tuple[str, ...] = ("text",)
    id: str | None = None
    label: str | None = None
    labels: tuple[str, ...] | None = None
    turn_separator: str | None = None
    label_separator: str | None = ","


class TextSection(Section):
    """How raw turns become words."""

    steps: Literal["chat"] | tuple[str | dict[str, Any], ...] = "chat"
    max_length: PositiveInt = 35
    truncation: Literal["start", "end"] = "start"


class VectorsSection(Section):
    """Static vectors of words and emoji, and the vocabulary made with them."""

    words: str = Field("glove-6b-50d", description="packaged name, or a GloVe or word2vec file")
    emoji: str = Field("learned", description="'learned', 'none', or a word2vec file")
    unknown: Literal["normal", "zeros"] = "normal"
    max_size: PositiveInt = 15_000
    min_count: PositiveInt = 1
    extension: Annotated[int, Field(ge=0)] | None = Field(
        None, description="words unseen in training that keep their vector; null for all"
    )


class NelecSection(Section):
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


class ObjectiveSection(Section):
    """The loss."""

    class_weights: Literal["none", "balanced", "prior"] = Field(
        "none",
        description="balanced: every label weighs the same; prior: as much as in the target prior",
    )
    label_smoothing: Probability = 0.0


class PriorSection(Section):
    """Correction for a shift of the labels' shares between training and use."""

    target: Literal["none", "dev", "estimate"] | dict[str, NonNegative] = Field(
        "none",
        description="shares by label; dev: those of the dev labels; estimate: by "
        "expectation-maximisation on the dev texts, without their labels",
    )


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


class TrainingSection(Section):
    """How long and how fast."""

    epochs: PositiveInt = 10
    batch_size: PositiveInt = 64
    learning_rate: Positive = 1e-3
    weight_decay: NonNegative = 0.0
    max_grad_norm: Positive = 1.0
    schedule: Annotated[
        ConstantSchedule | CyclicalSchedule | WarmupSchedule, Field(discriminator="kind")
    ] = ConstantSchedule()
    bucket_by_length: bool = True
    patience: PositiveInt | None = Field(None, description="epochs without a better dev figure")
    metric: str = Field("micro_f1", description="dev figure that chooses the best epoch")
    keep_best: bool = Field(True, description="end with the best epoch rather than the last")
    checkpoints: bool = Field(True, description="save every epoch, so that a kill loses little")
    predictions: bool = Field(True, description="keep raw predictions of every epoch")
    bfloat16: bool = False


class Recipe(Section):
    """One training, from corpus to model folder."""

    name: str
    description: str = ""
    needs: str = Field("", description="data to bring, and where their publisher offers them")
    seed: int = 0
    corpus: CorpusSection
    text: TextSection = TextSection()
    vectors: VectorsSection = VectorsSection()
    model: NelecSection = NelecSection()
    objective: ObjectiveSection = ObjectiveSection()
    prior: PriorSection = PriorSection()
    training: TrainingSection = TrainingSection()
