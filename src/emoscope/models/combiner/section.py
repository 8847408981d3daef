"""What a recipe says of the combiner."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from emoscope.recipes.section import ModelSection, NonNegative, Positive, Section, Share

Group = Literal[
    "words", "characters", "emoji", "style", "overlap", "negation", "lexicon", "vectors"
]
GROUPS: tuple[Group, ...] = (
    "words",
    "characters",
    "emoji",
    "style",
    "overlap",
    "negation",
    "lexicon",
    "vectors",
)


LEXICAL = "lexical"
"""What all lexical features together are called."""


class GramsSection(Section):
    """Word and character n-grams, and the linear model over them."""

    words: Annotated[int, Field(ge=1, le=5)] = Field(2, description="longest run of words")
    characters: tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(le=8)]] = Field(
        (2, 5), description="shortest and longest run of characters inside a word"
    )
    min_count: PositiveInt = 3
    max_size: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        150_000, description="n-grams kept, the most frequent ones"
    )
    penalty: Positive = Field(3e-5, description="L2 penalty of the weights")
    passes: PositiveInt = Field(5, description="over the training texts")
    folds: Annotated[int, Field(ge=2, le=20)] = Field(
        5, description="parts of the training texts, each scored by a model of the others"
    )


class TreesSection(Section):
    """Gradient-boosted trees, as LightGBM grows them (Ke et al. 2017)."""

    rounds: Annotated[int, Field(ge=1, le=10_000)] = Field(500, description="at most")
    patience: PositiveInt = Field(30, description="rounds without a lower loss on dev")
    learning_rate: Positive = 0.05
    leaves: Annotated[int, Field(ge=2, le=1024)] = 7
    min_leaf: PositiveInt = Field(100, description="training texts in a leaf, at least")
    feature_share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.2, description="of the features, drawn for each tree"
    )
    text_share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="of the training texts, drawn for each round"
    )
    l2: NonNegative = 1.0
    threads: Annotated[int, Field(ge=0)] = Field(
        1, description="0: as many as there are cores; results are the same for any fixed number"
    )


class PartSection(Section):
    """A model whose scores count beside the lexical features."""

    name: str = Field(description="what its scores are called by")
    folder: str | tuple[str, ...] = Field(
        description="written by `emoscope train RECIPE --folds N`, or, where scores are averaged, "
        "by any training; of several models, as of several seeds, the mean counts"
    )

    @field_validator("name")
    @classmethod
    def _is_plain(cls, name: str) -> str:
        if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            raise ValueError(f"expected letters, digits, - and _, found {name!r}")
        if name == LEXICAL:
            raise ValueError(f"{LEXICAL} is what the lexical features are called; choose another")
        return name

    @property
    def folders(self) -> tuple[str, ...]:
        """All of them."""
        return (self.folder,) if isinstance(self.folder, str) else self.folder


class CombinerSection(ModelSection):
    """Lexical features, scores of neural models, boosted trees."""

    needs_dev: ClassVar[bool] = True
    type: Literal["combiner"] = "combiner"
    features: tuple[Group, ...] = Field(
        GROUPS[:-1], description="groups of features: " + ", ".join(GROUPS)
    )
    turns: Annotated[int, Field(ge=1, le=16)] = Field(
        3, description="told apart, the last ones; all earlier ones count as the first of these"
    )
    grams: GramsSection = GramsSection()
    emoji: Annotated[int, Field(ge=0, le=500)] = Field(
        32, description="most frequent emoji that have a feature of their own in each turn"
    )
    lexicon: str | None = Field(
        None,
        description="a lexicon of your own beside the one that ships: lines of word, category and "
        "1 or 0, as the NRC Emotion Lexicon's",
    )
    emoji_names: bool = Field(
        False,
        description="whether an emoji counts in the categories of the lexicons that the words of "
        "its English name are of, as 'crying face' is of sadness",
    )
    trees: TreesSection = TreesSection()
    parts: tuple[PartSection, ...] = ()
    ensemble: Literal["stacking", "averaging"] = Field(
        "stacking",
        description="how parts count: as features of the trees, which needs scores of texts that "
        "they have not seen; or beside trees on the lexical features, in a weighted mean of "
        "logits, whose weights are fitted to dev",
    )
    leak_margin: Share = Field(
        0.03,
        description="how much better than on dev the scores of a part may be on training texts, "
        "in AUC, before they are taken to be scores of texts that the part was trained on",
    )

    @field_validator("features")
    @classmethod
    def _come_once(cls, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        if len(set(groups)) < len(groups):
            raise ValueError(f"a group comes twice: {', '.join(groups)}")
        return groups

    @model_validator(mode="after")
    def _has_what_to_average(self) -> "CombinerSection":
        if self.ensemble == "averaging" and not self.parts:
            raise ValueError("ensemble: averaging needs a part; name one in parts")
        return self

    @field_validator("parts")
    @classmethod
    def _differ(cls, parts: tuple[PartSection, ...]) -> tuple[PartSection, ...]:
        names = [part.name for part in parts]
        if len(set(names)) < len(names):
            raise ValueError(f"two parts have one name: {', '.join(names)}")
        return parts
