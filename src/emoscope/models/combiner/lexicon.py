"""Word lists by category, known to a model by the hashes of their words alone.

So a folder of a model does not pass on a lexicon whose licence forbids it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError, raise_os_error
from emoscope.models.combiner.buffers import Hashes, HashTable, WordBuffer
from emoscope.text.emoji import list_emoji, name_emoji

MAX_BYTES = 50_000_000
NEGATION = "negation"
WORD = re.compile(r"[^\W\d_]{2,}")
# In names of arrows and hands; elsewhere "right" is what pleases, and "left" what went away.
DIRECTIONS = frozenset({"left", "right"})


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Words and the categories that each is of.

    Attributes:
        categories: names of the C categories.
        hashes: of the W words, (W,).
        members: which categories each word is of, (W, C).
    """

    categories: tuple[str, ...]
    hashes: Hashes
    members: NDArray[np.float32]
    table: HashTable = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", HashTable(self.hashes))

    @classmethod
    def of(cls, words: Mapping[str, set[str]]) -> "Lexicon":
        """Make a lexicon of words by category."""
        every = sorted(set().union(*words.values())) if words else []
        members = [[word in listed for listed in words.values()] for word in every]
        return cls(
            tuple(words),
            WordBuffer.of(every).words.hashes,
            np.array(members, dtype=np.float32).reshape(len(every), len(words)),
        )

    def count(self, buffer: WordBuffer) -> NDArray[np.float32]:
        """How many words of each category each text has, (P, C)."""
        words = buffer.words
        rows = self.table.find(words.hashes)
        known = rows >= 0
        places, found = words.places[known], self.members[rows[known]]
        counts = [np.bincount(places, weights=column, minlength=buffer.count) for column in found.T]
        return np.array(counts, dtype=np.float32).reshape(len(self.categories), -1).T


@cache
def read_emoji_names() -> Mapping[str, frozenset[str]]:
    """The words of the English name of every emoji, in lower case, by its canonical form."""
    return {
        emoji: frozenset(WORD.findall(name_emoji(emoji).lower())) - DIRECTIONS
        for emoji in list_emoji()
    }


def add_emoji(words: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Word lists with the emoji whose names have a word of the list, as "crying face" has.

    So an emoji is counted as a word is, and a model folder says by itself which ones count.
    """
    names = read_emoji_names()
    return {
        category: listed | {emoji for emoji, name in names.items() if name & listed}
        for category, listed in words.items()
    }


def load_shipped_words() -> dict[str, set[str]]:
    """The word lists that ship, by category."""
    file = resources.files("emoscope.models.combiner") / "data" / "lexicon.tsv"
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if not line.startswith("#"))
    return {category: set(words.split()) for category, words in pairs}


def read_words(path: Path) -> dict[str, set[str]]:
    """A user's lexicon, by category: lines of word, category and 1 or 0, parted by tabs.

    A line with two cells is a member; entries of several words are left out, as words are looked up
    one by one.

    Raises:
        InputError: no such file, or a line that is none of these; the message has its number.
    """
    what = f"model.lexicon: {path}"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{what}: a lexicon of over {MAX_BYTES:,} bytes is not read.")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise_os_error(error, path)
        raise InputError(f"{what}: expected a lexicon in UTF-8: {error}.") from None
    words: dict[str, set[str]] = {}
    for number, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not line.strip() or line.startswith("#"):
            continue
        if len(cells) not in (2, 3) or not all(cells) or cells[2:] not in ([], ["0"], ["1"]):
            raise InputError(
                f"{what}, line {number}: expected a word, a category and 1 or 0, parted by tabs, "
                f"got {line[:80]!r}."
            )
        listed = words.setdefault(cells[1], set())
        if cells[2:] != ["0"] and len(cells[0].split()) == 1:
            listed.add(cells[0].lower())
    if not any(words.values()):
        raise InputError(f"{what} has no word. Name a file with some, or leave it out.")
    return words
