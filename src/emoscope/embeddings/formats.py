"""Files of word vectors: GloVe's and word2vec's text, word2vec's binary, and safetensors.

Every reader gives a `VectorTable`: V distinct words and their matrix (V, D) float32, in file order.
"""

import zlib
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from emoscope.errors import InputError, require, telling_saves
from emoscope.files import written_aside

SAFETENSORS_FORMAT = "emoscope-vectors-1"
_CHUNK_LINES = 8192
_LARGEST = float(np.finfo(np.float32).max)

Floats = npt.NDArray[np.float32]


class VectorTable(NamedTuple):
    """What a file holds: its name, V words and their matrix (V, D)."""

    name: str
    words: tuple[str, ...]
    matrix: Floats


def read_text(path: Path) -> VectorTable:
    """Read GloVe's text (no header) or word2vec's (a first line with the two sizes).

    A word may hold spaces, as ". . ." does in GloVe 840B: the last D fields are its vector. gensim
    cuts at the first space and fails there, does not say which value is bad, and is several times
    slower, so it is not used here.

    Raises:
        InputError: naming the line, if its number of values is not that of the first, or a value
            is not a finite number; or if the file holds fewer words than its header says.
    """
    words: dict[str, None] = {}
    rows = 0
    with path.open("rb") as file:
        declared, dimension, first = _text_header(path, file)
        data = file.tell()
        # Counted first, so that the largest files are in memory once, not also in blocks.
        matrix: Floats = np.empty((_count_lines(file), dimension), dtype=np.float32)
        file.seek(data)
        while lines := list(islice(file, _CHUNK_LINES)):
            number = first + rows
            split = [_split_line(path, number + i, line, dimension) for i, line in enumerate(lines)]
            block = _numbers(path, number, [values for _, values in split], dimension)
            new = []
            for row, (word, _) in enumerate(split):
                if word not in words:
                    words[word] = None
                    new.append(row)
            matrix[len(words) - len(new) : len(words)] = block[new]
            rows += len(lines)
    if declared is not None and rows != declared:
        raise InputError(
            f"{path}: its header promises {declared} words, the file holds {rows}; it is "
            "truncated or damaged. Get it again."
        )
    return VectorTable(path.stem, tuple(words), matrix[: len(words)])


def _count_lines(file: IO[bytes]) -> int:
    """Lines from here to the end, the last with or without its line break."""
    count, last = 0, b"\n"
    while chunk := file.read(1 << 22):
        count += chunk.count(b"\n")
        last = chunk[-1:]
    return count + (last != b"\n")


def _text_header(path: Path, file: IO[bytes]) -> tuple[int | None, int, int]:
    """Declared words (None without a header), dimension, and number of the first data line."""
    line = file.readline()
    fields = line.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        declared, dimension = int(fields[0]), int(fields[1])
        if declared and dimension:
            return declared, dimension, 2
    else:
        file.seek(0)
        dimension = 0
        # Spaces alone part a word from its vector, as in `_split_line`.
        for field in reversed(line.rstrip(b" \r\n").split(b" ")[1:]):
            if not _is_number(field):
                break
            dimension += 1
        if dimension:
            return None, dimension, 1
    raise InputError(
        f"{path}, line 1: expected a word and its vector, or the two positive sizes of a "
        "word2vec header. Is this a file of word vectors?"
    )


def _split_line(path: Path, number: int, line: bytes, dimension: int) -> tuple[str, str]:
    """The word and the text of its numbers."""
    line = line.rstrip(b" \r\n")
    spaces = line.count(b" ")
    if spaces == dimension:
        word, values = line.split(b" ", 1)
    else:
        parts = line.rsplit(b" ", dimension)
        word = parts[0]
        # A word may hold spaces, but not end in a number: that is a vector that is too long.
        if spaces < dimension or _is_number(word.rpartition(b" ")[2]):
            raise InputError(
                f"{path}, line {number}: expected a word and {dimension} values as on the first "
                f"line, found {spaces} value(s). The file is truncated or damaged; get it again."
            )
        values = b" ".join(parts[1:])
    return word.decode("utf-8", errors="replace"), values.decode("ascii", errors="replace")


