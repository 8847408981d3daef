"""Records with quoted fields from lines of text.

A chunk at a time is parsed where all is well, else record by record.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from emoscope.reading.dialect import Dialect
from emoscope.reading.errors import Fault, Refusal
from emoscope.reading.lines import MAX_LINE_BYTES, Chunk

# The csv module's own bound on a field. It belongs to the whole process, so it is left as it is.
MAX_FIELD = 131_072


class _Line(NamedTuple):
    number: int
    text: str
    fault: Fault | None


class _CsvLines:
    """Lines for the csv module; the lines of a broken record can be put back."""

    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._chunks = chunks
        self._waiting: deque[_Line] = deque()
        self._size = 0
        self.record: list[_Line] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self._waiting:
            self._fill(next(self._chunks))
        line = self._waiting.popleft()
        self.record.append(line)
        self._size += len(line.text)
        if self._size > MAX_LINE_BYTES:
            raise csv.Error(f"a record of more than {MAX_LINE_BYTES:,} characters")
        return line.text

    def _fill(self, chunk: Chunk) -> None:
        lines = chunk.text.split("\n")
        last = lines.pop()
        texts = [line + "\n" for line in lines]
        if last:
            texts.append(last)
        for number, text in enumerate(texts):
            self._waiting.append(_Line(chunk.line + number, text, chunk.faults.get(number)))

    def whole_chunk(self, dialect: Dialect) -> list[tuple[int, list[str]]]:
        """Records of the next chunk, if it is sound and none waits or crosses its end."""
        if self._waiting:
            return []
        chunk = next(self._chunks, None)
        if chunk is None:
            return []
        records = [] if chunk.faults else _parse_chunk(chunk, dialect)
        if not records:
            self._fill(chunk)
        return records

    def start(self) -> None:
        """Begin a record."""
        self.record, self._size = [], 0

    def back_out(self) -> _Line:
        """Put back all lines of the record but the first, which is returned."""
        self._waiting.extendleft(reversed(self.record[1:]))
        return self.record[0]


def _parse_chunk(chunk: Chunk, dialect: Dialect) -> list[tuple[int, list[str]]]:
    """Records of a chunk, or none if one of them fails."""
    reader = dialect.make_reader(io.StringIO(chunk.text, newline="\n"))
    records = []
    line = chunk.line
    try:
        for fields in reader:
            if fields:
                records.append((line, fields))
            line = chunk.line + reader.line_num
    except csv.Error:
        return []
    return records


def _make_fault(error: csv.Error, text: str) -> Fault:
    if "new-line" in str(error):
        came, advice = "a lone CR outside quotes", "Remove it or quote the field."
    else:
        came = str(error)
        other = "backslash" if '\\"' in text else "none"
        advice = (
            "Close each quote, and double those inside a quoted field. If all the file is like "
            f"this: --quoting {other}."
        )
    expected = f"sound CSV (quotes that close, fields of at most {MAX_FIELD:,} characters)"
    return Fault(expected, came, advice)


def read_csv_records(
    chunks: Iterator[Chunk], refusal: Refusal, dialect: Dialect
) -> Iterator[tuple[int, list[str]]]:
    """Read numbered records; of a broken record only the first line is refused, the rest is reread.

    So a quote that is never closed loses only its own line.
    """
    lines = _CsvLines(chunks)
    reader = dialect.make_reader(lines)
    while True:
        records = lines.whole_chunk(dialect)
        if records:
            yield from records
            continue
        lines.start()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            first = lines.back_out()
            refusal(first.number, first.fault or _make_fault(error, first.text), first.text)
            reader = dialect.make_reader(lines)
            continue
        fault = next((line.fault for line in lines.record if line.fault), None)
        if fault:
            refusal(lines.record[0].number, fault, "".join(line.text for line in lines.record))
        elif fields:
            yield lines.record[0].number, fields
