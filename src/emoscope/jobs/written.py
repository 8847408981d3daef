"""Read outputs as they were written: RFC 4180, JSON lines or Parquet, by place, without guesses.

The readers of `reading/` are for files of strangers. They refuse what an output may hold, such as a
NUL in a column that was JSON, and rename columns that have no name.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from emoscope.errors import raise_os_error, require
from emoscope.reading.streams import BLOCK_BYTES, make_byte_reader, open_source

MAX_RECORD = 1 << 28
"""Bytes of one row; a line of an input may have 10 MB, each of which may become six."""
_ROWS = 2048
_FIELD = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",]*)),')


def read_json_objects(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of JSONL.

    Raises:
        ValueError: a line holds something else.
    """
    with open_source(path, str(path)) as stream:
        for line in _read_lines(stream):
            found = json.loads(line)
            if not isinstance(found, dict):
                raise ValueError("a line that is no object")
            yield found


def read_csv_records(path: Path, columns: Sequence[str]) -> Iterator[list[str]]:
    """The rows of CSV, a text for each column.

    Args:
        path: of the file.
        columns: the names that its first row must have.

    Raises:
        ValueError: it has others, or a row is no CSV or has fewer fields or more.
    """
    with open_source(path, str(path)) as stream:
        records = map(_split_record, _join_lines(_read_lines(stream)))
        if next(records, None) != list(columns):
            raise ValueError("other columns")
        for record in records:
            if len(record) != len(columns):
                raise ValueError(f"a row of {len(record)} fields, not {len(columns)}")
            yield record


def read_parquet_records(path: Path, columns: Sequence[str]) -> Iterator[list[Any]]:
    """The rows of Parquet, a value for each column; None for one that Python does not have.

    Raises:
        ValueError: it is no Parquet file, or has other columns.
    """
    pa, pq = require("pyarrow", "parquet"), require("pyarrow.parquet", "parquet")

    try:
        with path.open("rb") as file, pq.ParquetFile(file, pre_buffer=False) as table:
            if table.schema_arrow.names != list(columns):
                raise ValueError("other columns")
            for batch in table.iter_batches(batch_size=_ROWS):
                yield from map(list, zip(*map(_to_list, batch.columns), strict=True))
    except (pa.ArrowException, OSError) as error:
        raise_os_error(error, path)
        raise ValueError(str(error)) from error


def _to_list(column: Any) -> list[Any]:
    try:
        return list(column.to_pylist())
    # Dates before the year 1 and after 9999.
    except (OverflowError, ValueError):
        return [None] * len(column)


def _read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines with their LF."""
    read, parts, size = make_byte_reader(stream), list[bytes](), 0
    while block := read(BLOCK_BYTES):
        first, *others = block.split(b"\n")
        parts.append(first)
        size += len(first)
        for line in others:
            yield b"".join(parts) + b"\n"
            parts, size = [line], len(line)
        if size > MAX_RECORD:
            raise ValueError(f"a line of more than {MAX_RECORD:,} bytes")
    if size:
        yield b"".join(parts)


def _join_lines(lines: Iterator[bytes]) -> Iterator[str]:
    """Records of lines: one ends where all its quotes are closed."""
    parts, quotes, size = list[bytes](), 0, 0
    for line in lines:
        parts.append(line)
        quotes += line.count(b'"')
        size += len(line)
        if size > MAX_RECORD:
            raise ValueError(f"a row of more than {MAX_RECORD:,} bytes")
        if quotes % 2 == 0:
            yield b"".join(parts).decode()
            parts, quotes, size = [], 0, 0
    if parts:
        raise ValueError("a quote that never closes")


def _split_record(record: str) -> list[str]:
    text = record.removesuffix("\n").removesuffix("\r")
    if '"' not in text:
        return text.split(",")
    fields, at = [], 0
    for found in _FIELD.finditer(text + ","):
        if found.start() != at:
            break
        at = found.end()
        quoted, plain = found.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
    if at != len(text) + 1:
        raise ValueError("a quote in the middle of a field")
    return fields
