"""Scores conversations with lexical features, trees, and the models that are its parts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import log_softmax
from emoscope.errors import InputError
from emoscope.folder import CONFIG, PREPROCESSING, ModelFolder
from emoscope.inference.annotator import Annotator, load
from emoscope.inference.backend import Reasons
from emoscope.models.combiner.averaging import Averaged, Floats, center
from emoscope.models.combiner.encoder import FeatureEncoder
from emoscope.models.combiner.features import Feature
from emoscope.models.combiner.reasons import LOGITS, explain_features
from emoscope.models.combiner.section import LEXICAL
from emoscope.models.combiner.trees import Trees
from emoscope.taxonomy import Taxonomy

PARTS = "parts"
"""Folder of the models inside that of the combiner, and the group of their features."""
WEIGHTS = "weights"
"""In `config.json`, those of a mean."""
MAX_PARTS = 100
MAX_WEIGHT = 100


@dataclass(frozen=True)
class Part:
    """A model whose scores are features.

    Attributes:
        name: what its features are called by.
        annotators: those whose mean score counts, as of several seeds.
        as_logits: whether its features are logits before any correction, rather than probabilities.
    """

    name: str
    annotators: tuple[Annotator, ...]
    as_logits: bool = False

    def encode(self, conversations: Sequence[Sequence[str]]) -> list[Any]:
        """N conversations for `score`."""
        return [each.encode(conversations) for each in self.annotators]

    def score(self, encoded: Sequence[Any]) -> NDArray[np.float32]:
        """Probabilities of its labels, or logits, (N, K)."""
        score = score_logits if self.as_logits else Annotator.score
        scores = [score(each, texts) for each, texts in zip(self.annotators, encoded, strict=True)]
        return np.asarray(np.mean(scores, axis=0, dtype=np.float64), dtype=np.float32)


def score_logits(annotator: Annotator, encoded: Any) -> Floats:
    """The logits of a model before its prior is corrected and its temperature divides them.

    Those of exclusive labels are of probabilities, so that several models have one scale, and sum
    to zero.
    """
    logits = np.asarray(annotator.backend.logits(encoded), dtype=np.float64)
    exclusive = annotator.taxonomy.exclusive
    return center(log_softmax(logits) if exclusive else logits, exclusive)


Encoded = tuple[NDArray[np.float32], list[Any]]


@dataclass(frozen=True, eq=False)
class AllFeatures:
    """Lexical features, and the scores of models beside them.

    Attributes:
        lexical: makes the lexical ones.
        parts: models whose scores are features.
    """

    lexical: FeatureEncoder
    parts: tuple[Part, ...] = ()

    @property
    def columns(self) -> tuple[Feature, ...]:
        """What each of the F columns is."""
        labels = self.lexical.features.labels
        return self.lexical.features.columns + tuple(
            Feature(f"part {part.name}: {label}", LOGITS if part.as_logits else PARTS, None, label)
            for part in self.parts
            for label in labels
        )

    def read(self, conversations: Sequence[Sequence[str]]) -> Encoded:
        """Lexical features of N conversations, and what the parts read."""
        lexical = self.lexical.encode(conversations)
        return lexical, [part.encode(conversations) for part in self.parts]

    def gather(self, encoded: Encoded) -> NDArray[np.float32]:
        """All features, (N, F)."""
        lexical, texts = encoded
        scores = [part.score(own) for part, own in zip(self.parts, texts, strict=True)]
        return np.concatenate([lexical, *scores], axis=1)


@dataclass(frozen=True, eq=False)
class CombinerBackend:
    """A backend of boosted trees.

    Attributes:
        features: of conversations.
        trees: make logits of them, alone or averaged with the parts.
    """

    features: AllFeatures
    trees: Trees | Averaged

    def encode(self, conversations: Sequence[Sequence[str]]) -> Encoded:
        """What `logits` takes of N conversations."""
        return self.features.read(conversations)

    def logits(self, encoded: Encoded) -> NDArray[np.float32]:
        """Scores (N, K) before calibration."""
        return self.trees.logits(self.features.gather(encoded))

    def reasons(self, turns: Sequence[str]) -> Reasons:
        """What each feature of one conversation adds to the logits."""
        values = self.features.gather(self.features.read([turns]))
        return explain_features(
            self.features.columns,
            self.features.lexical.features,
            turns,
            values[0],
            self.trees.contributions(values)[0],
        )

    def for_taxonomy(self, taxonomy: Taxonomy) -> "CombinerBackend":
        """Nothing but an error: the labels of such a model are fixed."""
        self.features.lexical.for_taxonomy(taxonomy)
        return self


def load_combiner(folder: ModelFolder, threads: int | None = None) -> CombinerBackend:
    """The backend of a model folder.

    Args:
        folder: with trees, features and parts.
        threads: at most.

    Raises:
        InputError: files that are missing, damaged or do not fit together.
        MissingExtraError: a package that runs the trees or a part is not installed.
    """
    reader = FeatureEncoder.load(folder)
    named, averaged = read_parts(folder), WEIGHTS in folder.config
    parts = tuple(
        Part(
            name,
            tuple(load_part(folder.path / PARTS / name / str(at), threads) for at in range(count)),
            averaged,
        )
        for name, count in named
    )
    for part in parts:
        check_part(part, folder.taxonomy)
    features = AllFeatures(reader, parts)
    labels, exclusive = len(folder.taxonomy), folder.taxonomy.exclusive
    lexical = len(reader.features.columns)
    grown = lexical if averaged else len(features.columns)
    trees = None
    if grown:
        trees = Trees.load(folder.path, grown, labels, exclusive=exclusive)
        trees = replace(trees, threads=threads or 0)
    if averaged:
        names = [LEXICAL] * bool(lexical) + [name for name, _ in named]
        return CombinerBackend(
            features, Averaged(trees, read_weights(folder, names), labels, exclusive)
        )
    if trees is None:
        raise InputError(
            f"{folder.path / PREPROCESSING} and {CONFIG} name neither a feature nor a part. They "
            "were edited; restore them."
        )
    return CombinerBackend(features, trees)


def read_weights(folder: ModelFolder, names: Sequence[str]) -> dict[str, float]:
    """The weights of a mean, from `config.json`, checked."""
    weights = folder.config[WEIGHTS]
    if (
        not isinstance(weights, dict)
        or set(weights) != set(names)
        or not all(
            type(each) in (int, float) and 0 <= each < MAX_WEIGHT for each in weights.values()
        )
        or not any(weights.values())
    ):
        raise InputError(
            f"{folder.path / CONFIG}: expected as weights a number from 0 to {MAX_WEIGHT} for each "
            f"of {', '.join(names)}, not all of them 0, got {weights!r:.200}. The file was edited; "
            "restore it."
        )
    return {name: float(weights[name]) for name in names}


def read_parts(folder: ModelFolder) -> list[tuple[str, int]]:
    """Name of each part and number of its models, from `config.json`, in order, checked."""
    parts = folder.config.get(PARTS, [])
    known = isinstance(parts, list) and len(parts) <= MAX_PARTS and all(map(is_part, parts))
    if not known or len({part["name"] for part in parts}) < len(parts):
        raise InputError(
            f"{folder.path / CONFIG}: expected as parts a list of names with a number of models "
            f"each, got {parts!r:.200}. The file was edited, or written by another version; "
            "restore it, or train the model again."
        )
    return [(part["name"], part["models"]) for part in parts]


def is_part(value: Any) -> bool:
    """Whether a value of `config.json` says what a part is."""
    if not isinstance(value, dict) or set(value) != {"name", "models"}:
        return False
    name, models = value["name"], value["models"]
    plain = isinstance(name, str) and name.replace("-", "").replace("_", "").isalnum()
    return plain and type(models) is int and 0 < models <= MAX_PARTS


def load_part(path: Path, threads: int | None) -> Annotator:
    """One model of a part.

    Raises:
        InputError: it is not there, damaged, or has parts itself.
    """
    if ModelFolder.open(path).config.get(PARTS):
        raise InputError(f"{path}: expected a part without parts of its own. Train it again.")
    return load(path, threads=threads)


def check_part(part: Part, taxonomy: Taxonomy) -> None:
    """Check that a part scores the labels of the combiner."""
    for annotator in part.annotators:
        if annotator.taxonomy.names != taxonomy.names:
            raise InputError(
                f"The part {part.name!r} scores {', '.join(annotator.taxonomy.names)}; expected "
                f"{', '.join(taxonomy.names)}, the labels of the combiner."
            )
