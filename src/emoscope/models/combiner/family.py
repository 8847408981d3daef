"""The combiner fitted to a recipe and its training texts: features first, trees on them later."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedModel

from emoscope.corpora.corpus import Corpus
from emoscope.embeddings.vectors import load_vectors
from emoscope.errors import InputError, require
from emoscope.models.combiner.backend import PARTS, AllFeatures
from emoscope.models.combiner.buffers import WordBuffer
from emoscope.models.combiner.encoder import FeatureEncoder
from emoscope.models.combiner.evidence import fit_grams
from emoscope.models.combiner.features import (
    Features,
    WordVectorTable,
    choose_kinds,
    split_batches,
)
from emoscope.models.combiner.grams import GramShape, GramTable
from emoscope.models.combiner.held_out import Examples, find_models, load_part, read_part
from emoscope.models.combiner.lexicon import Lexicon, add_emoji, load_shipped_words, read_words
from emoscope.models.combiner.section import CombinerSection
from emoscope.models.combiner.trees import EXTRA
from emoscope.models.shared.family import Family, make_pipeline
from emoscope.recipes.schema import Recipe, VectorsSection
from emoscope.recipes.section import Section
from emoscope.text import CHAT_STEPS, TextPipeline

BOUNDARIES = "turn_boundaries"
STEPS = tuple(step for step in CHAT_STEPS if step != BOUNDARIES)
MEANT = {"training": "model.trees", "objective": "objective.class_weights", "text": "text.steps"}
"""What to set in place of a section that has no effect."""


@dataclass(frozen=True, eq=False)
class CombinerEncoder:
    """Makes all features of texts that nothing was trained on.

    Attributes:
        features: the features.
        folders: of the models of each part, for `save`.
    """

    features: AllFeatures
    folders: tuple[tuple[Path, ...], ...] = ()

    def encode(self, conversations: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """All features of N conversations, (N, F)."""
        return self.features.gather(self.features.read(conversations))

    def to_config(self) -> dict[str, Any]:
        """What `preprocessing.json` holds."""
        return self.features.lexical.to_config()

    def save(self, folder: Path) -> None:
        """Write the files of the lexical features, and a copy of each part's models."""
        self.features.lexical.save(folder)
        for part, models in zip(self.features.parts, self.folders, strict=True):
            for number, model in enumerate(models):
                copy = folder / PARTS / part.name / str(number)
                shutil.copytree(model, copy, ignore=shutil.ignore_patterns(".*"))


def make_no_network() -> PreTrainedModel:
    """Nothing: trees are no network."""
    raise TypeError("the combiner has no network; it is trained by emoscope.models.combiner.train")


@dataclass(frozen=True)
class CombinerFamily(Family):
    """Features of a recipe, fitted to its training texts.

    Attributes:
        train_features: that trees are grown on, of the training texts, each scored by n-grams
            that were fitted to others, (N, F).
    """

    make_model: Any = make_no_network
    train_features: NDArray[np.float32] = field(
        default_factory=lambda: np.empty((0, 0), np.float32)
    )


def make_combiner_family(recipe: Recipe, train: Sequence[Corpus]) -> CombinerFamily:
    """Fit the features.

    Args:
        recipe: what to train.
        train: the corpora trained on, all with the same labels.

    Raises:
        InputError: corpora of different labels, options that have no effect, or no feature.
        MissingExtraError: LightGBM is not installed.
    """
    require("lightgbm", EXTRA)
    section = cast(CombinerSection, recipe.model)
    check_recipe(recipe)
    if len({corpus.taxonomy.names for corpus in train}) > 1:
        raise InputError(
            "The combiner learns a fixed set of labels, and the corpora of this recipe have "
            "several. Name one taxonomy for all: --set corpus.taxonomy=FILE."
        )
    pipeline = make_pipeline(recipe.text, STEPS)
    if BOUNDARIES in (step.name for step in pipeline.steps):
        raise InputError(
            f"text.steps: {BOUNDARIES} joins the turns that the combiner tells apart. Leave it out."
        )
    turns = [each for corpus in train for each in corpus.turns]
    labels = np.concatenate([corpus.labels for corpus in train])
    taxonomy = train[0].taxonomy
    features, computed = fit_features(recipe, pipeline, Examples([], turns, labels), taxonomy.names)
    known = len(features.grams.hashes)
    notes = [
        f"{len(features.columns)} lexical features: {', '.join(features.groups) or 'none'}; "
        f"{known:,} n-grams."
    ]
    parts, scores, folders = [], [computed], []
    for each in section.parts:
        models = [model for folder in each.folders for model in find_models(Path(folder))]
        if section.ensemble == "averaging":
            part, what = load_part(each.name, models, taxonomy), "logits, averaged"
        else:
            ids = [id_ for corpus in train for id_ in corpus.ids]
            part, own = read_part(each, Examples(ids, turns, labels), taxonomy)
            scores.append(own)
            what = "held-out scores"
        parts.append(part)
        folders.append(tuple(models))
        notes.append(f"Part {each.name}: {what} of {len(models)} trained models.")
    every = AllFeatures(FeatureEncoder(features), tuple(parts))
    if not every.columns:
        raise InputError("model.features and model.parts are empty; name one feature or part.")
    return CombinerFamily(
        # It makes features where other encoders make tokens.
        encoder=cast(Any, CombinerEncoder(every, tuple(folders))),
        reads_labels=False,
        notes=tuple(notes),
        facts={"features": len(every.columns), "n-grams": known},
        train_features=np.concatenate(scores, axis=1),
    )


