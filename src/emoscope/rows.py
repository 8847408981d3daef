"""Read rows of CSV, TSV, JSONL, JSON, Parquet and plain text, one by one, whatever the file's size.

Corpora and the annotator share these readers. A row that cannot be read stops the reading with an
error that says where and why, or goes to a `RejectFile` while reading goes on.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Protocol, Self, TextIO, get_args

from emoscope.errors import InputError
from emoscope.lines import Fault, checked_encoding, read_chunks
from emoscope.row_formats import (
    Row,
    parse_csv,
    parse_json,
    parse_jsonl,
    parse_parquet,
    parse_tsv,
    parse_txt,
)
from emoscope.streams import Meter, compression_of, opened, seekable

__all__ = [
    "BadRows",
    "RejectFile",
    "Rejects",
    "Row",
    "RowError",
    "Rows",
    "format_of",
    "read_rows",
    "refuse",
]

Format = Literal["csv", "tsv", "jsonl", "json", "parquet", "txt"]
FORMATS: tuple[Format, ...] = get_args(Format)


class RowError(InputError):
    """A row that cannot be used.

    Attributes:
        path: name of the file.
        line: number of the line or row, from 1.
        fault: what was expected, what came, what to do, and the column if it is one column's.
    """

    def __init__(self, path: str, line: int, fault: Fault) -> None:
        self.path, self.line, self.fault = path, line, fault
        place = f"{path}, line {line}" + (f", column {fault.column!r}" if fault.column else "")
        super().__init__(f"{place}: expected {fault.expected}, got {fault.came}. {fault.advice}")

    @property
    def column(self) -> str | None:
        """Name of the column at fault, or None where it is the whole row."""
        return self.fault.column


Content = str | Mapping[str, Any]
"""A row as its text where it could not be parsed, else its values."""


class Rejects(Protocol):
    """Where rows go that cannot be used."""

    def add(self, error: RowError, content: Content) -> None:
        """Take one row."""


def reject_line(error: RowError, content: Content) -> str:
    """A line of a reject file: `file`, `line`, `column`, `reason`, and the row.

    The row is `raw`, its text, where it could not be parsed, and else `values`.
    """
    key = "raw" if isinstance(content, str) else "values"
    where = {"file": error.path, "line": error.line, "column": error.column}
    return json.dumps({**where, "reason": str(error), key: content}, default=str) + "\n"


class RejectFile:
    """A JSONL file of the rows that were left out, see `reject_line`.

    The file is made at once, so that an empty one says that nothing was left out. Use it in a
    `with`.

    Attributes:
        path: where the rejected rows go.
        count: rows rejected by this object.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        self.path, self.count = path, 0
        try:
            self._file = path.open("a" if append else "w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(
                f"Cannot write rejected rows to {path}: {error.strerror}. Name another file."
            ) from error

    def add(self, error: RowError, content: Content) -> None:
        """Write one rejected row."""
        try:
            self._file.write(reject_line(error, content))
        except OSError as failure:
            raise InputError(f"Cannot write to {self.path}: {failure.strerror}.") from failure
        self.count += 1

    def flush(self) -> None:
        """Hand what was written so far to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


BadRows = Literal["stop"] | Rejects


def refuse(bad_rows: BadRows, error: RowError, content: Content) -> None:
    """Raise the error, or hand the row to what collects such rows.

    Args:
        bad_rows: `"stop"`, or what collects rejected rows.
        error: what is wrong.
        content: the row as text, or its values where it could be parsed.
    """
    if bad_rows == "stop":
        raise error
    bad_rows.add(error, content)


def format_of(source: Path | TextIO | BinaryIO, given: Format | None = None) -> Format:
    """Format of a source: the one given, or what the file's suffix says (before `.gz`, `.zst`).

    Raises:
        InputError: if there is no such format, or nothing says which it is.
    """
    if given is not None:
        if given not in FORMATS:
            raise InputError(f"Expected a format among {', '.join(FORMATS)}; got {given!r}.")
        return given
    known = "Name one with --format: " + ", ".join(FORMATS) + "."
    if not isinstance(source, Path):
        raise InputError(f"A stream has no suffix to tell its format. {known}")
    name = source.name.lower()
    plain = Path(name).stem if compression_of(name) else name
    suffix = Path(plain).suffix.removeprefix(".")
    suffix = {"ndjson": "jsonl", "tab": "tsv"}.get(suffix, suffix)
    if suffix not in FORMATS:
        endings = ", ".join(f".{each}" for each in FORMATS)
        raise InputError(
            f"{source}: expected a file that ends in {endings}, also with .gz or .zst. {known}"
        )
    return suffix


class Rows(Iterator[Row]):
    """The rows of a table, read as they are needed."""

    def __init__(self, rows: Iterator[Row], refusal: "_Refusal") -> None:
        self._rows, self._refusal = rows, refusal

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        return next(self._rows)

    @property
    def columns(self) -> dict[str, Any] | None:
        """The table's columns, each with its Arrow type, or None where it is text.

        None before the first row was asked for, and of JSON and JSONL, where rows may differ.
        """
        return self._refusal.columns


def read_rows(
    source: Path | TextIO | BinaryIO,
    format: Format | None = None,  # noqa: A002 (the word that users know from --format)
    encoding: str = "utf-8",
    *,
    bad_rows: BadRows = "stop",
    meter: Meter | None = None,
) -> Rows:
    """Read the rows of a table, as they are needed.

    CSV follows RFC 4180. In TSV quotes are ordinary characters. Blank lines of CSV, TSV and JSONL
    are passed over. Plain text has one text a line, blank or not, in the column `text`. JSON is a
    list of objects. What is compressed by gzip or zstd is unpacked.

    Args:
        source: a file, or an open stream such as `sys.stdin`. Parquet of a stream, or compressed,
            is first copied to a temporary file.
        format: the format, if the file's suffix does not say it.
        encoding: encoding of the text; a byte-order mark of UTF-8 is dropped.
        bad_rows: `"stop"` to raise at the first bad row, or what collects such rows.
        meter: counts what is read.

    Returns:
        An iterator of rows. The header is checked when the first row is asked for.

    Raises:
        RowError: at a bad row, unless they are collected; always for a bad header.
        InputError: if the file is missing or broken, or its format or encoding unknown.
    """
    kind = format_of(source, format)
    encoding = checked_encoding(encoding)
    if isinstance(source, Path) and not source.is_file():
        what = "a folder" if source.is_dir() else "no such file"
        raise InputError(f"{source}: expected a file, got {what}. Check the path.")
    name = source if isinstance(source, Path) else getattr(source, "name", "the input")
    refusal = _Refusal(str(name), bad_rows)
    return Rows(_rows(source, kind, encoding, refusal, meter or Meter()), refusal)


class _Refusal:
    """Where the readers of one file hand in what they cannot read."""

    def __init__(self, path: str, bad_rows: BadRows) -> None:
        self.path, self.bad_rows = path, bad_rows
        self.in_header = False
        self.columns: dict[str, Any] | None = None

    def __call__(self, line: int, fault: Fault, content: Content) -> None:
        error = RowError(self.path, line, fault)
        if self.in_header:
            raise error
        refuse(self.bad_rows, error, content)


def _rows(
    source: Path | TextIO | BinaryIO,
    kind: Format,
    encoding: str,
    refusal: _Refusal,
    meter: Meter,
) -> Iterator[Row]:
    if kind == "parquet":
        with seekable(source, refusal.path) as table:
            yield from parse_parquet(table, refusal, meter)
        return
    with opened(source, refusal.path, meter) as stream:
        if kind == "json":
            yield from parse_json(stream, encoding, refusal)
            return
        parse = {"csv": parse_csv, "tsv": parse_tsv, "jsonl": parse_jsonl, "txt": parse_txt}[kind]
        yield from parse(read_chunks(stream, refusal.path, encoding), refusal)
