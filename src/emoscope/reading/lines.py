"""Bytes to numbered lines of text, block by block, so that memory does not grow with the file.

Whole blocks are decoded at once; only a block that holds something wrong is looked at line by
line, and each wrong line is marked rather than ending the reading.
"""

import codecs
import contextlib
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

from emoscope.errors import InputError
from emoscope.reading.errors import Fault, Refusal
from emoscope.reading.streams import BLOCK_BYTES, make_byte_reader

MAX_LINE_BYTES = 10_000_000
_KEPT_OF_LONG_LINE = 1000
_LINE_END_BYTES = 1 << 16
_QUOTED = re.compile(rb'"[^"]*(?:"|\Z)')
_WIDE_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Chunk(NamedTuple):
    r"""Whole lines of a file.

    Attributes:
        line: number of the first line, from 1.
        text: the lines, each ended by `"\n"` (the last of the file may not be). What could not be
            decoded is written as `\xNN`; of a line that is too long only the start is kept.
        faults: what is wrong, by the line's place in this chunk, from 0.
    """

    line: int
    text: str
    faults: dict[int, Fault]


def normalise_encoding(encoding: str) -> str:
    """Normal name of an encoding.

    Raises:
        InputError: if there is no such encoding of text.
    """
    try:
        "a".encode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError) as error:
        raise InputError(
            f"Expected the name of a text encoding such as utf-8, latin-1, cp1252 or utf-16, "
            f"got {encoding!r}."
        ) from error
    return "utf-8" if name == "utf-8-sig" else name


def read_chunks(stream: BinaryIO, name: str, encoding: str) -> Iterator[Chunk]:
    """Decode a stream of bytes into chunks of whole lines.

    A UTF-8 byte-order mark at the start is dropped, and one of UTF-16 or UTF-32 heeded. Lines end
    at LF or CR LF; a CR LF is left as it is. If the start of a file has CRs and no LF but in
    quotes, lines end at CR. Lines that cannot be decoded, hold a NUL or pass `MAX_LINE_BYTES` are
    marked as faults.

    Args:
        stream: binary stream; read as data arrive, so that a pipe is not waited for.
        name: the file's name for messages.
        encoding: a name from `normalise_encoding`.

    Raises:
        InputError: where the whole file is in another encoding (a byte-order mark says so), or a
            file in an encoding of several bytes a character (UTF-16, UTF-32) breaks off.
    """
    read = make_byte_reader(stream)
    head = b""
    while len(head) < 4 and (block := read(BLOCK_BYTES)):
        head += block
    # In UTF-16, EBCDIC and the like a line does not end in the byte 0x0A: such files are turned
    # into UTF-8 first. All else is split as bytes, so that one bad line stays one bad line.
    if "\n\t".encode(encoding) == b"\n\t":
        encoding = _heed_byte_order_mark(head, name, encoding)
    blocks = _read_rest(head, read)
    if "\n\t".encode(encoding) != b"\n\t":
        blocks = _transcode(blocks, name, encoding)
        encoding = "utf-8"
    if encoding == "utf-8":
        blocks = _drop_bom(blocks)
    line = 1
    for data, too_long in _cut_whole_lines(_end_lines_in_lf(blocks)):
        yield _decode_chunk(data, line, encoding, too_long)
        line += 1 if too_long else data.count(b"\n")


def read_good_lines(chunks: Iterator[Chunk], refusal: Refusal) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends; lines with a fault are refused."""
    for first, text, faults in chunks:
        lines = split_lines(text)
        if faults:
            for number, line in enumerate(lines):
                if number in faults:
                    refusal(first + number, faults[number], line)
                else:
                    yield first + number, line
        else:
            yield from enumerate(lines, first)


def split_lines(text: str) -> list[str]:
    """Lines of a chunk without LF or CR LF."""
    text = text.replace("\r\n", "\n")
    # Only the last chunk of a file can lack its LF, and then a CR before it is no content either.
    text = text[:-1] if text.endswith("\n") else text.removesuffix("\r")
    return text.split("\n")


def _read_rest(head: bytes, read: Callable[[int], bytes]) -> Iterator[bytes]:
    if head:
        yield head
    while block := read(BLOCK_BYTES):
        yield block


def _heed_byte_order_mark(head: bytes, name: str, encoding: str) -> str:
    """The encoding that the start of a file says; no text in UTF-8 starts as UTF-16 or UTF-32."""
    marks = {**_WIDE_BOMS, codecs.BOM_UTF8: "utf-8"}
    found = next((family for mark, family in marks.items() if head.startswith(mark)), encoding)
    if encoding not in ("utf-8", found):
        raise InputError(
            f"{name}: expected {encoding}, but the file starts with the byte-order mark of "
            f"{found}. Read it with --encoding {found}."
        )
    return found


def _end_lines_in_lf(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Write LF for CR if the start of a file has CRs outside of quotes and no LF there."""
    head = b""
    for block in blocks:
        head += block
        if len(head) >= _LINE_END_BYTES or (
            b"\n" in block and b"\n" in _drop_quoted(head[:_LINE_END_BYTES])
        ):
            break
    bare = _drop_quoted(head[:_LINE_END_BYTES])
    if b"\r" not in bare or b"\n" in bare:
        yield head
        yield from blocks
        return
    waiting = b""
    for block in chain((head,), blocks):
        block = waiting + block
        waiting = b"\r" if block.endswith(b"\r") else b""
        yield block.removesuffix(waiting).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if waiting:
        yield b"\n"


