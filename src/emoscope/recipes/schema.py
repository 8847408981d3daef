"""What a recipe may say, checked before anything runs."""

from collections.abc import Collection
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PositiveInt,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)

from emoscope.errors import InputError
from emoscope.models.nelec.section import NelecSection
from emoscope.recipes.section import (
    ModelSection,
    NonNegative,
    Positive,
    Probability,
    Section,
    Share,
)
from emoscope.registry import CORPORA, LOSSES, MODELS, TRAINERS, find, resolve

METADATA = ("description", "needs", "time")
"""Fields for readers only: they do not affect the training."""


class Holdout(Section):
    """A random part of the training split that is kept out of training."""

    share: Share = 0.2
    seed: int = 42


class CorpusSection(Section):
    """Which examples: a named corpus, or tables or a hub data set of one's own."""

    name: str
    folder: str | None = Field(None, description="inside --data-dir, if its files lie deeper")
    train: str | None = Field(
        "train", description="split, or file of a tabular corpus, trained on; none if null"
    )
    dev: str | None = Field(
        "dev", description="split, or file, that every choice is made on; none if null"
    )
    test: str | None = Field(
        None, description="split, or file, that the finished model is measured on; none if null"
    )
    languages: tuple[str, ...] | None = Field(
        None, description="of a corpus that has several; all of them if null"
    )
    words: str | None = Field(
        None,
        description="language that the labels are shown in; 'own': each text's; "
        "the taxonomy's if null",
    )
    exclude: tuple[str, ...] = Field((), description="labels left out, as if never annotated")
    share: Share | None = Field(
        None,
        description="of the texts of an epoch that are drawn from this corpus, of every corpus or "
        "of none; by size if null, see mix.alpha",
    )
    listwise: NonNegative = Field(
        0.0,
        description="coefficient of a softmax cross-entropy over the labels of a text, for corpora "
        "whose annotators chose among them, each adjusted for how frequent it is (Menon et al. "
        "2021, 2007.07314)",
    )
    holdout: Holdout | None = None
    taxonomy: str | None = Field(None, description="of a tabular corpus; read from it if not given")
    turns: tuple[str, ...] = ("text",)
    id: str | None = None
    label: str | None = None
    labels: tuple[str, ...] | None = None
    language: str | None = Field(None, description="column with the code of each text's language")
    turn_separator: str | None = None
    label_separator: str | None = ","
    label_names: str | tuple[str, ...] | dict[str | int, str] | None = Field(
        None,
        description="what numbers or names in the column of labels stand for: names by number from "
        "0, a mapping, or the name of a taxonomy whose order the numbers follow",
    )

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        return check_name((*CORPORA, "tabular", "hub"), name, "corpus")


class MixSection(Section):
    """Further corpora, to train, choose or measure on; each keeps its own labels."""

    corpora: tuple[CorpusSection, ...] = ()
    alpha: Annotated[float, Field(ge=0, le=1)] = Field(
        1.0,
        description="a corpus or language with a share p of the texts is drawn as p^alpha: "
        "1 as they are, 0 all alike",
    )


class TextSection(Section):
    """How raw turns become words."""

    steps: (
        Literal["chat", "twitter", "reddit", "facebook"] | tuple[str | dict[str, Any], ...] | None
    ) = Field(
        None, description="cleaning; if null, chat for NELEC and none for a pretrained encoder"
    )
    max_length: PositiveInt = Field(35, description="words, or tokens, kept of a text")
    truncation: Literal["start", "end"] = "start"
    languages: tuple[str, ...] = Field(
        (),
        description="codes of those that the model reads, such as en: texts in others are counted "
        "when it annotates; not checked if empty",
    )


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

    trainer: str = Field("emotion", description="what trains, one of one's own or emoscope's")
    epochs: Annotated[int, Field(ge=0)] = Field(
        10, description="passes over the training texts; 0 measures the weights begun with"
    )
    batch_size: PositiveInt = 64
    learning_rate: Positive = 1e-3
    weight_decay: NonNegative = 0.0
    max_grad_norm: Positive = 1.0
    schedule: Annotated[
        ConstantSchedule | CyclicalSchedule | WarmupSchedule, Field(discriminator="kind")
    ] = ConstantSchedule()
    bucket_by_length: bool = True
    accumulation: PositiveInt = Field(1, description="batches whose gradients make one step")
    evaluation_steps: PositiveInt | None = Field(
        None, description="steps between two evaluations; every epoch if null"
    )
    patience: PositiveInt | None = Field(
        None, description="evaluations without a better dev figure"
    )
    metric: str = Field("micro_f1", description="dev figure that chooses the best weights")
    keep_best: bool = Field(True, description="end with the best weights rather than the last")
    checkpoints: bool = Field(
        True, description="save at every evaluation, so that a kill loses little"
    )
    predictions: bool = Field(True, description="keep raw predictions of every evaluation")
    bfloat16: Literal["auto"] | bool = Field(
        False, description="half precision; auto: where the hardware computes in it"
    )

    @field_validator("trainer")
    @classmethod
    def _known(cls, name: str) -> str:
        return check_name(tuple(TRAINERS), name, "trainer")


