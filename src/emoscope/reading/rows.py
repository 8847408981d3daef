"""Read rows of tables, JSON and plain text, one by one, whatever the file's size.

Corpora and the annotator share these readers. A row that cannot be read stops the reading with an
error that says where and why, or goes to a `RejectFile` while reading goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self, TextIO, get_args

from emoscope.errors import InputError, show_name
from emoscope.reading.arrow import parse_feather, parse_parquet
from emoscope.reading.delimited import parse_delimited
from emoscope.reading.dialect import UNKNOWN, DialectOptions
from emoscope.reading.errors import BadRows, Content, Fault, RowError, refuse
from emoscope.reading.lines import normalise_encoding, read_chunks
from emoscope.reading.notes import say
from emoscope.reading.row import Row
from emoscope.reading.row_formats import parse_json, parse_jsonl, parse_txt
from emoscope.reading.spreadsheets import parse_spreadsheet
from emoscope.reading.streams import Meter, open_seekable, open_source
from emoscope.reading.unpacking import PACKINGS, find_member, find_packing
from emoscope.reading.whatsapp import parse_whatsapp

Format = Literal["csv", "tsv", "jsonl", "json", "parquet", "txt", "feather", "xlsx", "whatsapp"]
FORMATS: tuple[Format, ...] = get_args(Format)
DELIMITED: dict[Format, str] = {"csv": ",", "tsv": "\t"}
_SUFFIXES: dict[str, Format] = {
    **{each: each for each in FORMATS if each != "whatsapp"},
    "ndjson": "jsonl",
    "tab": "tsv",
    "arrow": "feather",
    "ipc": "feather",
    "xls": "xlsx",
    "xlsb": "xlsx",
    "xlsm": "xlsx",
    "ods": "xlsx",
}
_PANDAS = "python -c \"import pandas; pandas.{0}.to_csv('{{1}}', index=False)\""
_R = "Rscript -e \"write.csv({0}, '{{1}}', row.names = FALSE)\""
_EXPORTS = {
    "sav": _R.format("haven::read_sav('{0}')") + ", or in SPSS: File, Save As, CSV",
    "dta": _PANDAS.format("read_stata('{0}')") + ", or in Stata: export delimited using '{1}'",
    "rds": _R.format("readRDS('{0}')"),
    "rda": _R.format("get(load('{0}')[1])"),
    "rdata": _R.format("get(load('{0}')[1])"),
    "sas7bdat": _PANDAS.format("read_sas('{0}', encoding='utf-8')"),
}
"""Commands that export what is not read as CSV, by suffix."""


def find_format(source: Path | TextIO | BinaryIO, given: Format | None = None) -> Format:
    """Format of a source: the one given, or what the file's suffix says (before `.gz`).

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
    suffix = _find_suffix(source.name)
    if suffix not in _SUFFIXES and source.suffix.lower() == ".zip":
        suffix = _find_suffix(find_member(source) or "")
    if suffix in _EXPORTS:
        how = _EXPORTS[suffix].format(source, source.with_suffix(".csv"))
        raise InputError(
            f"{source}: expected a file that can be read, got one of the format .{suffix}. Export "
            f"it as CSV and name that: {how}."
        )
    if suffix not in _SUFFIXES:
        endings = ", ".join(f".{each}" for each in FORMATS if each != "whatsapp")
        raise InputError(
            f"{source}: expected a file that ends in {endings}, also with "
            f"{', '.join(PACKINGS)}. If it is one of these all the same: {known}"
        )
    return _SUFFIXES[suffix]


