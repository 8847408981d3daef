"""Bytes of files and of streams: counted as they are read, and unpacked if they are compressed."""

import io
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from emoscope.errors import explain_os_error
from emoscope.reading.unpacking import (
    Compression,
    Packing,
    detect_packing,
    find_compression,
    find_packing,
    make_broken_error,
    open_member,
    unpack,
)

__all__ = [
    "BLOCK_BYTES",
    "Compression",
    "Meter",
    "find_compression",
    "make_byte_reader",
    "open_seekable",
    "open_source",
]

BLOCK_BYTES = 1 << 20


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


def make_byte_reader(stream: Any) -> Callable[[int], bytes]:
    """Make a function that reads available bytes without waiting for a full block."""
    if isinstance(stream, io.TextIOBase):
        return lambda size: stream.read(size).encode("utf-8", "backslashreplace")
    return cast("Callable[[int], bytes]", getattr(stream, "read1", None) or stream.read)


@contextmanager
def open_source(
    source: Path | TextIO | BinaryIO, name: str, meter: Meter | None = None, *, zipped: bool = True
) -> Iterator[BinaryIO]:
    """The bytes of a file or of an open stream, unpacked if their first ones say how.

    Args:
        source: a file, which is closed afterwards, or a stream, which is not.
        name: the name of the source, for messages.
        meter: counts what is read of a file.
        zipped: whether a stream that starts as a zip archive is one to be unpacked; a file is if
            its name ends in `.zip`.

    Raises:
        InputError: here or while it is read: a file that cannot be read, or whose compression is
            broken or is not what its suffix says.
    """
    kind: Packing | None = None
    try:
        if isinstance(source, Path):
            with io.BufferedReader(_MeteredFile(source, meter or Meter())) as stream:
                kind = _detect_packing(stream, zipped=source.suffix.lower() == ".zip")
                said = find_packing(source.name)
                if said not in (None, kind) and stream.peek(1):
                    raise make_broken_error(name, said, "it does not start like one")
                with _open_packed(cast("BinaryIO", stream), kind, name) as plain:
                    yield plain
        else:
            given = cast("BinaryIO", getattr(source, "buffer", source))
            kind = _detect_packing(given, zipped=zipped)
            if kind == "zip":
                with _copy_to_file(given) as copy, open_member(copy, name) as plain:
                    yield plain
            else:
                yield unpack(given, kind, name)
    except (zlib.error, EOFError) as error:
        raise make_broken_error(name, kind, error) from error
    except OSError as error:
        # Errors of the operating system have an errno; those of decompression have none.
        if kind is not None and error.errno is None:
            raise make_broken_error(name, kind, error) from error
        raise explain_os_error(error, "read", name) from error


@contextmanager
def open_seekable(
    source: Path | TextIO | BinaryIO, name: str, *, zipped: bool = True
) -> Iterator[BinaryIO]:
    """Open the unpacked bytes of a source as a seekable file.

    What is no plain file is copied to a temporary one first. For the arguments see `open_source`.
    """
    plain = None
    try:
        if isinstance(source, Path) and not _is_packed(source):
            plain = source.open("rb")
    except OSError as error:
        raise explain_os_error(error, "read", name) from error
    if plain is not None:
        with plain:
            yield plain
        return
    with (
        open_source(source, name, zipped=zipped) as stream,
        _copy_to_file(stream) as copy,
    ):
        yield copy


@contextmanager
def _open_packed(stream: BinaryIO, kind: Packing | None, name: str) -> Iterator[BinaryIO]:
    if kind == "zip":
        with open_member(stream, name) as plain:
            yield plain
    else:
        yield unpack(stream, kind, name)


@contextmanager
def _copy_to_file(stream: BinaryIO) -> Iterator[BinaryIO]:
    """A stream as a temporary file."""
    with tempfile.TemporaryFile() as copy:
        read = make_byte_reader(stream)
        while block := read(BLOCK_BYTES):
            copy.write(block)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _is_packed(path: Path) -> bool:
    with path.open("rb") as stream:
        return _detect_packing(stream, zipped=path.suffix.lower() == ".zip") is not None


def _detect_packing(stream: Any, *, zipped: bool) -> Packing | None:
    head: bytes = stream.peek(8) if hasattr(stream, "peek") else b""
    kind = detect_packing(head)
    return None if kind == "zip" and not zipped else kind
