"""Read rows of CSV, TSV, JSONL, JSON, Parquet and plain text, one by one, whatever the file's size.

Corpora and the annotator share these readers. A row that cannot be read stops the reading with an
error that says where and why, or goes to a `RejectFile` while reading goes on.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self, TextIO, get_args

from emoscope.errors import InputError
from emoscope.reading.errors import BadRows, Content, Fault, RowError, refuse
from emoscope.reading.lines import normalise_encoding, read_chunks
from emoscope.reading.row_formats import (
    Row,
    parse_csv,
    parse_json,
    parse_jsonl,
    parse_parquet,
    parse_tsv,
    parse_txt,
)
from emoscope.reading.streams import Meter, find_compression, open_seekable, open_source

Format = Literal["csv", "tsv", "jsonl", "json", "parquet", "txt"]
FORMATS: tuple[Format, ...] = get_args(Format)


def find_format(source: Path | TextIO | BinaryIO, given: Format | None = None) -> Format:
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
    plain = Path(name).stem if find_compression(name) else name
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
    kind = find_format(source, format)
    encoding = normalise_encoding(encoding)
    if isinstance(source, Path) and not source.is_file():
        what = "a folder" if source.is_dir() else "no such file"
        raise InputError(f"{source}: expected a file, got {what}. Check the path.")
    name = source if isinstance(source, Path) else getattr(source, "name", "the input")
    refusal = _Refusal(str(name), bad_rows)
    return Rows(_parse_rows(source, kind, encoding, refusal, meter or Meter()), refusal)


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


def _parse_rows(
    source: Path | TextIO | BinaryIO,
    kind: Format,
    encoding: str,
    refusal: _Refusal,
    meter: Meter,
) -> Iterator[Row]:
    if kind == "parquet":
        with open_seekable(source, refusal.path) as table:
            yield from parse_parquet(table, refusal, meter)
        return
    with open_source(source, refusal.path, meter) as stream:
        if kind == "json":
            yield from parse_json(stream, encoding, refusal)
            return
        parse = {"csv": parse_csv, "tsv": parse_tsv, "jsonl": parse_jsonl, "txt": parse_txt}[kind]
        yield from parse(read_chunks(stream, refusal.path, encoding), refusal)
