"""Bytes of files and of streams: counted as they are read, and unpacked if they are compressed."""

import gzip
import io
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO, cast

from emoscope.errors import InputError, require

Compression = Literal["gzip", "zstd"]
BLOCK_BYTES = 1 << 20
SUFFIXES: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_MAGIC: dict[bytes, Compression] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


@dataclass
class Meter:
    """How much of an input has been read.

    Attributes:
        done: bytes as they lie in the file, or rows of a Parquet file.
        total: of them; None where nobody knows, as of a pipe.
    """

    done: int = 0
    total: int | None = None


class _MeteredFile(io.FileIO):
    """A file that counts what is read of it."""

    def __init__(self, path: Path, meter: Meter) -> None:
        super().__init__(path)
        self._meter = meter
        meter.total = path.stat().st_size

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer)
        self._meter.done += count
        return count


def find_compression(name: str) -> Compression | None:
    """Find the compression of a file by the suffix of its name."""
    return SUFFIXES.get(Path(name.lower()).suffix)


def make_byte_reader(stream: Any) -> Callable[[int], bytes]:
    """Make a function that reads available bytes without waiting for a full block."""
    if isinstance(stream, io.TextIOBase):
        return lambda size: stream.read(size).encode("utf-8", "backslashreplace")
    return cast("Callable[[int], bytes]", getattr(stream, "read1", stream.read))


@contextmanager
def open_source(
    source: Path | TextIO | BinaryIO, name: str, meter: Meter | None = None
) -> Iterator[BinaryIO]:
    """The bytes of a file or of an open stream, unpacked if their first ones say gzip or zstd.

    Args:
        source: a file, which is closed afterwards, or a stream, which is not.
        name: the name of the source, for messages.
        meter: counts what is read of a file.

    Raises:
        InputError: here or while it is read: a file that cannot be read, or whose compression is
            broken or is not what its suffix says.
    """
    kind: Compression | None = None
    try:
        if isinstance(source, Path):
            with io.BufferedReader(_MeteredFile(source, meter or Meter())) as stream:
                kind = _detect_compression(stream)
                said = find_compression(source.name)
                if said not in (None, kind) and stream.peek(1):
                    raise _make_broken_error(name, said, "it does not start like one")
                yield _unpack(cast("BinaryIO", stream), kind)
        else:
            given = cast("BinaryIO", getattr(source, "buffer", source))
            kind = _detect_compression(given)
            yield _unpack(given, kind)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise _make_broken_error(name, "gzip", error) from error
    except OSError as error:
        # Errors of the operating system have an errno; pyarrow's decompression errors have none.
        if kind == "zstd" and error.errno is None:
            raise _make_broken_error(name, "zstd", error) from error
        raise InputError(f"{name}: cannot be read ({error.strerror or error}).") from error


@contextmanager
def open_seekable(source: Path | TextIO | BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Open the unpacked bytes of a source as a seekable file.

    What is no plain file is copied to a temporary one first.
    """
    if isinstance(source, Path) and not _is_compressed(source):
        with source.open("rb") as plain:
            yield plain
        return
    with tempfile.TemporaryFile() as copy:
        with open_source(source, name) as stream:
            read = make_byte_reader(stream)
            while block := read(BLOCK_BYTES):
                copy.write(block)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as stream:
        return _detect_compression(stream) is not None


def _detect_compression(stream: Any) -> Compression | None:
    head: bytes = stream.peek(4) if hasattr(stream, "peek") else b""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def _unpack(stream: BinaryIO, kind: Compression | None) -> BinaryIO:
    if kind == "gzip":
        return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
    if kind == "zstd":
        pa = require("pyarrow", "parquet")

        return cast("BinaryIO", pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd"))
    return stream


def _make_broken_error(name: str, kind: str | None, error: object) -> InputError:
    return InputError(
        f"{name}: expected a whole {kind} file, got a broken one ({error}). "
        "Fetch or compress it again."
    )
