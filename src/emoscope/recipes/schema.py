"""What a recipe may say, checked before anything runs."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PositiveInt,
    SerializeAsAny,
    field_validator,
    model_validator,
)

from emoscope.models.nelec.section import NelecSection
from emoscope.recipes.names import check_name
from emoscope.recipes.objective import ObjectiveSection
from emoscope.recipes.schedules import ConstantSchedule, CyclicalSchedule, WarmupSchedule
from emoscope.recipes.section import (
    ModelSection,
    NonNegative,
    Positive,
    Section,
    Share,
)
from emoscope.registry import CORPORA, MODELS, TRAINERS, resolve

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
    train: str | tuple[str, ...] | None = Field(
        "train",
        description="split, or file of a tabular corpus, trained on, or a list of several; none if "
        "null",
    )
    dev: str | None = Field(
        "dev",
        description="split, or file, that every choice is made on; none if null: without any in "
        "all corpora the last weights are kept, and labels are cut at a threshold of ½",
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

    @property
    def hub_name(self) -> str | None:
        """The data set of the hub that is meant, such as `owner/name`; None if none is named."""
        return self.folder if self.name == "hub" else None

    @property
    def title(self) -> str:
        """What folders and tables call it: its name, of a data set of the hub without the owner."""
        return self.name if self.hub_name is None else Path(self.hub_name).name

    @field_validator("train")
    @classmethod
    def _some(cls, train: Any) -> Any:
        if train == () or train == "":
            raise ValueError("expected a split, a list of splits, or null; found nothing")
        # One way to say the same, so that the same training has the same folder.
        return train[0] if isinstance(train, tuple) and len(train) == 1 else train

    @property
    def train_splits(self) -> tuple[str, ...]:
        """The splits that are trained on; empty if none is."""
        if self.train is None:
            return ()
        return (self.train,) if isinstance(self.train, str) else self.train


class MixSection(Section):
    """Further corpora, to train, choose or measure on; each keeps its own labels."""

    corpora: tuple[CorpusSection, ...] = ()
    alpha: Annotated[float, Field(ge=0, le=1)] | None = Field(
        1.0,
        description="a corpus or language with a share p of the texts is drawn as p^alpha: "
        "1 as they are, 0 all alike; null: nothing is mixed, which is as 1",
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


class PriorSection(Section):
    """Correction for a shift of the labels' shares between training and use."""

    target: Literal["none", "dev", "estimate"] | dict[str, NonNegative] = Field(
        "none",
        description="shares by label; dev: those of the dev labels; estimate: by "
        "expectation-maximisation on the dev texts, without their labels",
    )


class DecisionSection(Section):
    """Which of several exclusive labels a text gets."""

    rule: Literal["most_probable", "micro_f1"] = Field(
        "most_probable",
        description="micro_f1: by thresholds fitted on dev for the best micro-F1 of the labels "
        "that count in it",
    )


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
    sampling: Literal["natural", "balanced"] = Field(
        "natural",
        description="balanced: each exclusive label is drawn equally often (oversampling)",
    )
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
    checkpoint_minutes: NonNegative = Field(
        10.0,
        description="save between two evaluations too, after so many minutes without a "
        "checkpoint; 0: never",
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
    naming: tuple[str, ...] = Field(
        (),
        description="parameters that the folder of the log is called by: default, a field such as "
        "training.epochs, or either as parameter=text; those of the model if empty",
    )
    corpus: CorpusSection
    mix: MixSection = MixSection()
    text: TextSection = TextSection()
    vectors: VectorsSection = VectorsSection()
    model: SerializeAsAny[ModelSection] = NelecSection()
    objective: ObjectiveSection = ObjectiveSection()
    prior: PriorSection = PriorSection()
    decision: DecisionSection = DecisionSection()
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
        if self.dev_split is None:
            if self.model.needs_dev:
                raise ValueError(
                    "corpus.dev: found null in every corpus, and this model cannot be trained "
                    "without one; set a dev split"
                )
            for wants, without, meaning in (
                (self.training.keep_best, "training.keep_best=false", "choose the best weights"),
                (self.training.patience, "training.patience=null", "stop early"),
                (self.prior.target in ("dev", "estimate"), "prior.target=none", "find shares"),
                (
                    self.decision.rule == "micro_f1",
                    "decision.rule=most_probable",
                    "fit thresholds",
                ),
            ):
                if wants:
                    raise ValueError(
                        f"corpus.dev: found null in every corpus, so nothing is there to {meaning} "
                        f"by; set a dev split, or {without}"
                    )
        return self

    @property
    def corpora(self) -> tuple[CorpusSection, ...]:
        """The corpus and those mixed with it."""
        return (self.corpus, *self.mix.corpora)

    @property
    def needs_folder(self) -> bool:
        """Whether it reads files that the user has to bring."""
        return bool(self.needs) and any(section.hub_name is None for section in self.corpora)

    @property
    def dev_split(self) -> str | None:
        """The name of the dev split in the first corpus that has one; None if none has."""
        return next((section.dev for section in self.corpora if section.dev is not None), None)

    def settings(self) -> dict[str, Any]:
        """All fields that affect the result, as plain values: all but `METADATA`."""
        return self.model_dump(mode="json", exclude=set(METADATA))