class Recipe(Section):
    """One training, from corpus to model folder."""

    name: str
    description: str = ""
    needs: str = Field("", description="data to bring, and where their publisher offers them")
    time: str = Field("", description="of a run on two CPU cores, roughly")
    plugins: tuple[str, ...] = Field(
        (), description="files of parts of one's own that --plugin has to name"
    )
    seed: int = 0
    corpus: CorpusSection
    mix: MixSection = MixSection()
    text: TextSection = TextSection()
    vectors: VectorsSection = VectorsSection()
    model: SerializeAsAny[ModelSection] = NelecSection()
    objective: ObjectiveSection = ObjectiveSection()
    prior: PriorSection = PriorSection()
    training: TrainingSection = TrainingSection()

    @field_validator("model", mode="before")
    @classmethod
    def _of_its_type(cls, values: Any) -> Any:
        """The section that the model's type asks for."""
        if not isinstance(values, dict):
            return values
        kind = check_name(tuple(MODELS), str(values.get("type", "nelec")), "model")
        return resolve(MODELS[kind].section).model_validate(values)

    @model_validator(mode="after")
    def _has_all_shares_or_none(self) -> Self:
        shares = [section.share for section in self.corpora if section.train is not None]
        if any(share is None for share in shares) and any(share is not None for share in shares):
            raise ValueError(
                "share: expected one of every corpus that is trained on, or of none; found "
                f"{shares}"
            )
        return self

    @model_validator(mode="after")
    def _has_vectors_to_hold(self) -> Self:
        if self.objective.anchor and not getattr(self.model, "similarity", False):
            raise ValueError(
                "objective.anchor holds the vectors that model.similarity: true compares; set that "
                "too, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _has_train_and_dev(self) -> Self:
        if self.corpus.train is None:
            raise ValueError(
                "corpus.train: expected a split, as the labels of the model are those of the first "
                "corpus; found null"
            )
        if all(section.dev is None for section in self.corpora):
            raise ValueError("corpus.dev: expected a split in one corpus at least; found null")
        return self

    @property
    def corpora(self) -> tuple[CorpusSection, ...]:
        """The corpus and those mixed with it."""
        return (self.corpus, *self.mix.corpora)

    @property
    def dev_split(self) -> str:
        """The name of the dev split in the first corpus that has one."""
        return next(section.dev for section in self.corpora if section.dev is not None)

    def settings(self) -> dict[str, Any]:
        """All fields that affect the result, as plain values: all but `METADATA`."""
        return self.model_dump(mode="json", exclude=set(METADATA))


def check_loss_name(name: str, pairwise: bool) -> str:
    """Check that a loss over pairs of labels, or another one, has a name."""
    what = "local loss" if pairwise else "loss"
    if name in LOSSES and LOSSES[name].pairwise is not pairwise:
        place = "objective.local_loss" if LOSSES[name].pairwise else "objective.terms"
        raise ValueError(f"no {what} {name!r}; it is one for {place}")
    return check_name(tuple(LOSSES), name, what)


def check_name(names: Collection[str], name: str, what: str) -> str:
    """Check that there is such a name; otherwise raise an error for pydantic."""
    try:
        find(dict.fromkeys(names), name, what)
    except InputError as error:
        raise ValueError(str(error)) from None
    return name
