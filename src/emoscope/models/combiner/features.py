"""Named lexical features of conversations, computed for many of them at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emoscope.models.combiner.buffers import (
    CharacterBuffer,
    Hashes,
    HashTable,
    WordBuffer,
    flatten_turns,
)
from emoscope.models.combiner.grams import KINDS, GramTable
from emoscope.models.combiner.lexicon import NEGATION, Lexicon
from emoscope.models.combiner.style import STYLE, list_pairs, measure_overlap, measure_style
from emoscope.text import TextPipeline
from emoscope.text.emoji import name_emoji

Floats = NDArray[np.float32]
CHARACTERS = 100_000
"""Characters read at a time: few enough for the arrays to stay in the cache of a core."""


@dataclass(frozen=True)
class Feature:
    """One column of the features.

    Attributes:
        name: what it is called, e.g. `"turn-1 exclamation marks"`; turn-1 is the last turn.
        group: which group it is switched on and off with.
        turn: the turn that it is about, 0 for the last, None of several.
        label: the label that it is evidence of, if any.
    """

    name: str
    group: str
    turn: int | None = None
    label: str | None = None


@dataclass(frozen=True)
class WordVectorTable:
    """Static vectors of words, found by hashes.

    Attributes:
        hashes: of the W words, (W,).
        matrix: (W, D).
    """

    hashes: Hashes
    matrix: NDArray[np.floating]

    @cached_property
    def table(self) -> HashTable:
        """Finds rows."""
        return HashTable(self.hashes)

    def average(self, buffer: WordBuffer) -> Floats:
        """The mean vector of the known words of each text, zeros where there are none, (P, D)."""
        words = buffer.words
        rows = self.table.find(words.hashes)
        known = rows >= 0
        places = words.places[known]
        found = np.zeros((buffer.count, self.matrix.shape[1]), dtype=np.float32)
        # Words of one text stand together.
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        if len(starts):
            sums = np.add.reduceat(self.matrix[rows[known]].astype(np.float32), starts, axis=0)
            counts = np.diff(np.append(starts, len(places)))
            found[places[starts]] = sums / counts[:, None]
        return found


@dataclass(frozen=True, eq=False)
class Features:
    """All lexical features of a model.

    Attributes:
        groups: those that are computed, of `section.GROUPS`.
        turns: how many turns are told apart.
        labels: names of the K labels.
        pipeline: the cleaning of the turns; it leaves them apart.
        grams: n-grams and their evidence.
        emoji: the emoji that have a feature of their own.
        lexicon: word lists by category.
        vectors: of words; None where the group is off.
    """

    groups: tuple[str, ...]
    turns: int
    labels: tuple[str, ...]
    pipeline: TextPipeline
    grams: GramTable
    emoji: tuple[str, ...]
    lexicon: Lexicon
    vectors: WordVectorTable | None = None

    @cached_property
    def columns(self) -> tuple[Feature, ...]:
        """What each of the F columns is."""
        found = [
            Feature(f"turn-{turn + 1} {kind}: {label}", kind, turn, label)
            for kind, turn in self.grams.shape.blocks
            for label in self.labels
        ]
        found += [
            Feature(f"all turns {kind}: {label}", kind, None, label)
            for kind in self.grams.shape.kinds
            for label in self.labels
        ]
        for turn in range(self.turns):
            name = f"turn-{turn + 1}"
            found += [Feature(f"{name} {what}", group, turn) for group, what in self._per_turn()]
        if "overlap" in self.groups:
            found += [
                Feature(f"overlap of turn-{one + 1} and turn-{other + 1}", "overlap")
                for one, other in list_pairs(self.turns)
            ]
        return tuple(found)

    def _per_turn(self) -> Iterator[tuple[str, str]]:
        """Group and name of what is measured of each turn by itself."""
        if "style" in self.groups:
            yield from (("style", name) for name in STYLE)
        if "emoji" in self.groups:
            yield "emoji", "emoji"
            yield from (("emoji", f"emoji {name_emoji(each)!r}") for each in self.emoji)
        for category in self.lexicon.categories:
            group = "negation" if category == NEGATION else "lexicon"
            if group in self.groups:
                yield group, f"words of {category}"
        if self.vectors is not None:
            size = self.vectors.matrix.shape[1]
            yield from (("vectors", f"word vectors {number}") for number in range(size))

    @cached_property
    def _emoji_table(self) -> HashTable:
        return HashTable(WordBuffer.of(self.emoji).words.hashes)

    @cached_property
    def _categories(self) -> list[int]:
        """Places of the categories of the lexicon whose group is on."""
        return [
            place
            for place, category in enumerate(self.lexicon.categories)
            if ("negation" if category == NEGATION else "lexicon") in self.groups
        ]

    def compute(self, conversations: Sequence[Sequence[str]]) -> Floats:
        """The features of N conversations, (N, F)."""
        parts = [self._compute(texts) for texts in split_batches(conversations)]
        return np.concatenate([np.empty((0, len(self.columns)), np.float32), *parts])

    def _compute(self, conversations: Sequence[Sequence[str]]) -> Floats:
        clean = self.read(conversations)
        evidence = self.grams.score(clean)
        return self.join(evidence, self.measure(conversations, clean))

    def read(self, conversations: Sequence[Sequence[str]]) -> WordBuffer:
        """The cleaned turns of N conversations."""
        cleaned = [self.pipeline(turns) for turns in conversations]
        return WordBuffer.of(flatten_turns(cleaned, self.turns))

    def join(self, evidence: Floats, measured: Floats) -> Floats:
        """Evidence (N, B, K) and everything else as the columns of `columns`."""
        count = len(evidence)
        kinds, labels = len(self.grams.shape.kinds), len(self.labels)
        by_kind = evidence.reshape(count, kinds, self.turns, labels).sum(axis=2)
        return np.concatenate(
            [
                evidence.reshape(count, kinds * self.turns * labels),
                by_kind.reshape(count, kinds * labels),
                measured,
            ],
            axis=1,
        )

    def measure(self, conversations: Sequence[Sequence[str]], clean: WordBuffer) -> Floats:
        """All but the evidence of n-grams."""
        of_turns = []
        if "style" in self.groups:
            raw = CharacterBuffer.of(flatten_turns(conversations, self.turns))
            of_turns.append(measure_style(raw, clean))
        if "emoji" in self.groups:
            of_turns.append(self._count_emoji(clean))
        if self._categories:
            of_turns.append(self.lexicon.count(clean)[:, self._categories])
        if self.vectors is not None:
            of_turns.append(self.vectors.average(clean))
        count = clean.count // self.turns
        found = [_widen(np.concatenate(of_turns, axis=1), count)] if of_turns else []
        if "overlap" in self.groups:
            found.append(measure_overlap(clean, self.turns))
        return np.concatenate([np.empty((count, 0), np.float32), *found], axis=1)

    def _count_emoji(self, clean: WordBuffer) -> Floats:
        """All emoji of each text, and those that have a feature of their own, (P, 1 + E)."""
        words = clean.words
        places, hashes = words.places[words.emoji], words.hashes[words.emoji]
        counts = np.zeros((clean.count, 1 + len(self.emoji)), dtype=np.float32)
        np.add.at(counts[:, 0], places, 1)
        rows = self._emoji_table.find(hashes)
        np.add.at(counts, (places[rows >= 0], 1 + rows[rows >= 0]), 1)
        return counts


def _widen(values: Floats, count: int) -> Floats:
    """Values of N times turns texts as those of N conversations."""
    return values.reshape(count, values.size // count if count else 0)


def split_batches(conversations: Sequence[Sequence[str]]) -> Iterator[Sequence[Sequence[str]]]:
    """Conversations in batches of at most `CHARACTERS`, or of one that is longer."""
    start = size = 0
    for end, turns in enumerate(conversations):
        length = sum(map(len, turns)) + 2 * len(turns)
        if size + length > CHARACTERS and end > start:
            yield conversations[start:end]
            start, size = end, 0
        size += length
    if start < len(conversations):
        yield conversations[start:]


def choose_kinds(groups: Sequence[str]) -> tuple[str, ...]:
    """The kinds of n-grams whose groups are on."""
    return tuple(kind for kind in KINDS if kind in groups)
