"""Vectors of emoji: read from emoji2vec's file, or learned in any word space.

Eisner et al. 2016, "emoji2vec: Learning Emoji Representations from their Description"
(arXiv 1609.08359).
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from emoscope.embeddings.vectors import WordVectors, load_vectors
from emoscope.errors import InputError
from emoscope.text.emoji import is_emoji, to_canonical

_WORD = re.compile(r"[^\W_]+")
_LETTER = re.compile(r"[^\W\d_]")
_SKIN_TONE = re.compile(r"_(?:medium-)?(?:light|medium|dark)_skin_tone")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_FUNCTION_WORDS = frozenset(
    {"a", "and", "at", "for", "from", "in", "of", "on", "or", "s", "the", "to", "with"}
)

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EmojiObjective:
    """How emoji vectors are learned from their descriptions.

    Attributes:
        epochs: passes over all descriptions. Many let the negatives push each emoji away from the
            words it is close to, so the default stops early.
        negatives: descriptions of other emoji drawn for each true one.
        batch_size: descriptions in a step.
        learning_rate: Adagrad's, as the length of the first step in units of the median length of
            a description, so that it suits any dimension and scale.
        start_norm: length, in the same units, of the mean description each emoji starts from; 0
            starts from zeros.
    """

    epochs: int = 20
    negatives: int = 1
    batch_size: int = 64
    learning_rate: float = 0.5
    start_norm: float = 2.0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 0), ("negatives", 1), ("batch_size", 1)):
            if getattr(self, name) < least:
                raise InputError(f"{name} must be at least {least}, got {getattr(self, name)}.")
        if not self.learning_rate > 0:
            raise InputError(f"learning_rate must be above 0, got {self.learning_rate}.")
        if not self.start_norm >= 0:
            raise InputError(f"start_norm must not be below 0, got {self.start_norm}.")
        if self.epochs == 0 and self.start_norm == 0:
            raise InputError("epochs and start_norm are both 0: every vector would be zero.")


def load_emoji_vectors(
    path: str | Path, cache: Path | Literal["default"] | None = "default"
) -> WordVectors:
    """Load the vectors of emoji, such as emoji2vec's `emoji2vec.bin`.

    Keys are brought to canonical form; where two become one, the first in the file counts. Keys
    that are no emoji are left out.

    Args:
        path: a file that `load_vectors` reads.
        cache: as for `load_vectors`.

    Raises:
        InputError: as `load_vectors`; or if the file holds no emoji.
    """
    vectors = load_vectors(path, cache)
    rows: dict[str, int] = {}
    for row, word in enumerate(vectors.words):
        if is_emoji(word):
            rows.setdefault(to_canonical(word), row)
    if not rows:
        raise InputError(
            f"{path}: expected vectors of emoji, found {len(vectors)} words and no emoji among "
            f"them (the first is {next(iter(vectors.words), '')!r}). Is this the emoji2vec file?"
        )
    return WordVectors(vectors.name, tuple(rows), vectors.matrix[list(rows.values())])


@functools.cache
def emoji_descriptions() -> dict[str, tuple[tuple[str, ...], ...]]:
    """English descriptions of every emoji of the `emoji` package: its name and its aliases.

    Skin tones are left out, as the canonical form has none; so are function words ("face with
    tears of joy" is face, tears, joy), aliases without a letter (":+1:"), and the aliases of
    flags, which are country codes that read as other words ("us", "it"). Keycaps and flags stay.

    Returns:
        For each canonical emoji its distinct descriptions, each one or more words.
    """
    from emoji import EMOJI_DATA

    found: dict[str, dict[tuple[str, ...], None]] = {}
    for spelling, entry in EMOJI_DATA.items():
        emoji = to_canonical(spelling)
        if not emoji:
            continue
        aliases = () if _FLAG.fullmatch(emoji) else entry.get("alias", ())
        for name in (entry["en"], *aliases):
            words = tuple(
                word
                for word in _WORD.findall(_SKIN_TONE.sub("", name))
                if word not in _FUNCTION_WORDS
            )
            if words and _LETTER.search(name):
                found.setdefault(emoji, {})[words] = None
    return {emoji: tuple(descriptions) for emoji, descriptions in found.items()}


def learn_emoji_vectors(
    vectors: WordVectors, objective: EmojiObjective | None = None, *, seed: int = 0
) -> WordVectors:
    """Learn a vector for every emoji in the space of given word vectors.

    The vector x of an emoji and the sum v of its description's word vectors minimise
    −log σ(x·v) − Σ log(1 − σ(x·v')), v' being sampled descriptions of other emoji. Words are taken
    relative to the mean word of all descriptions: in GloVe all words share a large common part,
    and without it taken out the negatives would only push the emoji away from that. At the end the
    vectors are scaled to the median length that the words of descriptions have relative to that
    mean, and the mean is added back, so that emoji lie among the words and have their norms.

    Words of descriptions without a vector are skipped (a capitalised name is also tried in lower
    case), and emoji without any known word are left out.

    Args:
        vectors: the word space, (V, D).
        objective: how to learn; the default is `EmojiObjective()`.
        seed: of the sampling; the same seed gives the same vectors.

    Returns:
        Vectors (N, D) whose words are canonical emoji.

    Raises:
        InputError: if no description has a known word.
    """
    objective = objective or EmojiObjective()
    emoji: list[str] = []
    owners: list[int] = []
    described: list[list[int]] = []
    for symbol, descriptions in emoji_descriptions().items():
        known = [rows for words in descriptions if (rows := _known_rows(words, vectors))]
        if known:
            owners += [len(emoji)] * len(known)
            described += known
            emoji.append(symbol)
    if not emoji:
        raise InputError(
            f"None of the words that describe emoji is in the vectors {vectors.name!r} "
            f"({len(vectors)} words). Descriptions are English; use English word vectors."
        )
    lengths = np.array([len(rows) for rows in described])
    words = vectors.matrix[np.concatenate(described)].astype(np.float64)
    mean = words.mean(axis=0)
    words -= mean
    sums = np.add.reduceat(words, np.cumsum(lengths) - lengths)
    learned = fit_descriptions(sums, np.array(owners), objective, np.random.default_rng(seed))
    scale = _median_norm(words) / _median_norm(learned)
    matrix = (mean + scale * learned).astype(np.float32)
    return WordVectors(f"emoji-{vectors.name}", tuple(emoji), matrix)


def fit_descriptions(
    sums: Doubles, owners: Integers, objective: EmojiObjective, rng: np.random.Generator
) -> Doubles:
    """Minimise the objective of `learn_emoji_vectors` with Adagrad.

    Args:
        sums: (J, D), the sum of the word vectors of each description.
        owners: (J,), the emoji each description belongs to, 0 to N - 1, rising.
        objective: how to learn.
        rng: draws the order and the negatives.

    Returns:
        (N, D), the vectors of the emoji, in units of 1 / the median length of `sums`.
    """
    counts = np.bincount(owners)
    starts = np.cumsum(counts) - counts
    sums = sums / _median_norm(sums)
    vectors: Doubles = np.add.reduceat(sums, starts)
    vectors *= objective.start_norm / _median_norm(vectors)
    squares = np.zeros_like(vectors)
    rate = objective.learning_rate / np.sqrt(sums.shape[1])
    # A lone emoji has no other to be told from.
    epochs = objective.epochs if len(counts) > 1 else 0
    for _ in range(epochs):
        order = rng.permutation(len(sums))
        for begin in range(0, len(order), objective.batch_size):
            batch = order[begin : begin + objective.batch_size]
            owner = owners[batch]
            drawn = _draw_others(owner, starts, counts, objective.negatives, rng)
            touched, place = np.unique(owner, return_inverse=True)
            _, pairwise = description_loss(vectors[owner], sums[batch], sums[drawn])
            gradient = np.zeros((len(touched), sums.shape[1]))
            np.add.at(gradient, place, pairwise)
            squares[touched] += gradient**2
            vectors[touched] -= rate * gradient / (np.sqrt(squares[touched]) + 1e-12)
    return vectors


def description_loss(
    emoji: Doubles, positives: Doubles, negatives: Doubles
) -> tuple[float, Doubles]:
    """Logistic loss of emoji against a true and several false descriptions, and its gradient.

    Args:
        emoji: (B, D), x.
        positives: (B, D), v.
        negatives: (B, M, D), the v'.

    Returns:
        loss: Σ over B of −log σ(x·v) − Σ log(1 − σ(x·v')), in nats.
        gradient: (B, D), by x.
    """
    true = np.einsum("bd,bd->b", emoji, positives)
    false = np.einsum("bd,bmd->bm", emoji, negatives)
    # log(1 + e^z) is the loss of a false pair, and of a true one with −z.
    loss = np.logaddexp(0, -true).sum() + np.logaddexp(0, false).sum()
    gradient: Doubles = np.einsum("bm,bmd->bd", _sigmoid(false), negatives)
    gradient -= _sigmoid(-true)[:, None] * positives
    return float(loss), gradient


def _sigmoid(values: Doubles) -> Doubles:
    return np.exp(-np.logaddexp(0, -values))


def _draw_others(
    owner: Integers, starts: Integers, counts: Integers, negatives: int, rng: np.random.Generator
) -> Integers:
    """Draw (B, M) descriptions, evenly among all that belong to other emoji."""
    others = (int(counts.sum()) - counts[owner])[:, None]
    drawn = rng.integers(0, others, size=(len(owner), negatives))
    return drawn + np.where(drawn >= starts[owner][:, None], counts[owner][:, None], 0)


def _known_rows(words: Sequence[str], vectors: WordVectors) -> list[int]:
    rows = []
    for word in words:
        row = vectors.index(word)
        if row is None:
            row = vectors.index(word.lower())
        if row is not None:
            rows.append(row)
    return rows


def _median_norm(rows: Doubles) -> float:
    """Median length of the rows, 1 where that is no usable unit (all rows equal, say)."""
    return float(np.median(np.linalg.norm(rows, axis=1))) or 1.0
