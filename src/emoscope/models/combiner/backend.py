"""Scores conversations with lexical features, the models that are its parts, and trees."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.folder import CONFIG, ModelFolder
from emoscope.inference.annotator import Annotator, load
from emoscope.inference.backend import Reasons
from emoscope.models.combiner.encoder import FeatureEncoder
from emoscope.models.combiner.features import Feature
from emoscope.models.combiner.reasons import explain_features
from emoscope.models.combiner.trees import Trees
from emoscope.taxonomy import Taxonomy

PARTS = "parts"
"""Folder of the neural models inside that of the combiner."""
MAX_PARTS = 100


@dataclass(frozen=True)
class Part:
    """A model whose scores are features.

    Attributes:
        name: what its features are called by.
        annotators: those whose mean score counts, as of several seeds.
    """

    name: str
    annotators: tuple[Annotator, ...]

    def encode(self, conversations: Sequence[Sequence[str]]) -> list[Any]:
        """N conversations for `score`."""
        return [each.encode(conversations) for each in self.annotators]

    def score(self, encoded: Sequence[Any]) -> NDArray[np.float32]:
        """Probabilities of its labels, (N, K)."""
        scores = [each.score(texts) for each, texts in zip(self.annotators, encoded, strict=True)]
        return np.asarray(np.mean(scores, axis=0, dtype=np.float64), dtype=np.float32)


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
            Feature(f"part {part.name}: {label}", PARTS, None, label)
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
        trees: make logits of them.
    """

    features: AllFeatures
    trees: Trees

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
    parts = tuple(
        Part(
            name,
            tuple(load_part(folder.path / PARTS / name / str(at), threads) for at in range(count)),
        )
        for name, count in read_parts(folder)
    )
    for part in parts:
        check_part(part, folder.taxonomy)
    features = AllFeatures(reader, parts)
    trees = Trees.load(
        folder.path,
        len(features.columns),
        len(folder.taxonomy),
        exclusive=folder.taxonomy.exclusive,
    )
    return CombinerBackend(features, replace(trees, threads=threads or 0))


def read_parts(folder: ModelFolder) -> list[tuple[str, int]]:
    """Name of each part and number of its models, from `config.json`, checked."""
    parts = folder.config.get(PARTS, {})
    if (
        not isinstance(parts, dict)
        or not all(name.replace("-", "").replace("_", "").isalnum() for name in parts)
        or not all(type(count) is int and 0 < count <= MAX_PARTS for count in parts.values())
        or len(parts) > MAX_PARTS
    ):
        raise InputError(
            f"{folder.path / CONFIG}: expected as parts names with a number of models each, got "
            f"{parts!r:.200}. The file was edited; restore it."
        )
    return list(parts.items())


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
