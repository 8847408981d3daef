"""How the lines of a table become fields: what stands between them, and what quotes mean.

What nobody says is found out from the start of the file, or of the part that needs the answer.
Nothing else bears on it, so that a job which is resumed reads as it did before.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal, NamedTuple, Protocol, get_args

from emoscope.errors import InputError

Quoting = Literal["auto", "csv", "backslash", "none"]
QUOTINGS: tuple[Quoting, ...] = get_args(Quoting)
NAMES = {"\t": "tab", ";": "semicolon", "|": "pipe", ",": "comma", " ": "space"}
CANDIDATES = ("\t", ";", "|", ",")
"""Delimiters that are recognised; where two fit equally well, the first."""

_BROKEN = 20
_CUT_OFF_LINES = 50
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\1*[ \r\n]*', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_DECIMAL_OR_PROSE = re.compile(r"(?<=\d),(?=\d)|,(?= )")


@dataclass(frozen=True, slots=True)
class DialectOptions:
    """What is said of a table's dialect; the rest is found out.

    Attributes:
        delimiter: the character between fields.
        quoting: `"csv"`: a field in quotes may hold delimiters and line ends, and a quote within it
            is doubled; `"backslash"`: the same, and there may be a backslash before it instead;
            `"none"`: quotes are ordinary characters; `"auto"`: as in CSV, but between tabs what the
            file looks like.
        header: whether the first record names the columns; else they are called 1, 2, ….
        sheet: name of the sheet of a spreadsheet; the first if None.

    Raises:
        InputError: the delimiter is not one character, or cannot be one; no such quoting.
    """

    delimiter: str | None = None
    quoting: Quoting = "auto"
    header: bool = True
    sheet: str | None = None

    def __post_init__(self) -> None:
        if self.delimiter is not None and (
            len(self.delimiter) != 1 or self.delimiter in '"\r\n\\\0'
        ):
            raise InputError(
                f"Expected one character between fields, got {self.delimiter!r}. Name one, such as "
                f"';', or by its name: {', '.join(NAMES.values())}."
            )
        if self.quoting not in QUOTINGS:
            raise InputError(
                f"Expected a quoting among {', '.join(QUOTINGS)}; got {self.quoting!r}."
            )

    @property
    def said(self) -> tuple[str, ...]:
        """Names of the options that are given, as the command line has them."""
        given = {
            "--delimiter": self.delimiter is not None,
            "--quoting": self.quoting != "auto",
            "--no-header": not self.header,
            "--sheet": self.sheet is not None,
        }
        return tuple(name for name, is_given in given.items() if is_given)


UNKNOWN = DialectOptions()
"""Nothing is said of the dialect."""

UNQUOTED = DialectOptions(quoting="none")
"""Quotes are ordinary characters."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the lines of a table become fields; see `DialectOptions`."""

    delimiter: str
    quoting: Literal["csv", "backslash", "none"]

    def make_reader(self, lines: Iterable[str]) -> "_Records":
        """Make a reader of records in which quotes mean something."""
        escape = "\\" if self.quoting == "backslash" else None
        return csv.reader(lines, strict=True, delimiter=self.delimiter, escapechar=escape)


class _Records(Protocol):
    """What `csv.reader` makes."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]:
        """The records."""

    def __next__(self) -> list[str]:
        """The next record."""


class Sample(NamedTuple):
    """Lines that a decision is made from.

    Attributes:
        lines: with their ends.
        whole: whether nothing comes after them.
    """

    lines: list[str]
    whole: bool


class Decision(NamedTuple):
    """A dialect, and what to tell the user of how it was found, if anything."""

    dialect: Dialect
    note: str | None = None


def parse_delimiter(text: str) -> str:
    r"""A delimiter as a user writes it: the character, its name, or `\t`."""
    return {"\\t": "\t", **{name: mark for mark, name in NAMES.items()}}.get(text.lower(), text)


def name_delimiter(delimiter: str) -> str:
    """What a message calls a delimiter."""
    return NAMES.get(delimiter, repr(delimiter))


def parse_separator_line(line: str) -> str | None:
    """The delimiter that a first line such as Excel's `sep=;` names, if it is such a line."""
    found = _SEPARATOR_LINE.fullmatch(line)
    return found[1] if found else None


def find_candidates(line: str) -> set[str] | None:
    """The candidates between the fields of a line; None if a quoted field goes on after it."""
    bare = _QUOTED.sub("", line)
    return None if '"' in bare else {mark for mark in CANDIDATES if mark in bare}