def _numbers(path: Path, number: int, values: list[str], dimension: int) -> Floats:
    """Parse N lines of D numbers to (N, D); `number` is the first line's, for errors."""
    problem: object = "the numbers of fields differ"
    try:
        block: Floats = np.loadtxt(values, dtype=np.float32, comments=None, delimiter=" ", ndmin=2)
        if block.shape == (len(values), dimension) and np.isfinite(block).all():
            return block
    except ValueError as error:
        problem = error
    for row, line in enumerate(values):
        for value in line.split(" "):
            if not (_is_number(value) and abs(float(value)) <= _LARGEST):
                raise InputError(
                    f"{path}, line {number + row}: expected {dimension} finite numbers, found "
                    f"{value[:40]!r} among them. The file is damaged; get it again."
                )
    raise InputError(f"{path}, from line {number}: cannot be read as numbers: {problem}.")


def _is_number(text: str | bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_binary(path: Path) -> VectorTable:
    """Read word2vec's binary format with gensim.

    Raises:
        InputError: if the file is truncated, damaged or in another format.
    """
    with path.open("rb") as file:
        fields = file.readline(100).split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields):
        raise InputError(
            f"{path}: expected word2vec's binary format, which begins with a line of two integers. "
            "A text file must have a name ending in .txt or .vec."
        )
    # Checked first, because gensim reserves the memory that a damaged header asks for.
    needed = int(fields[0]) * int(fields[1]) * np.dtype(np.float32).itemsize
    if path.stat().st_size < needed:
        raise InputError(
            f"{path}: its header promises {int(fields[0])} words of {int(fields[1])} dimensions, "
            f"at least {needed} bytes; the file has {path.stat().st_size}. Get it again."
        )
    keyed = require("gensim.models.keyedvectors", "train").KeyedVectors
    try:
        loaded = keyed.load_word2vec_format(str(path), binary=True, unicode_errors="replace")
    except (EOFError, ValueError) as error:
        raise InputError(
            f"{path}: expected word2vec's binary format; the file is truncated or damaged "
            f"({error}). Get it again."
        ) from error
    if not np.isfinite(loaded.vectors).all():
        raise InputError(f"{path}: damaged, some values are not finite numbers. Get it again.")
    # After duplicates gensim leaves as many None at the end.
    words = tuple(word for word in loaded.index_to_key if word is not None)
    return VectorTable(path.stem, words, loaded.vectors[: len(words)])


def write_safetensors(table: VectorTable, path: Path) -> None:
    """Write `matrix` (V, D) float32 and `words`, bytes of UTF-8 with a word a line.

    The file appears whole or not at all, also when several processes write it.

    Raises:
        InputError: if a word holds a line break.
    """
    safetensors = require("safetensors.numpy", "train")
    for word in table.words:
        if "\n" in word:
            raise InputError(f"Vectors {table.name!r}: the word {word!r} holds a line break.")
    words = np.frombuffer("\n".join(table.words).encode("utf-8"), dtype=np.uint8)
    matrix = np.ascontiguousarray(table.matrix)
    metadata = {
        "format": SAFETENSORS_FORMAT,
        "name": table.name,
        "crc32": _checksum(words, matrix),
    }
    with telling_saves(path), written_aside(path, unique=True) as partial:
        safetensors.save_file({"matrix": matrix, "words": words}, partial, metadata)


def read_safetensors(path: Path) -> VectorTable:
    """Read what `write_safetensors` wrote.

    Raises:
        InputError: if the file is damaged or something else.
    """
    safetensors = require("safetensors", "train")
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata: dict[str, str] = file.metadata() or {}
            if metadata.get("format") != SAFETENSORS_FORMAT:
                raise InputError(
                    f"{path}: expected vectors in the format {SAFETENSORS_FORMAT!r}, found "
                    f"{metadata.get('format')!r}. Write them with emoscope's `save_vectors`."
                )
            matrix, words = file.get_tensor("matrix"), file.get_tensor("words")
    except safetensors.SafetensorError as error:
        raise InputError(f"{path}: damaged or not a safetensors file ({error}).") from error
    if metadata.get("crc32") != _checksum(words, matrix):
        raise InputError(f"{path}: damaged, its contents do not match its checksum.")
    listed = words.tobytes().decode("utf-8").split("\n") if len(matrix) else []
    return VectorTable(metadata.get("name", path.stem), tuple(listed), matrix)


def _checksum(*arrays: npt.NDArray[Any]) -> str:
    value = 0
    for array in arrays:
        if array.size:
            value = zlib.crc32(array.view(np.uint8).reshape(-1).data, value)
    return f"{value:08x}"