def _find_suffix(name: str) -> str:
    name = Path(name).name.lower()
    plain = Path(name).stem if find_packing(name) else name
    return Path(plain).suffix.removeprefix(".")


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
    dialect: DialectOptions = UNKNOWN,
) -> Rows:
    """Read the rows of a table, as they are needed.

    CSV follows RFC 4180, with the delimiter that the file has; TSV does, or has no quotes. Blank
    lines of CSV, TSV and JSONL are passed over. Plain text has one text a line, blank or not, in
    the column `text`. JSON is a list of objects or texts, or an object that holds one. What is
    compressed is unpacked. What is guessed is said, see `notes.say`.

    Args:
        source: a file, or an open stream such as `sys.stdin`. Parquet, Feather and spreadsheets
            of a stream, or compressed, are first copied to a temporary file.
        format: the format, if the file's suffix does not say it.
        encoding: encoding of the text; a byte-order mark of UTF-8 is dropped.
        bad_rows: `"stop"` to raise at the first bad row, or what collects such rows.
        meter: counts what is read.
        dialect: what is known of how a table is written.

    Returns:
        An iterator of rows. The header is checked when the first row is asked for.

    Raises:
        RowError: at a bad row, unless they are collected; always for a bad header.
        InputError: if the file is missing or broken, or its format or encoding unknown.
    """
    kind = find_format(source, format)
    _check_options(kind, dialect)
    encoding = normalise_encoding(encoding)
    if isinstance(source, Path) and not source.is_file():
        what = "a folder" if source.is_dir() else "no such file"
        raise InputError(f"{source}: expected a file, got {what}. Check the path.")
    name = source if isinstance(source, Path) else getattr(source, "name", "the input")
    refusal = _Refusal(show_name(name), bad_rows)
    opened = _Opened(source, kind, encoding, dialect, certain=format is not None)
    return Rows(_parse_rows(opened, refusal, meter or Meter()), refusal)


def _check_options(kind: Format, dialect: DialectOptions) -> None:
    """Check that no option is given that would do nothing."""
    useful = {"--no-header"} if kind in ("csv", "tsv", "xlsx") else set()
    useful |= {"--delimiter", "--quoting"} if kind in DELIMITED else set()
    useful |= {"--sheet"} if kind == "xlsx" else set()
    idle = [name for name in dialect.said if name not in useful]
    if idle:
        raise InputError(
            f"{idle[0]} means nothing for the format {kind}. Leave it out, or name the format that "
            "the file has with --format."
        )


class _Refusal:
    """Where the readers of one file hand in what they cannot read."""

    def __init__(self, path: str, bad_rows: BadRows) -> None:
        self.path, self.bad_rows = path, bad_rows
        self.in_header = False
        self.columns: dict[str, Any] | None = None

    def __call__(self, line: int, fault: Fault, content: Content) -> None:
        error = RowError(self.path, line, fault, whole_file=self.in_header)
        if self.in_header:
            raise error
        refuse(self.bad_rows, error, content)

    def say(self, note: str) -> None:
        say(self.path, note)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A source, and what is known of it."""

    source: Path | TextIO | BinaryIO
    kind: Format
    encoding: str
    dialect: DialectOptions
    certain: bool


def _parse_rows(opened: _Opened, refusal: _Refusal, meter: Meter) -> Iterator[Row]:
    source, kind, encoding = opened.source, opened.kind, opened.encoding
    if kind in ("parquet", "feather", "xlsx"):
        with open_seekable(source, refusal.path, zipped=kind != "xlsx") as table:
            if kind == "xlsx":
                yield from parse_spreadsheet(table, refusal, opened.dialect)
            else:
                parse = parse_parquet if kind == "parquet" else parse_feather
                yield from parse(table, refusal, meter)
        return
    with open_source(source, refusal.path, meter) as stream:
        if kind == "json":
            yield from parse_json(stream, encoding, refusal)
            return
        chunks = read_chunks(stream, refusal.path, encoding)
        if kind in DELIMITED:
            yield from parse_delimited(chunks, refusal, opened.dialect, DELIMITED[kind])
        elif kind == "txt":
            yield from parse_txt(chunks, refusal, certain=opened.certain)
        else:
            yield from {"jsonl": parse_jsonl, "whatsapp": parse_whatsapp}[kind](chunks, refusal)