def find_delimiter(sample: Sample, default: str, *, header: bool) -> tuple[str, str | None]:
    """Find the delimiter of records that are quoted as in CSV, with a note if it is not sure.

    It is the one that gives most records as many fields as the first record has.
    """
    scans = {mark: scan(sample, Dialect(mark, "csv")) for mark in CANDIDATES}
    shares = {mark: each.share for mark, each in scans.items() if each.width > 1}
    best = max(shares.values(), default=0.0)
    even = [mark for mark, share in shares.items() if share == best]
    if best == 0:
        return default, None
    if len(even) > 1 and "," in even and _has_only_commas_of_text(sample):
        even.remove(",")
    chosen = even[0] if header else max(reversed(even), key=lambda mark: scans[mark].width)
    if chosen == default:
        return chosen, None
    others = " or ".join(name_delimiter(mark) for mark in even if mark != chosen)
    unsure = f" (a guess, it may be {others})" if others else ""
    return chosen, (
        f"fields are taken to end at a {name_delimiter(chosen)}{unsure}. "
        "If not, name the character with --delimiter."
    )


def find_tab_quoting(sample: Sample, width: int | None, line: int) -> Decision:
    """Find what quotes mean between tabs, from a sample in which a field begins with one.

    Args:
        sample: from the first such line on.
        width: the number of fields of a record; None if the sample begins with the header.
        line: number of the first line of the sample.
    """
    plain, quoted = Dialect("\t", "none"), Dialect("\t", "csv")
    bare = scan_plain(sample, "\t", width)
    full = scan(sample, quoted, width)
    taken_off = (
        f"line {line}: quotes around fields are taken off, as CSV has them. "
        "If they belong to the text: --quoting none."
    )
    if full.bad and any('\\"' in text for text in sample.lines):
        escaped = scan(sample, Dialect("\t", "backslash"), width)
        if not escaped.bad and (bare.bad or full.bad):
            return Decision(Dialect("\t", "backslash"), taken_off)
    header = width is None and full.header_quoted
    certain = full.doubled or header
    if not full.bad and (bare.bad or certain):
        return Decision(quoted, taken_off)
    if not bare.bad and full.bad > full.doubled:
        return Decision(plain)
    if full.bad < bare.bad or (full.bad <= full.doubled and certain):
        return Decision(quoted, f"{taken_off} (A guess: some lines fit neither reading.)")
    return Decision(
        plain,
        f"line {line}: quotes around fields are taken for a part of the text (a guess). "
        "If they only mark where a field begins and ends: --quoting csv.",
    )


class Scan(NamedTuple):
    """What a sample looks like in a dialect.

    Attributes:
        width: fields of the first record, or those expected.
        good: records with so many fields, without the first one if there are others.
        bad: records with more or fewer, and such that break the rules.
        doubled: records in which a quoted field holds a doubled quote.
        header_quoted: whether all fields of the first record are quoted.
    """

    width: int
    good: int
    bad: int
    doubled: int = 0
    header_quoted: bool = False

    @property
    def share(self) -> float:
        """The share of good records."""
        return self.good / max(1, self.good + self.bad)


def scan(sample: Sample, dialect: Dialect, width: int | None = None) -> Scan:
    """Parse a sample in a dialect with quotes."""
    records: list[tuple[int, str]] = []
    broken = 0
    for fields, text in _parse_sample(sample, dialect):
        if fields is None:
            broken += 1
        elif fields:
            records.append((len(fields), text))
    if not records:
        return Scan(width or 0, 0, broken)
    width = records[0][0] if width is None else width
    counted = records[1:] or records
    good = sum(each == width for each, _ in counted)
    doubled = sum(bool(_find_doubled(text)) for _, text in records)
    quotes = records[0][1].strip("\r\n").split(dialect.delimiter)
    quoted = all(len(name) > 1 and name[0] == name[-1] == '"' for name in quotes)
    return Scan(width, good, len(counted) - good + broken, doubled, quoted)


def scan_plain(sample: Sample, delimiter: str, width: int | None = None) -> Scan:
    """Split the lines of a sample, quotes being ordinary characters."""
    widths = [line.count(delimiter) + 1 for line in sample.lines if line.strip("\r\n")]
    expected = (widths or [0])[0] if width is None else width
    good = sum(each == expected for each in widths)
    return Scan(expected, good, len(widths) - good)


def _parse_sample(sample: Sample, dialect: Dialect) -> Iterator[tuple[list[str] | None, str]]:
    """Records with their text; None in place of the fields where one breaks the rules."""
    lines, start, broken = sample.lines, 0, 0
    while start < len(lines) and broken < _BROKEN:
        reader = dialect.make_reader(islice(lines, start, None))
        base = start
        try:
            for fields in reader:
                end = base + reader.line_num
                yield fields, "".join(lines[start:end])
                start = end
            return
        except csv.Error:
            end = base + reader.line_num
            if not sample.whole and end == len(lines) and end - start <= _CUT_OFF_LINES:
                return
            yield None, lines[start]
            start, broken = start + 1, broken + 1


def _find_doubled(text: str) -> bool:
    """Whether quoted fields of a sound record hold doubled quotes."""
    return any('""' in field[1:-1] for field in _QUOTED.findall(text))


def _has_only_commas_of_text(sample: Sample) -> bool:
    """Whether all commas outside quotes are those of decimal numbers or of prose."""
    return all("," not in _DECIMAL_OR_PROSE.sub("", _QUOTED.sub("", x)) for x in sample.lines)
