"""How a turn is written, whatever its words are, and how turns repeat each other."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from emoscope.models.combiner.buffers import CharacterBuffer, WordBuffer, mix

Floats = NDArray[np.float32]

STYLE = (
    "characters",
    "words",
    "capital letters",
    "share of capital letters",
    "exclamation marks",
    "question marks",
    "full stops",
    "runs of punctuation",
    "lengthened letters",
    "digits",
)
_UPPER = np.array([chr(code).isupper() for code in range(0x600)])
_LETTER = np.array([chr(code).isalpha() for code in range(0x600)])


def measure_style(raw: CharacterBuffer, clean: WordBuffer) -> Floats:
    """Counts of each text as it was written, in the order of `STYLE`, (P, 10).

    Args:
        raw: the texts as they were written.
        clean: the same texts cleaned, for their words.
    """
    codes = raw.codes
    low = np.minimum(codes, len(_UPPER) - 1)
    upper, letter = _UPPER[low], _LETTER[low]
    marks = (codes == ord("!")) | (codes == ord("?")) | (codes == ord("."))
    # Texts are parted by spaces, so that no run goes over an end.
    same = np.append(False, codes[1:] == codes[:-1])
    lengthened = letter & same & _shift(same) & ~_shift(_shift(same))
    repeated = marks & _shift(marks) & ~_shift(_shift(marks))
    characters = raw.count_in(codes != 32)
    letters, capitals = raw.count_in(letter), raw.count_in(upper)
    words = np.bincount(clean.words.places, minlength=clean.count).astype(np.float32)
    return np.stack(
        [
            characters,
            words,
            capitals,
            capitals / np.maximum(letters, 1),
            raw.count_in(codes == ord("!")),
            raw.count_in(codes == ord("?")),
            raw.count_in(codes == ord(".")),
            raw.count_in(repeated),
            raw.count_in(lengthened),
            raw.count_in((codes >= 48) & (codes <= 57)),
        ],
        axis=1,
    )


def _shift(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is true of the character before each."""
    return np.append(False, chosen[:-1])


def list_pairs(turns: int) -> tuple[tuple[int, int], ...]:
    """Pairs of the last three turns, 0 for the last."""
    return tuple(combinations(range(min(turns, 3)), 2))


def measure_overlap(clean: WordBuffer, turns: int) -> Floats:
    """Share of the different words of two turns that both have, for each pair, (N, pairs)."""
    words = clean.words
    rows, place = np.divmod(words.places, turns)
    count = clean.count // turns
    # A word of a conversation once, with a bit for each turn that has it.
    hashes = mix(words.hashes, rows.astype(np.uint64) + np.uint64(1))
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    owners = rows[first]
    held = np.zeros((len(first), turns), dtype=np.bool_)
    held[inverse, place] = True
    shares = []
    for one, other in list_pairs(turns):
        both = np.bincount(owners[held[:, one] & held[:, other]], minlength=count)
        either = np.bincount(owners[held[:, one] | held[:, other]], minlength=count)
        shares.append(both / np.maximum(either, 1))
    return np.array(shares, dtype=np.float32).reshape(-1, count).T
