"""Many texts as one array of characters, so that no feature needs a Python loop over them.

The turns of N conversations stand end to end, each as ` word word `, and every array says of each
character or word which *place* it is in: conversation times turns plus the turn, counted from the
end. Hashes of stretches of characters come from one running sum (a polynomial rolling hash, Karp &
Rabin 1987), for all stretches at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

SPACE = 32
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)
_EMOJI = (
    (0x203C, 0x203D),
    (0x2049, 0x204A),
    (0x2190, 0x2BFF),
    (0x3030, 0x303E),
    (0x1F000, 0x20000),
)
"""Ranges of characters of which, in cleaned text, emoji are made; see `text.emoji`."""


def flatten_turns(conversations: Sequence[Sequence[str]], turns: int) -> list[str]:
    """The last `turns` turns of each conversation, the last first, N times `turns` texts.

    Where there are more, the earliest of these holds them all; where there are fewer, the rest are
    empty.
    """
    flat: list[str] = []
    for conversation in conversations:
        given = conversation[::-1]
        if len(given) > turns:
            given = [*given[: turns - 1], " ".join(conversation[: len(conversation) - turns + 1])]
        flat += given
        flat += [""] * (turns - len(given))
    return flat


@dataclass(frozen=True)
class CharacterBuffer:
    """Texts end to end.

    Attributes:
        codes: code points of the characters, (C,).
        places: which text each character is of, (C,).
        count: the number of texts, P.
    """

    codes: Ints
    places: Ints
    count: int

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Join texts, each between two spaces."""
        joined = "".join([f" {text} " for text in texts])
        # A lone surrogate is no character, but a text may hold one.
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 2
        places = np.repeat(np.arange(len(texts)), lengths)
        return cls(codes.astype(np.int64), places, len(texts))

    def count_in(self, chosen: NDArray[np.bool_]) -> NDArray[np.float32]:
        """How many characters of each text are chosen, (P,)."""
        counts = np.bincount(self.places[chosen], minlength=self.count)
        return counts.astype(np.float32)


@dataclass(frozen=True)
class Stretches:
    """Stretches of characters: words, runs of words, or n characters.

    Attributes:
        hashes: of what each says, (S,).
        places: the text that each is of, (S,).
        emoji: whether each has an emoji, (S,).
        starts: first characters, (S,).
        ends: one behind the last characters, (S,).
    """

    hashes: Hashes
    places: Ints
    emoji: NDArray[np.bool_]
    starts: Ints
    ends: Ints

    def take(self, chosen: NDArray[np.bool_]) -> "Stretches":
        """Those that are chosen."""
        return Stretches(
            self.hashes[chosen],
            self.places[chosen],
            self.emoji[chosen],
            self.starts[chosen],
            self.ends[chosen],
        )


