"""What a model folder of the combiner holds beside its trees: how texts become features."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, field_validator

from emoscope.errors import InputError, raise_os_error
from emoscope.folder import PREPROCESSING, ModelFolder
from emoscope.models.combiner.features import Features, WordVectorTable, choose_kinds
from emoscope.models.combiner.grams import GramShape, GramTable
from emoscope.models.combiner.lexicon import Lexicon
from emoscope.models.combiner.section import GROUPS, Group
from emoscope.recipes.section import Section
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline

ARRAYS = "features.npz"
MAX_BYTES = 2_000_000_000


Listed = Annotated[tuple[str, ...], Field(max_length=10_000)]
Length = Annotated[int, Field(ge=2, le=8)]


class Description(Section):
    """What `preprocessing.json` says beside the steps."""

    features: Annotated[tuple[Group, ...], Field(max_length=len(GROUPS))]
    turns: Annotated[int, Field(ge=1, le=16)]
    words: Annotated[int, Field(ge=1, le=5)]
    characters: tuple[Length, Length]
    emoji: Listed
    lexicon: Listed

    @field_validator("features", "emoji", "lexicon")
    @classmethod
    def _come_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names) or any(not name.strip() for name in names):
            raise ValueError("expected names that differ, none of them blank")
        return names

    @field_validator("emoji")
    @classmethod
    def _are_words(cls, emoji: tuple[str, ...]) -> tuple[str, ...]:
        if any(" " in each for each in emoji):
            raise ValueError("expected emoji, without spaces")
        return emoji


@dataclass(frozen=True, eq=False)
class FeatureEncoder:
    """Conversations to lexical features.

    Attributes:
        features: the features.
    """

    features: Features

    def encode(self, conversations: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """The features of N conversations, (N, F)."""
        return self.features.compute(conversations)

    def for_taxonomy(self, taxonomy: Taxonomy) -> "FeatureEncoder":
        """Nothing but an error: the labels of such a model are fixed."""
        raise InputError(
            "This model has learnt a fixed set of labels and cannot score others. Take a model "
            "that reads its labels, such as Demux."
        )

    def to_config(self) -> dict[str, Any]:
        """What `preprocessing.json` holds; the arrays have a file."""
        features = self.features
        return {
            "encoder": "combiner",
            "steps": features.pipeline.to_config(),
            "features": list(features.groups),
            "turns": features.turns,
            "words": features.grams.shape.words,
            "characters": list(features.grams.shape.characters),
            "emoji": list(features.emoji),
            "lexicon": list(features.lexicon.categories),
        }

    def save(self, folder: Path) -> None:
        """Write `features.npz`."""
        features = self.features
        arrays: dict[str, Any] = {
            "gram_hashes": features.grams.hashes,
            "gram_rarity": features.grams.rarity,
            "gram_weights": features.grams.weights,
            "lexicon_hashes": features.lexicon.hashes,
            "lexicon_members": features.lexicon.members.astype(np.uint8),
        }
        if features.vectors is not None:
            arrays["vector_hashes"] = features.vectors.hashes
            arrays["vector_matrix"] = features.vectors.matrix
        np.savez_compressed(folder / ARRAYS, **arrays)

    @classmethod
    def load(cls, folder: ModelFolder) -> "FeatureEncoder":
        """The encoder of a model folder.

        Raises:
            InputError: files that are missing, damaged or do not fit together.
        """
        config, labels = folder.preprocessing, folder.taxonomy.names
        groups, turns, emoji, shape, categories = read_description(folder)
        arrays = load_arrays(folder.path / ARRAYS)
        try:
            grams = (arrays["gram_hashes"], arrays["gram_rarity"], arrays["gram_weights"])
            words = (arrays["lexicon_hashes"], arrays["lexicon_members"])
            check_shapes(grams, (np.uint64, np.float32, np.float32), (len(labels),))
            check_shapes(words, (np.uint64, np.uint8), (len(categories),))
            vectors = None
            if "vectors" in groups:
                table = (arrays["vector_hashes"], arrays["vector_matrix"])
                check_shapes(table, (np.uint64, np.float16), (table[1].shape[-1],))
                vectors = WordVectorTable(*table)
        except (KeyError, ValueError) as error:
            raise InputError(
                f"{folder.path / ARRAYS} does not fit {PREPROCESSING} ({error}). One of them was "
                "edited or is of another model."
            ) from None
        return cls(
            Features(
                groups=groups,
                turns=turns,
                labels=labels,
                pipeline=TextPipeline.from_config(config.get("steps", ())),
                grams=GramTable(shape, *grams),
                emoji=emoji,
                lexicon=Lexicon(categories, words[0], words[1].astype(np.float32)),
                vectors=vectors,
            )
        )


def read_description(
    folder: ModelFolder,
) -> tuple[tuple[str, ...], int, tuple[str, ...], GramShape, tuple[str, ...]]:
    """Groups, turns, emoji, n-grams and categories in `preprocessing.json`, checked."""
    config = folder.preprocessing
    try:
        description = Description.model_validate(
            {name: config[name] for name in Description.model_fields if name in config},
        )
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"]))
        raise InputError(
            f"{folder.path / PREPROCESSING}: {place}: {problem['msg']}. The file was edited; "
            "restore it."
        ) from None
    shape = GramShape(
        description.turns,
        choose_kinds(description.features),
        description.words,
        description.characters,
    )
    return (
        description.features,
        description.turns,
        description.emoji,
        shape,
        description.lexicon,
    )


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file that holds no pickles, bounded in size."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(item.file_size for item in archive.infolist())
        if size > MAX_BYTES:
            raise InputError(f"{path}: arrays of over {MAX_BYTES:,} bytes are not read.")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise InputError(f"{path} is missing: the model folder is incomplete.") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise_os_error(error, path)
        raise InputError(f"{path} cannot be read: {error}. The file is damaged.") from None


def check_shapes(
    arrays: Sequence[NDArray[Any]], kinds: Sequence[type], width: tuple[int, ...]
) -> None:
    """Check hashes (V,), of which none is double, columns (V,) and at last a table (V, width)."""
    count = len(arrays[0]) if arrays[0].ndim else -1
    shapes = [(count,)] * (len(arrays) - 1) + [(count, *width)]
    for array, kind, shape in zip(arrays, kinds, shapes, strict=True):
        if array.dtype != kind or array.shape != shape:
            raise ValueError(
                f"expected {np.dtype(kind)} of shape {shape}, found {array.dtype} {array.shape}"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError("expected finite numbers")
    if len(np.unique(arrays[0])) < count:
        raise ValueError("expected hashes that differ")
