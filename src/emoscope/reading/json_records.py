"""Records of a JSON list, one by one, so that memory does not grow with it; or of an object."""

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

from emoscope.reading.errors import Fault, Refusal
from emoscope.reading.json_tables import find_json_table
from emoscope.reading.lines import MAX_LINE_BYTES
from emoscope.reading.streams import BLOCK_BYTES, make_byte_reader

_SPACE = " \t\n\r"
_SHOWN = 30
MAX_OBJECT_BYTES = 64_000_000
_ADVICE = "Correct it; one object a line is JSONL: name it .jsonl or use --format jsonl."


def read_json_records(
    stream: BinaryIO, encoding: str, refusal: Refusal
) -> Iterator[tuple[Any, str]]:
    """The elements of a list, or the rows that an object holds, each with its own text.

    Broken JSON ends the reading whatever is done about bad rows, as nothing tells where the next
    element begins.

    Args:
        stream: a stream of bytes; one element may have up to `MAX_LINE_BYTES`, an object that is
            the whole file `MAX_OBJECT_BYTES`.
        encoding: the encoding of the text.
        refusal: gets what ends the reading.
    """
    text = _Text(stream, encoding, refusal)
    if (start := text.peek()) == "{":
        yield from _read_object(text, refusal)
        return
    if start != "[":
        text.fail(text.shown() if start else "an empty file")
    text.at += 1
    if text.peek() == "]":
        text.at += 1
    else:
        while True:
            text.peek()
            yield text.value()
            mark = text.peek()
            text.at += 1
            if mark == "]":
                break
            if mark != ",":
                text.at -= 1
                text.fail(f"{text.shown()} where a comma or the end of the list is due")
    if text.peek():
        text.fail(f"{text.shown()} after its end")


def _read_object(text: "_Text", refusal: Refusal) -> Iterator[tuple[Any, str]]:
    value, own = text.value(MAX_OBJECT_BYTES)
    if text.peek():
        text.fail(f"an object, and {text.shown()} after its end")
    if not value:
        text.fail("an empty object")
    rows, note = find_json_table(value)
    if note is not None:
        refusal.say(note)
    # The text tells whether there may be halves of characters in it.
    mark = "\\u" if "\\u" in own else ""
    yield from ((row, mark) for row in rows)


class _Text:
    """Text of a stream; only the element that is being read is kept in memory."""

    def __init__(self, stream: BinaryIO, encoding: str, refusal: Refusal) -> None:
        self._read = make_byte_reader(stream)
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._encoding, self._refusal = encoding, refusal
        self._json = json.JSONDecoder()
        self._kept, self._bytes, self._line, self._ended = "", 0, 1, False
        self.at = 0
        self._more()
        self._kept = self._kept.removeprefix("\ufeff")

    def peek(self) -> str:
        """The next character that is no space, or nothing at the end."""
        while True:
            while self.at < len(self._kept):
                if self._kept[self.at] not in _SPACE:
                    return self._kept[self.at]
                self.at += 1
            if not self._more():
                return ""

    def value(self, limit: int | None = None) -> tuple[Any, str]:
        """The value that starts here, and its text, of so many characters at most."""
        limit = MAX_LINE_BYTES if limit is None else limit
        while True:
            try:
                value, end = self._json.raw_decode(self._kept, self.at)
            except json.JSONDecodeError as error:
                # What looks broken may only be cut off by the end of what was read so far.
                if len(self._kept) - self.at <= limit and self._more():
                    continue
                self.at = error.pos
                self.fail(f"{error.msg}: {self.shown()}")
            except (ValueError, RecursionError) as error:
                self.fail(str(error))
            if end < len(self._kept) or not self._more():
                text, self.at = self._kept[self.at : end], end
                return value, text

    def shown(self) -> str:
        """What stands here, for a message."""
        return (
            repr(self._kept[self.at : self.at + _SHOWN]) if self.peek() else "the end of the file"
        )

    def fail(self, came: str) -> NoReturn:
        """Refuse the whole file because of what stands here."""
        line = self._line + self._kept.count("\n", 0, self.at)
        self._refuse(line, Fault("a JSON list of objects", came, _ADVICE))

    def _more(self) -> bool:
        """Read on, as much again as is kept, so that a long element is not decoded often."""
        if self._ended:
            return False
        self._line += self._kept.count("\n", 0, self.at)
        self._kept, self.at = self._kept[self.at :], 0
        wanted = max(BLOCK_BYTES, len(self._kept))
        parts = [self._kept]
        while wanted > 0 and not self._ended:
            block = self._read(BLOCK_BYTES)
            self._ended = not block
            parts.append(self._decoded(block, parts))
            wanted -= len(block)
        self._kept = "".join(parts)
        return True

    def _decoded(self, block: bytes, before: list[str]) -> str:
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            at, wrong = error.start, error.object
            offset = self._bytes + len(block) - len(wrong) + at
            lines = sum(part.count("\n") for part in before) + wrong.count(b"\n", 0, at)
            what = f"the byte 0x{wrong[at]:02x} at offset {offset} of the file"
            fault = Fault(f"text in {self._encoding}", what, "Name the encoding with --encoding.")
            self._refuse(self._line + lines, fault)
        self._bytes += len(block)
        return text

    def _refuse(self, line: int, fault: Fault) -> NoReturn:
        self._refusal.in_header = True
        self._refusal(line, fault, "")
        raise AssertionError("a refusal in the header raises")
