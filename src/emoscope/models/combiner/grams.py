"""Word n-grams, character n-grams and emoji of each turn, and what a linear model says of them.

Thousands of n-grams are too many for trees to try one by one, and each says little. So a linear
model over all of them is fitted first, and what the n-grams of one kind in one turn add to the
score of a label, their *evidence*, is a single feature of the trees.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emoscope.models.combiner.buffers import Hashes, HashTable, Ints, Stretches, WordBuffer, mix

Floats = NDArray[np.float32]
KINDS = ("words", "characters", "emoji")


@dataclass(frozen=True)
class GramShape:
    """Which n-grams are read.

    Attributes:
        turns: how many turns are told apart.
        kinds: of `KINDS`, in their order.
        words: the longest run of words.
        characters: the shortest and the longest run of characters.
    """

    turns: int = 3
    kinds: tuple[str, ...] = KINDS
    words: int = 2
    characters: tuple[int, int] = (2, 5)

    @property
    def blocks(self) -> tuple[tuple[str, int], ...]:
        """Kind and turn of each of the B blocks; turn 0 is the last one."""
        return tuple((kind, turn) for kind in self.kinds for turn in range(self.turns))

    def read(self, buffer: WordBuffer) -> Iterator[tuple[str, Stretches]]:
        """The n-grams of texts by kind; an n-gram with an emoji is one of emoji."""
        for length in range(1, self.words + 1):
            runs = buffer.word_runs(length)
            if "words" in self.kinds:
                yield "words", runs.take(~runs.emoji)
            if "emoji" in self.kinds and runs.emoji.any():
                yield "emoji", runs.take(runs.emoji)
        if "characters" in self.kinds:
            for length in range(self.characters[0], self.characters[1] + 1):
                runs = buffer.character_runs(length)
                yield "characters", runs.take(~runs.emoji)


@dataclass(frozen=True)
class Grams:
    """The n-grams of N conversations.

    Attributes:
        hashes: of each with its kind and turn, (S,).
        cells: conversation times B plus the block, (S,).
        stretches: where each stands, for `WordBuffer.read`.
    """

    hashes: Hashes
    cells: Ints
    stretches: tuple[Stretches, ...]


def read_grams(buffer: WordBuffer, shape: GramShape) -> Grams:
    """All n-grams of texts of which `shape.turns` make a conversation."""
    hashes, cells, kept = [], [], []
    width = len(shape.blocks)
    for kind, stretches in shape.read(buffer):
        rows, turns = np.divmod(stretches.places, shape.turns)
        number = shape.kinds.index(kind)
        salts = (turns + 1 + 64 * (KINDS.index(kind) + 1)).astype(np.uint64)
        hashes.append(mix(stretches.hashes, salts))
        cells.append(rows * width + number * shape.turns + turns)
        kept.append(stretches)
    if not hashes:
        return Grams(np.empty(0, np.uint64), np.empty(0, np.int64), ())
    return Grams(np.concatenate(hashes), np.concatenate(cells), tuple(kept))


@dataclass(frozen=True, eq=False)
class GramTable:
    """The n-grams that a model knows, and the evidence of each.

    Attributes:
        shape: which n-grams are read.
        hashes: of the V that are known, (V,).
        rarity: inverse document frequency of each, (V,).
        weights: of each for each label, (V, K).
    """

    shape: GramShape
    hashes: Hashes
    rarity: Floats
    weights: Floats
    table: HashTable = field(init=False, repr=False)
    _evidence: tuple[NDArray[np.float64], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", HashTable(self.hashes))
        columns = (self.rarity[:, None] * self.weights).astype(np.float64)
        object.__setattr__(self, "_evidence", tuple(np.ascontiguousarray(columns.T)))

    def find(self, grams: Grams) -> tuple[Ints, Ints]:
        """Rows of the known n-grams, and their cells."""
        rows = self.table.find(grams.hashes)
        known = rows >= 0
        return rows[known], grams.cells[known]

    def scale(self, rows: Ints, cells: Ints, count: int) -> NDArray[np.float64]:
        """What the values of a cell are multiplied by to have length 1, (N times B,)."""
        squares = np.bincount(
            cells, weights=self.rarity[rows].astype(np.float64) ** 2, minlength=count
        )
        return np.asarray(1 / np.sqrt(np.maximum(squares, 1e-12)))

    def score(self, buffer: WordBuffer) -> Floats:
        """Evidence of each block for each label, (N, B, K)."""
        width, texts = len(self.shape.blocks), buffer.count // self.shape.turns
        count = texts * width
        rows, cells = self.find(read_grams(buffer, self.shape))
        scale = self.scale(rows, cells, count)
        found = np.empty((count, self.weights.shape[1]), dtype=np.float32)
        for label, weights in enumerate(self._evidence):
            found[:, label] = np.bincount(cells, weights=weights[rows], minlength=count) * scale
        return found.reshape(texts, width, self.weights.shape[1])


def count_grams(
    batches: Sequence[WordBuffer], shape: GramShape, min_count: int, max_size: int
) -> tuple[Hashes, Ints]:
    """The most frequent n-grams of training texts, and how often each comes.

    Args:
        batches: the texts.
        shape: which n-grams are read.
        min_count: how often one comes at least.
        max_size: how many there are at most.
    """
    hashes, counts = np.empty(0, np.uint64), np.empty(0, np.int64)
    for buffer in batches:
        new, times = np.unique(read_grams(buffer, shape).hashes, return_counts=True)
        every = np.concatenate([hashes, new])
        hashes, inverse = np.unique(every, return_inverse=True)
        counts = np.bincount(
            inverse, weights=np.concatenate([counts, times]), minlength=len(hashes)
        ).astype(np.int64)
    order = np.argsort(-counts, kind="stable")[:max_size]
    order = np.sort(order[counts[order] >= min_count])
    return hashes[order], counts[order]