def _drop_quoted(data: bytes) -> bytes:
    return _QUOTED.sub(b"", data) if b'"' in data else data


def _drop_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(blocks, b"")
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _transcode(blocks: Iterator[bytes], name: str, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    try:
        for block in blocks:
            text = decoder.decode(block)
            yield text.encode()
            line += text.count("\n")
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise InputError(
            f"{name}, line {line} or soon after: expected {encoding}, got bytes that are not "
            f"({error}). Name the file's own encoding with --encoding."
        ) from error


def _cut_whole_lines(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Cut blocks after their last LF: (whole lines, False) or (start of a long line, True)."""
    waiting: list[bytes] = []
    size = 0
    skipping = False
    for block in blocks:
        if skipping:
            end = block.find(b"\n") + 1
            if not end:
                continue
            block, skipping = block[end:], False
        cut = block.rfind(b"\n") + 1
        if cut:
            first = block.find(b"\n") + 1
            if size + first - 1 > MAX_LINE_BYTES:
                yield _keep_start(waiting, block), True
                if cut > first:
                    yield block[first:cut], False
            else:
                yield b"".join((*waiting, block[:cut])), False
            waiting, size, block = [], 0, block[cut:]
        if block:
            waiting.append(block)
            size += len(block)
        if size > MAX_LINE_BYTES:
            yield _keep_start(waiting, b""), True
            waiting, size, skipping = [], 0, True
    if size:
        yield b"".join(waiting), False


def _keep_start(waiting: list[bytes], block: bytes) -> bytes:
    return ((waiting[0] if waiting else b"") + block[:_KEPT_OF_LONG_LINE])[:_KEPT_OF_LONG_LINE]


def _decode_chunk(data: bytes, line: int, encoding: str, too_long: bool) -> Chunk:
    if too_long:
        fault = Fault(
            f"at most {MAX_LINE_BYTES:,} bytes a line",
            "a longer line",
            "Check that the file ends its lines, and cut this text.",
        )
        return Chunk(line, data.decode(encoding, "backslashreplace") + "\n", {0: fault})
    if b"\0" not in data:
        with contextlib.suppress(UnicodeError):
            return Chunk(line, data.decode(encoding), {})
    texts: list[str] = []
    faults: dict[int, Fault] = {}
    for number, raw in enumerate(data.split(b"\n")):
        text, wrong = _decode_line(raw, encoding)
        texts.append(text)
        if wrong:
            faults[number] = wrong
    return Chunk(line, "\n".join(texts), faults)


def _guess_wide(raw: bytes) -> str:
    """Which UTF-16 has the NULs of ASCII characters where this line has them."""
    return "utf-16-be" if raw[::2].count(0) > raw[1::2].count(0) else "utf-16-le"


def _decode_line(raw: bytes, encoding: str) -> tuple[str, Fault | None]:
    if b"\0" in raw:
        return raw.decode(encoding, "backslashreplace"), Fault(
            "text",
            f"a NUL byte at offset {raw.index(0)} of the line",
            "Remove it; a file full of them is UTF-16: read it with --encoding "
            f"{_guess_wide(raw)}.",
        )
    try:
        return raw.decode(encoding), None
    except UnicodeDecodeError as error:
        return raw.decode(encoding, "backslashreplace"), Fault(
            f"text in {encoding}",
            f"the byte 0x{raw[error.start]:02x} at offset {error.start} of the line",
            "Name the file's own encoding with --encoding, for example --encoding cp1252.",
        )
