"""Decoded lines of plain text, JSONL and JSON to rows. `rows.py` is the way in."""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO, cast

from emoscope.reading.errors import Fault, Refusal, format_value
from emoscope.reading.json_records import read_json_records
from emoscope.reading.lines import Chunk, read_good_lines
from emoscope.reading.lookahead import Lookahead
from emoscope.reading.row import Row
from emoscope.reading.whatsapp import find_whatsapp, parse_whatsapp

__all__ = ["Row", "parse_json", "parse_jsonl", "parse_txt"]

_HEADER = re.compile(r"[\w.]+(?:([,;|\t])[\w.]+)(?:\1[\w.]+)*\s*")
_LIST_START = re.compile(r"\s*\[\s*(?:[{\"].*)?", re.DOTALL)


class _Bytes:
    """The text of chunks as a stream of bytes in UTF-8."""

    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._chunks = chunks

    def read1(self, size: int) -> bytes:
        """The next chunk, whatever its size."""
        del size
        return next((chunk.text.encode() for chunk in self._chunks), b"")


def parse_txt(chunks: Iterator[Chunk], refusal: Refusal, *, certain: bool = True) -> Iterator[Row]:
    """One row a line, in the column `text`; a blank line is a row too.

    Args:
        chunks: the decoded lines.
        refusal: gets what cannot be read.
        certain: whether it is known that each line is a text; else an export of WhatsApp is read as
            one, and what looks like a table is said to.
    """
    if not certain:
        chunks = look = Lookahead(chunks)
        line = look.peek_line()
        if line[:3].strip("[\u200e\u200f")[:1].isdigit() and find_whatsapp(look.peek_sample()):
            refusal.say(
                "read as an export of WhatsApp, columns time, sender and text. "
                "If each line is a text: --format txt."
            )
            yield from parse_whatsapp(look, refusal)
            return
        if found := _HEADER.fullmatch(line):
            kind = "tsv" if found[1] == "\t" else "csv"
            refusal.say(
                f"each line is taken for a text, but the first one looks like the header of a "
                f"table. If it is: --format {kind}."
            )
    refusal.columns = {"text": None}
    for number, text in read_good_lines(chunks, refusal):
        yield Row(number, {"text": text})


def parse_jsonl(chunks: Iterator[Chunk], refusal: Refusal) -> Iterator[Row]:
    """One JSON object a line; a file that is a JSON list is read as such."""
    look = Lookahead(chunks)
    if _starts_list(look.peek_line()):
        refusal.say("read as a JSON list, which it is.")
        yield from parse_json(cast("BinaryIO", _Bytes(look)), "utf-8", refusal)
        return
    for number, text in read_good_lines(look, refusal):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            advice = "Write one JSON object a line."
            refusal(number, Fault("a JSON object", f"{format_value(text)} ({error})", advice), text)
            continue
        fault = _find_object_fault(value, checked="\\u" in text)
        if fault:
            refusal(number, fault, text)
        else:
            yield Row(number, value)


def parse_json(stream: BinaryIO, encoding: str, refusal: Refusal) -> Iterator[Row]:
    """A list of JSON objects or of texts, or an object that holds rows."""
    texts = False
    for number, (value, text) in enumerate(read_json_records(stream, encoding, refusal), 1):
        texts = texts or (number == 1 and isinstance(value, str))
        if texts and isinstance(value, str):
            value = {"text": value}
        fault = _find_object_fault(value, checked="\\u" in text)
        if fault:
            refusal(number, fault, text)
        else:
            yield Row(number, value)


def _starts_list(line: str) -> bool:
    """Whether a JSON list of objects or texts begins, of which this is the first line."""
    if not _LIST_START.fullmatch(line):
        return False
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return True
    return isinstance(found, list) and bool(found)


def _make_type_fault(expected: str, value: object, advice: str) -> Fault:
    kind = {dict: "an object", list: "a list", str: "text", type(None): "null"}
    return Fault(expected, kind.get(type(value), format_value(value)), advice)


def _find_object_fault(value: object, *, checked: bool) -> Fault | None:
    """What is wrong with a parsed JSON value, if anything."""
    if not isinstance(value, dict):
        return _make_type_fault("a JSON object", value, 'Write {"column": value, ...}.')
    # An escape such as \\ud83d without its other half is no character: no file can hold it.
    if checked:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            advice = "Write the character itself, or both halves of it."
            return Fault("whole characters", "half of a surrogate pair", advice)
    return None