def check_recipe(recipe: Recipe) -> None:
    """Check that nothing is set that trees do not heed.

    Raises:
        InputError: something is.
    """
    section = cast(CombinerSection, recipe.model)
    for name, kept in (
        ("training", set()),
        ("objective", {"class_weights"}),
        ("text", {"steps", "languages"}),
    ):
        given: Section = getattr(recipe, name)
        plain = type(given)().model_dump(exclude=kept)
        changed = [
            f"{name}.{key}"
            for key, value in given.model_dump(exclude=kept).items()
            if value != plain[key]
        ]
        if changed:
            raise InputError(
                f"{', '.join(changed)}: no effect on a combiner. Leave it out; what can be set of "
                f"the kind is {MEANT[name]}."
            )
    groups = set(section.features)
    unheeded = {
        "vectors: no effect on this combiner; add vectors to model.features": (
            recipe.vectors != VectorsSection() and "vectors" not in groups
        ),
        "model.lexicon: no effect on this combiner; add lexicon to model.features": (
            section.lexicon is not None and not groups & {"lexicon", "negation"}
        ),
        "corpus.listwise: no effect on a combiner; leave it out": any(
            corpus.listwise for corpus in recipe.corpora
        ),
    }
    for told, wrong in unheeded.items():
        if wrong:
            raise InputError(f"{told}.")
    if recipe.mix.alpha != 1.0 or any(section.share is not None for section in recipe.corpora):
        raise InputError(
            "mix.alpha and the share of a corpus have no effect on a combiner, which reads every "
            "text once. Leave them out."
        )


def fit_features(
    recipe: Recipe, pipeline: TextPipeline, train: Examples, names: tuple[str, ...]
) -> tuple[Features, NDArray[np.float32]]:
    """Features fitted to texts, and those of the same texts.

    Args:
        recipe: which features.
        pipeline: the cleaning.
        train: the texts.
        names: of the K labels.
    """
    section, turns = cast(CombinerSection, recipe.model), train.turns
    groups = section.features
    shape = GramShape(
        section.turns, choose_kinds(groups), section.grams.words, section.grams.characters
    )
    empty = GramTable(
        shape,
        np.empty(0, np.uint64),
        np.empty(0, np.float32),
        np.empty((0, len(names)), np.float32),
    )
    words: Mapping[str, set[str]] = {}
    if "lexicon" in groups or "negation" in groups:
        words = load_shipped_words()
    if section.lexicon is not None:
        own = read_words(Path(section.lexicon))
        words = {name: words.get(name, set()) | own.get(name, set()) for name in {**words, **own}}
    if section.emoji_names:
        words = add_emoji(words)
    plain = Features(groups, section.turns, names, pipeline, empty, (), Lexicon.of(words))
    batches = [plain.read(batch) for batch in split_batches(turns)]
    grams, evidence = fit_grams(batches, train.labels, shape, section.grams, recipe.seed)
    features = Features(
        groups=groups,
        turns=section.turns,
        labels=names,
        pipeline=pipeline,
        grams=grams,
        emoji=tuple(count_emoji(batches, section.emoji)) if "emoji" in groups else (),
        lexicon=plain.lexicon,
        vectors=make_vector_table(recipe, batches) if "vectors" in groups else None,
    )
    measured = [
        features.measure(batch, buffer)
        for batch, buffer in zip(split_batches(turns), batches, strict=True)
    ]
    return features, features.join(evidence, np.concatenate(measured))


def count_emoji(batches: Sequence[WordBuffer], most: int) -> Iterator[str]:
    """The most frequent emoji."""
    counts: Counter[str] = Counter()
    for buffer in batches:
        words = buffer.words
        counts.update(buffer.read(words, int(at)) for at in np.flatnonzero(words.emoji))
    # Of equally frequent ones always the same.
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    yield from (emoji for emoji, _ in ordered[:most])


def make_vector_table(recipe: Recipe, batches: Sequence[WordBuffer]) -> WordVectorTable:
    """Vectors of the words of training that have one."""
    section = recipe.vectors
    vectors = load_vectors(section.words)
    counts: Counter[str] = Counter()
    for buffer in batches:
        words = buffer.words
        _, first, times = np.unique(words.hashes, return_index=True, return_counts=True)
        for at, count in zip(first, times, strict=True):
            counts[buffer.read(words, int(at))] += int(count)
    kept = sorted(word for word, count in counts.items() if count >= section.min_count)
    matrix, known = vectors.lookup(kept)
    names = [word for word, has in zip(kept, known, strict=True) if has]
    return WordVectorTable(WordBuffer.of(names).words.hashes, matrix[known].astype(np.float16))