class WordBuffer(CharacterBuffer):
    """Texts whose words are parted by spaces."""

    @cached_property
    def spaces(self) -> NDArray[np.bool_]:
        """Which characters are spaces, (C,)."""
        return np.asarray(self.codes == SPACE)

    @cached_property
    def spaces_before(self) -> Ints:
        """How many spaces come before each character and the end, (C + 1,)."""
        return _count_before(self.spaces)

    @cached_property
    def emoji_before(self) -> Ints:
        """How many characters of emoji come before each character and the end, (C + 1,)."""
        found = np.zeros(len(self.codes), dtype=np.bool_)
        for low, high in _EMOJI:
            found |= (self.codes >= low) & (self.codes < high)
        return _count_before(found)

    @cached_property
    def running(self) -> tuple[Hashes, Hashes]:
        """The running sum of the hash, and what takes off where a stretch begins, (C + 1,) each."""
        powers = np.full(len(self.codes) + 1, _BASE, dtype=np.uint64)
        inverses = np.full(len(self.codes) + 1, _INVERSE, dtype=np.uint64)
        powers[0] = inverses[0] = 1
        powers, inverses = np.cumprod(powers), np.cumprod(inverses)
        terms = (self.codes.astype(np.uint64) + np.uint64(1)) * powers[:-1]
        return np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms)]), inverses

    @cached_property
    def words(self) -> Stretches:
        """All words."""
        inside = ~self.spaces
        edges = np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8))
        return self.cut(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1))

    def cut(self, starts: Ints, ends: Ints) -> Stretches:
        """The stretches from `starts` up to `ends`."""
        sums, inverses = self.running
        hashes = mix((sums[ends] - sums[starts]) * inverses[starts])
        emoji = self.emoji_before[ends] > self.emoji_before[starts]
        return Stretches(hashes, self.places[starts], emoji, starts, ends)

    def word_runs(self, length: int) -> Stretches:
        """All runs of `length` words of one text."""
        words = self.words
        runs = max(len(words.starts) - length + 1, 0)
        first, last = words.starts[:runs], words.ends[length - 1 :]
        alike = self.places[first] == self.places[last - 1]
        return self.cut(first[alike], last[alike])

    def character_runs(self, length: int) -> Stretches:
        """All runs of `length` characters inside a word with a space on each side."""
        starts = np.arange(max(len(self.codes) - length + 1, 0))
        ends = starts + length
        # A space may begin or end a run, and does not stand within it.
        within = self.spaces_before[ends - 1] - self.spaces_before[starts + 1]
        bare = self.spaces_before[ends] - self.spaces_before[starts] == length
        kept = (within == 0) & ~bare
        return self.cut(starts[kept], ends[kept])

    def read(self, stretches: Stretches, number: int) -> str:
        """What one of the stretches says."""
        codes = self.codes[stretches.starts[number] : stretches.ends[number]]
        return "".join(map(chr, codes))


def _count_before(chosen: NDArray[np.bool_]) -> Ints:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(chosen)])


def mix(hashes: Hashes, salt: int | Hashes = 0) -> Hashes:
    """Scatter hashes evenly over 64 bits (the finaliser of SplitMix64, Steele et al. 2014).

    Args:
        hashes: any number of them.
        salt: makes equal hashes differ from one use to another.
    """
    mixed = hashes + np.asarray(salt, dtype=np.uint64) * np.uint64(_BASE)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


class HashTable:
    """Finds the rows of many hashes at once.

    Args:
        hashes: V different hashes; the row of each is its place.
    """

    def __init__(self, hashes: Hashes) -> None:
        self.hashes = hashes
        # Eight slots a hash, so that few share one; those that do are found by their second slot.
        bits = max(int(len(hashes) * 8).bit_length(), 4)
        self._mask = np.uint64(2**bits - 1)
        self._slots = np.full(2**bits, -1, dtype=np.int32)
        places = (hashes & self._mask).astype(np.int64)
        self._slots[places[::-1]] = np.arange(len(hashes), dtype=np.int32)[::-1]
        beaten = np.flatnonzero(self._slots[places] != np.arange(len(hashes)))
        self._rest = np.sort(hashes[beaten])
        self._rest_rows = beaten[np.argsort(hashes[beaten], kind="stable")]

    def find(self, wanted: Hashes) -> Ints:
        """The row of each hash, -1 of one that is not there, (S,)."""
        if not len(self.hashes):
            return np.full(len(wanted), -1, dtype=np.int64)
        rows = self._slots[(wanted & self._mask).astype(np.int64)].astype(np.int64)
        taken = rows >= 0
        wrong = taken & (self.hashes[rows] != wanted)
        rows[wrong] = -1
        if len(self._rest):
            unsure = np.flatnonzero(wrong)
            at = np.searchsorted(self._rest, wanted[unsure])
            at[at == len(self._rest)] = 0
            hit = self._rest[at] == wanted[unsure]
            rows[unsure[hit]] = self._rest_rows[at[hit]]
        return rows
