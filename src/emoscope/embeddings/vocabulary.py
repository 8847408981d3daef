"""Words to ids: types of the training text, then words that only the vectors know."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from emoscope.bounded import read_bounded
from emoscope.embeddings.vectors import WordVectors
from emoscope.errors import InputError
from emoscope.files import write_text

PAD = 0
UNKNOWN = 1
_FIXED = ("<pad>", "<unk>")
_FORMAT = "emoscope-vocabulary-1"
_MAX_BYTES = 500_000_000
"""Of a file with millions of words."""
_BLOCK_ROWS = 65_536

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Vocabulary:
    """Ids of words: specials, then the types of the training text, then the extension.

    Id 0 is `<pad>` and 1 is `<unk>`. The first `size` ids have trained rows in a model's embedding
    table; the `extension_size` ids after them are words that the training text lacks and the
    vectors have, so that annotation uses their vectors. Padding is no word: the token "<pad>" of
    a text is unknown.

    Attributes:
        specials: `<pad>`, `<unk>`, then other tokens that are not counted, such as `<eos>`.
        words: trained types, by falling frequency.
        counts: occurrences of each trained type in the training text.
        extension: words beyond the trained types, in the order of the vectors.

    Raises:
        InputError: if a token comes twice, or the parts do not fit together.
    """

    specials: tuple[str, ...]
    words: tuple[str, ...]
    counts: tuple[int, ...]
    extension: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.specials[:2] != _FIXED:
            raise InputError(
                f"The first two special tokens must be {_FIXED}, got {self.specials[:2]}."
            )
        if len(self.words) != len(self.counts):
            raise InputError(
                f"Expected a count for each of the {len(self.words)} trained words, got "
                f"{len(self.counts)} counts."
            )
        if any(count < 1 for count in self.counts):
            raise InputError("Every trained word must have a count of at least 1.")
        tokens = self.tokens
        ids = dict(zip(tokens, range(len(tokens)), strict=True))
        if len(ids) != len(tokens):
            twice = next(token for i, token in enumerate(tokens) if ids[token] != i)
            raise InputError(f"The token {twice!r} comes more than once in the vocabulary.")
        del ids[_FIXED[PAD]]
        object.__setattr__(self, "_ids", ids)

    @classmethod
    def fit(
        cls,
        documents: Iterable[Sequence[str]],
        *,
        vectors: WordVectors | None = None,
        max_size: int = 15_000,
        min_count: int = 1,
        specials: Sequence[str] = ("<eos>",),
        extension: int | None = None,
    ) -> "Vocabulary":
        """Count the types of training documents and keep the most frequent.

        Ties keep the order in which types first appear. Tokens equal to a special token are not
        counted, nor are tokens with half a surrogate pair, which no UTF-8 file can hold.

        Args:
            documents: tokens of each training text; never those of dev or test.
            vectors: the word vectors the model will use.
            max_size: most trained types, special tokens not counted.
            min_count: least occurrences of a type without a vector; a type with one is always
                worth a row.
            specials: further special tokens after `<pad>` and `<unk>`.
            extension: how many further words of the vectors to take, the first (most frequent)
                ones; None takes all, 0 none.

        Raises:
            InputError: if a size is out of range, a special token comes twice, or a document is
                text rather than tokens.
        """
        least = {"max_size": (max_size, 1), "min_count": (min_count, 1)}
        if extension is not None:
            least["extension"] = (extension, 0)
        for name, (value, bound) in least.items():
            if value < bound:
                raise InputError(f"{name} must be at least {bound}, got {value}.")
        reserved = (*_FIXED, *specials)
        counts = Counter(chain.from_iterable(map(_tokens, documents)))
        for token in reserved:
            counts.pop(token, None)
        kept = [
            (word, count)
            for word, count in counts.items()
            if (count >= min_count or (vectors is not None and word in vectors)) and _storable(word)
        ]
        # A stable sort: dictionaries keep the order of first appearance.
        kept.sort(key=lambda pair: -pair[1])
        kept = kept[:max_size]
        words = tuple(word for word, _ in kept)
        further: list[str] = []
        if vectors is not None:
            taken = {*reserved, *words}
            further = [word for word in vectors.words if word not in taken][:extension]
        return cls(reserved, words, tuple(count for _, count in kept), tuple(further))

    @property
    def size(self) -> int:
        """Trained rows: special tokens and trained types."""
        return len(self.specials) + len(self.words)

    @property
    def extension_size(self) -> int:
        """Words beyond the trained types."""
        return len(self.extension)

    @property
    def tokens(self) -> tuple[str, ...]:
        """All tokens in the order of their ids."""
        return self.specials + self.words + self.extension

    def __len__(self) -> int:
        return self.size + self.extension_size

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """Id of each token; 1 where it is unknown."""
        return list(map(self._ids.get, tokens, repeat(UNKNOWN)))

    def encode(self, tokens: Sequence[str]) -> npt.NDArray[np.int64]:
        """Ids of T tokens as an array (T,), 1 where a token is unknown."""
        return np.fromiter(
            map(self._ids.get, tokens, repeat(UNKNOWN)),
            dtype=np.int64,
            count=len(tokens),
        )

    def save(self, path: str | Path) -> None:
        """Write `vocabulary.json`, UTF-8. The file appears whole or not at all."""
        content = {
            "format": _FORMAT,
            "specials": self.specials,
            "words": self.words,
            "counts": self.counts,
            "extension": self.extension,
        }
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        write_text(Path(path), text)

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """Read what `save` wrote.

        Raises:
            InputError: if the file is missing, damaged or something else.
        """
        path = Path(path)
        try:
            content = json.loads(read_bounded(path, _MAX_BYTES))
        except FileNotFoundError as error:
            raise InputError(f"{path}: no vocabulary here; expected a vocabulary.json.") from error
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise InputError(f"{path}: expected a vocabulary in JSON: {error}.") from error
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise InputError(f"{path}: expected a vocabulary in the format {_FORMAT!r}.")
        try:
            return cls(
                _listed(content, "specials", str),
                _listed(content, "words", str),
                _listed(content, "counts", int),
                _listed(content, "extension", str),
            )
        except InputError as error:
            raise InputError(f"{path}: {error}") from error


def _tokens(document: Sequence[str]) -> Sequence[str]:
    if isinstance(document, str):
        raise InputError(
            f"Expected the tokens of each document, got the text {document[:40]!r}. Split it first."
        )
    return document


def _storable(word: str) -> bool:
    try:
        word.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _listed(content: dict[str, Any], key: str, kind: type) -> tuple[Any, ...]:
    values = content.get(key)
    if not isinstance(values, list) or not set(map(type, values)) <= {kind}:
        raise InputError(f"expected {key!r} to be a list of {kind.__name__} values.")
    return tuple(values)


def embedding_matrix(
    vocabulary: Vocabulary,
    vectors: WordVectors,
    *,
    seed: int,
    unknown: Literal["normal", "zeros"] = "normal",
) -> tuple[Floats, Floats]:
    """Rows of an embedding table for a vocabulary.

    Args:
        vocabulary: S trained rows and E words of extension.
        vectors: (V, D), those the vocabulary was fitted with.
        seed: of the random rows.
        unknown: trained rows without a vector are drawn from N(0, σ²), σ the standard deviation
            of all values of the vectors, or are zeros.

    Returns:
        trained: (S, D) float32; the row of `<pad>` is zero.
        extension: (E, D) float32.

    Raises:
        InputError: if a word of the extension has no vector, or `unknown` is neither.
    """
    if unknown not in ("normal", "zeros"):
        raise InputError(f"unknown must be 'normal' or 'zeros', got {unknown!r}.")
    trained, known = vectors.lookup(vocabulary.tokens[: vocabulary.size])
    known[PAD] = True
    trained[PAD] = 0
    if unknown == "normal":
        shape = (int((~known).sum()), vectors.dimension)
        trained[~known] = np.random.default_rng(seed).normal(0, _deviation(vectors.matrix), shape)
    extension, found = vectors.lookup(vocabulary.extension)
    if not found.all():
        first = vocabulary.extension[int(np.argmin(found))]
        raise InputError(
            f"{int((~found).sum())} of the {len(found)} words of the vocabulary's extension are "
            f"not in the vectors {vectors.name!r}, {first!r} for one. Use the vectors that the "
            "vocabulary was fitted with."
        )
    return trained, extension


def _deviation(matrix: Floats) -> float:
    """Standard deviation of all values, in blocks: a copy in float64 could fill the memory."""
    if not matrix.size:
        return 0.0
    mean = float(matrix.mean(dtype=np.float64))
    blocks = (matrix[row : row + _BLOCK_ROWS] for row in range(0, len(matrix), _BLOCK_ROWS))
    total = sum(float(np.square(block.astype(np.float64) - mean).sum()) for block in blocks)
    return math.sqrt(total / matrix.size)
