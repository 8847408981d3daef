"""Read rows of CSV, TSV, JSONL, JSON, Parquet and plain text, one by one, whatever the file's size.

Corpora and the annotator share these readers. A row that cannot be read stops the reading with an
error that says where and why, or goes to a `RejectFile` while reading goes on.
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self, TextIO, cast, get_args

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

__all__ = ["BadRows", "RejectFile", "Row", "RowError", "format_of", "read_rows", "refuse"]

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


class RejectFile:
    """A JSONL file of the rows that were left out: `file`, `line`, `column`, `reason` and the row.

    The row is `raw`, its text, where it could not be parsed, and else `values`. The file is made
    at once, so that an empty one says that nothing was left out. Use it in a `with`.

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

    def add(self, error: RowError, content: str | Mapping[str, Any]) -> None:
        """Write one rejected row."""
        key = "raw" if isinstance(content, str) else "values"
        where = {"file": error.path, "line": error.line, "column": error.column}
        record = {**where, "reason": str(error), key: content}
        try:
            self._file.write(json.dumps(record, default=str) + "\n")
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


BadRows = Literal["stop"] | RejectFile


def refuse(bad_rows: BadRows, error: RowError, content: str | Mapping[str, Any]) -> None:
    """Raise the error, or write the row to the reject file.

    Args:
        bad_rows: `"stop"`, or the file that collects rejected rows.
        error: what is wrong.
        content: the row as text, or its values where it could be parsed.
    """
    if bad_rows == "stop":
        raise error
    bad_rows.add(error, content)


def format_of(source: Path | TextIO | BinaryIO, given: Format | None = None) -> Format:
    """Format of a source: the one given, or what the file's suffix says (before any `.gz`).

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
    suffix = Path(name.removesuffix(".gz")).suffix.removeprefix(".")
    suffix = {"ndjson": "jsonl", "tab": "tsv"}.get(suffix, suffix)
    if suffix not in FORMATS or (suffix == "parquet" and name.endswith(".gz")):
        endings = ", ".join(f".{each}" for each in FORMATS)
        raise InputError(
            f"{source}: expected a file that ends in {endings} (all but .parquet also with .gz). "
            f"{known}"
        )
    return suffix


def read_rows(
    source: Path | TextIO | BinaryIO,
    format: Format | None = None,  # noqa: A002 (the word that users know from --format)
    encoding: str = "utf-8",
    *,
    bad_rows: BadRows = "stop",
) -> Iterator[Row]:
    """Read the rows of a table, as they are needed.

    CSV follows RFC 4180. In TSV quotes are ordinary characters. Blank lines of CSV, TSV and JSONL
    are passed over. Plain text has one text a line, blank or not, in the column `text`. JSON is a
    list of objects, read whole. Suffix `.gz` means gzip.

    Args:
        source: a file, or an open stream such as `sys.stdin`.
        format: the format, if the file's suffix does not say it.
        encoding: encoding of the text; a byte-order mark of UTF-8 is dropped.
        bad_rows: `"stop"` to raise at the first bad row, or where to write such rows.

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
    return _rows(source, kind, encoding, bad_rows)


class _Refusal:
    """Where the readers of one file hand in what they cannot read."""

    def __init__(self, path: str, bad_rows: BadRows) -> None:
        self.path, self.bad_rows = path, bad_rows
        self.in_header = False

    def __call__(self, line: int, fault: Fault, content: str | Mapping[str, Any]) -> None:
        error = RowError(self.path, line, fault)
        if self.in_header:
            raise error
        refuse(self.bad_rows, error, content)


def _rows(
    source: Path | TextIO | BinaryIO, kind: Format, encoding: str, bad_rows: BadRows
) -> Iterator[Row]:
    name = str(source) if isinstance(source, Path) else getattr(source, "name", "the input")
    refusal = _Refusal(str(name), bad_rows)
    if kind == "parquet":
        if not isinstance(source, Path):
            raise InputError("Parquet is read from a file, not from a stream. Name the file.")
        yield from parse_parquet(source, refusal)
        return
    try:
        if not isinstance(source, Path):
            stream = cast("BinaryIO", getattr(source, "buffer", source))
            yield from _parsed(stream, kind, encoding, refusal)
        elif source.name.lower().endswith(".gz"):
            with gzip.open(source, "rb") as unpacked:
                yield from _parsed(cast("BinaryIO", unpacked), kind, encoding, refusal)
        else:
            with source.open("rb") as stream:
                yield from _parsed(stream, kind, encoding, refusal)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise InputError(
            f"{name}: expected a whole gzip file, got a broken one ({error}). "
            "Fetch or compress it again."
        ) from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error}).") from error


def _parsed(stream: BinaryIO, kind: Format, encoding: str, refusal: _Refusal) -> Iterator[Row]:
    if kind == "json":
        return parse_json(stream, encoding, refusal)
    parse = {"csv": parse_csv, "tsv": parse_tsv, "jsonl": parse_jsonl, "txt": parse_txt}[kind]
    return parse(read_chunks(stream, refusal.path, encoding), refusal)
