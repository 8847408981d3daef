"""Compressed bytes to plain ones, as a stream, with a bound on memory."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal, cast

from emoscope.errors import InputError, require

Compression = Literal["gzip", "zstd"]
Packing = Literal["gzip", "zstd", "bzip2", "xz", "zip"]
SUFFIXES: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
PACKINGS: dict[str, Packing] = {**SUFFIXES, ".bz2": "bzip2", ".xz": "xz", ".zip": "zip"}
MAX_WINDOW = 1 << 31
"""The largest window of zstd that is read, in bytes of memory: that of `zstd --long=31`."""

_MAGIC: dict[bytes, Packing] = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
}
_ORDINARY_WINDOW = 1 << 27
_XZ_MEMORY = 1 << 28
_BLOCK = 1 << 16
_PIECE = 1 << 10


def find_compression(name: str) -> Compression | None:
    """Find by the suffix of a name the compression that a file is written with."""
    return SUFFIXES.get(Path(name.lower()).suffix)


def find_packing(name: str) -> Packing | None:
    """Find by the suffix of a name the compression that a file is read with."""
    return PACKINGS.get(Path(name.lower()).suffix)


def detect_packing(head: bytes) -> Packing | None:
    """Find a compression by the first bytes."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def find_member(archive: Path) -> str | None:
    """Name of the only file in a zip archive; None if there is no such archive.

    Raises:
        InputError: it is broken, or holds more files or none.
    """
    if not archive.is_file():
        return None
    with archive.open("rb") as stream, open_zip(stream, str(archive)) as opened:
        return _choose_member(opened, str(archive)).filename


@contextmanager
def open_zip(stream: BinaryIO, name: str) -> Iterator[zipfile.ZipFile]:
    """A zip archive that is read from a seekable stream.

    Raises:
        InputError: here or while it is read, it is broken or packed in an unusual way.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise make_broken_error(name, "zip", error) from error


@contextmanager
def open_member(stream: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """The only file in a zip archive.

    Raises:
        InputError: as of `open_zip`, or there are more files or none, or it needs a password.
    """
    with open_zip(stream, name) as archive:
        member = _choose_member(archive, name)
        if member.flag_bits & 1:
            raise InputError(f"{name}: needs a password. Unpack it first, and name the file in it.")
        with archive.open(member) as opened:
            yield cast("BinaryIO", opened)


def unpack(stream: BinaryIO, kind: Packing | None, name: str) -> BinaryIO:
    """A stream of what is compressed in another, but for zip."""
    if kind == "gzip":
        import gzip

        return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
    if kind == "bzip2":
        import bz2

        return cast("BinaryIO", bz2.BZ2File(stream))
    if kind == "xz":
        return cast("BinaryIO", _XzReader(stream))
    if kind == "zstd":
        return _unpack_zstd(stream, name)
    return stream


def make_broken_error(name: str, kind: str | None, error: object) -> InputError:
    """The error of a file that is not whole, or not what it seems."""
    if kind == "zstd" and "memory" in str(error).lower():
        return _make_window_error(name, MAX_WINDOW)
    return InputError(
        f"{name}: expected a whole {kind} file, got a broken one ({error}). "
        "Fetch or compress it again."
    )


def _choose_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """The only file in an archive, but for those that macOS puts into it."""
    files = [
        each
        for each in archive.infolist()
        if not each.is_dir()
        and not each.filename.startswith("__MACOSX/")
        and not PurePosixPath(each.filename).name.startswith(".")
    ]
    if len(files) != 1:
        some = ", ".join(each.filename for each in files[:5]) + (" …" if len(files) > 5 else "")
        raise InputError(
            f"{name}: expected a zip archive with one file, got {len(files)} files"
            f"{f' ({some})' if files else ''}. Unpack it, and name the file that is meant."
        )
    return files[0]


class _XzReader:
    """A stream of xz that takes a bounded amount of memory."""

    def __init__(self, stream: BinaryIO) -> None:
        import lzma

        self._lzma, self._stream = lzma, stream
        self._decompressor = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)

    def read1(self, size: int) -> bytes:
        """Some bytes; none at the end."""
        while True:
            more = self._decompressor.needs_input
            if self._decompressor.eof:
                # Archives may be joined, and padded with NULs.
                rest = (self._decompressor.unused_data or self._read(_BLOCK)).lstrip(b"\0")
                if not rest:
                    if self._read(1):
                        continue
                    return b""
                self._decompressor = self._lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
                data = rest
            else:
                data = self._read(_BLOCK) if more else b""
                if more and not data:
                    raise EOFError("it ends too early")
            try:
                found = self._decompressor.decompress(data, size)
            except self._lzma.LZMAError as error:
                raise EOFError(str(error)) from error
            if found:
                return found

    def _read(self, size: int) -> bytes:
        return self._stream.read(size)


def _unpack_zstd(stream: BinaryIO, name: str) -> BinaryIO:
    peek: Any = getattr(stream, "peek", None)
    window = read_zstd_window(peek(18) if peek else b"")
    if window <= _ORDINARY_WINDOW:
        pa = require("pyarrow", "parquet")

        return cast("BinaryIO", pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd"))
    if window > MAX_WINDOW:
        raise _make_window_error(name, window)
    try:
        return cast("BinaryIO", _LongZstdReader(stream))
    except ModuleNotFoundError as error:
        raise _make_window_error(name, window) from error


def read_zstd_window(head: bytes) -> int:
    """The window of a frame of zstd, in bytes, by its header (RFC 8878); 0 if it is cut off."""
    if len(head) < 6:
        return 0
    flags = head[4]
    if not flags & 0x20:
        start = 1 << (10 + (head[5] >> 3))
        return start + (start >> 3) * (head[5] & 7)
    at = 5 + (0, 1, 2, 4)[flags & 3]
    size = (1, 2, 4, 8)[flags >> 6]
    offset = 256 if size == 2 else 0
    return int.from_bytes(head[at : at + size], "little") + offset


class _LongZstdReader:
    """A stream of zstd with a window of up to `MAX_WINDOW` bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        import zstandard

        self._error, self._stream = zstandard.ZstdError, stream
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        self._frame = self._decompressor.decompressobj()
        self._begun, self._rest = False, b""

    def read1(self, size: int) -> bytes:
        """Some bytes, perhaps more than are asked for; none at the end."""
        del size
        while True:
            # A few bytes at a time, as each may become thousands.
            piece = self._rest or self._stream.read(_PIECE)
            if not piece:
                if self._begun:
                    raise EOFError("it ends too early")
                return b""
            self._begun, self._rest = True, b""
            try:
                found = self._frame.decompress(piece)
            except self._error as error:
                raise EOFError(str(error)) from error
            if self._frame.eof:
                self._begun, self._rest = False, self._frame.unused_data
                self._frame = self._decompressor.decompressobj()
            if found:
                return found


def _make_window_error(name: str, window: int) -> InputError:
    long = max(28, (window - 1).bit_length())
    return InputError(
        f"{name}: is compressed with a window of up to {window >> 20:,} MiB, as "
        f"`zstd --long={long}` does it; so much memory is needed to unpack "
        "it. Install the package that can: "
        "pip install 'emoscope[formats]'. Or unpack it yourself: "
        f"zstd -dc --long={long} {name} | emoscope annotate - --format jsonl …"
    )
