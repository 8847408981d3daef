"""Rows of tables as text: fields between delimiters, in the dialect that the file is in."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from emoscope.errors import InputError
from emoscope.reading.csv_records import read_csv_records
from emoscope.reading.dialect import (
    Dialect,
    DialectOptions,
    find_candidates,
    find_delimiter,
    find_tab_quoting,
    name_delimiter,
    parse_separator_line,
)
from emoscope.reading.errors import Fault, Refusal
from emoscope.reading.lines import Chunk, read_good_lines
from emoscope.reading.lookahead import Lookahead, cut_chunk
from emoscope.reading.row import Row

Record = tuple[int, list[str]]

_QUALTRICS = frozenset(("ResponseId", "RecordedDate", "StartDate"))
_QUALTRICS_IMPORT = '{"ImportId":'


class _Table(NamedTuple):
    """How the records of a table were made."""

    delimiter: str
    header: bool


def parse_delimited(
    chunks: Iterator[Chunk], refusal: Refusal, options: DialectOptions, default: str
) -> Iterator[Row]:
    """Rows of CSV or TSV; the first record names the columns, if there is a header.

    Args:
        chunks: the decoded lines.
        refusal: gets what cannot be read.
        options: what is known of the dialect.
        default: the delimiter that the format is named after.
    """
    look = Lookahead(chunks)
    delimiter = _choose_delimiter(look, refusal, options, default)
    if options.quoting == "auto" and delimiter == "\t":
        records = _read_tab_records(look, refusal)
    elif options.quoting == "none":
        records = _split_lines(look, refusal, delimiter)
    else:
        quoting = "csv" if options.quoting == "auto" else options.quoting
        records = read_csv_records(look, refusal, Dialect(delimiter, quoting))
    return parse_table(records, refusal, header=options.header, delimiter=delimiter)


def _choose_delimiter(
    look: Lookahead, refusal: Refusal, options: DialectOptions, default: str
) -> str:
    said = parse_separator_line(look.peek_line())
    if said is not None:
        look.drop_line()
    if options.delimiter is not None or said is not None:
        return options.delimiter or said or default
    if default == "\t":
        return default
    if options.header:
        candidates = find_candidates(look.peek_line())
        if candidates is not None and candidates <= {default}:
            return default
    found, note = find_delimiter(look.peek_sample(), default, header=options.header)
    if note is not None:
        refusal.say(note)
    return found


def _read_tab_records(look: Lookahead, refusal: Refusal) -> Iterator[Record]:
    """Fields between tabs; what quotes mean is decided where a field first begins with one."""
    width: int | None = None
    for chunk in look:
        found = _find_quoted_field(chunk.text)
        if found is None:
            records = _split_lines(iter((chunk,)), refusal, "\t")
            if width is None and (first := next(records, None)) is not None:
                width = len(first[1])
                yield first
            yield from records
            continue
        before, rest = cut_chunk(chunk, chunk.text.count("\n", 0, found))
        look.put_back(rest)
        if before.text:
            look.put_back(before)
            continue
        dialect, note = find_tab_quoting(look.peek_sample(), width, rest.line)
        if note is not None:
            refusal.say(note)
        if dialect.quoting == "none":
            yield from _split_lines(look, refusal, "\t")
        else:
            yield from read_csv_records(look, refusal, dialect)


def _find_quoted_field(text: str) -> int | None:
    """Place of the first quote at the start of a field."""
    if text.startswith('"'):
        return 0
    # A regular expression for both would be far slower.
    places = [text.find(mark) + 1 for mark in ('\t"', '\n"')]
    return min(filter(None, places), default=None)


def _split_lines(chunks: Iterator[Chunk], refusal: Refusal, delimiter: str) -> Iterator[Record]:
    """Fields of lines in which quotes are ordinary characters."""
    lines = read_good_lines(chunks, refusal)
    return ((number, text.split(delimiter)) for number, text in lines if text)


def parse_table(
    records: Iterator[Record], refusal: Refusal, *, header: bool, delimiter: str = ","
) -> Iterator[Row]:
    """Rows from fields, as many in each record as in the first.

    Args:
        records: fields with the number of their line.
        refusal: gets the columns, and records with more or fewer fields.
        header: whether the first record names the columns; else they are called 1, 2, ….
        delimiter: what stood between the fields, for messages.
    """
    table = _Table(delimiter, header)
    refusal.in_header = True
    line, names = next(records, (0, []))
    if not names:
        raise InputError(
            f"{refusal.path}: expected a first line with the names of the columns, "
            "got an empty file. Write that line, or check that this is the right file."
        )
    if table.header:
        if any("\r" in name for name in names):
            advice = "Write the file with line ends LF or CR LF."
            refusal(line, Fault("lines that end in LF or CR LF", "a lone CR", advice), "")
        if _QUALTRICS & set(names):
            records = _drop_qualtrics_headers(records, refusal)
        names = name_columns(names, refusal)
    else:
        records = chain([(line, names)], records)
        names = [str(number) for number in range(1, len(names) + 1)]
    refusal.in_header = False
    refusal.columns = dict.fromkeys(names)
    width = len(names)
    for line, fields in records:
        if len(fields) == width:
            yield Row(line, dict(zip(names, fields, strict=True)))
        else:
            refusal(line, _make_width_fault(width, fields, table), _join_fields(fields, table))


def name_columns(names: Sequence[str], refusal: Refusal) -> list[str]:
    """A name for each column that no other has: of several `Comment` each gets its number.

    A column without a name is called after its place.
    """
    counts = Counter(names)
    if len(counts) == len(names) and "" not in counts:
        return list(names)
    seen: Counter[str] = Counter()
    found: list[str] = []
    for place, name in enumerate(names, 1):
        seen[name] += 1
        new = name
        if not name:
            new = f"column {place}"
        elif counts[name] > 1:
            new = f"{name}#{seen[name]}"
        while new != name and new in counts:
            new += "#"
        found.append(new)
    several = [name for name, times in counts.items() if times > 1 and name]
    if several:
        shown = ", ".join(f"{name!r} ({name}#1 to {name}#{counts[name]})" for name in several[:5])
        refusal.say(f"columns of one name are told apart by numbers: {shown}.")
    return found


def _drop_qualtrics_headers(records: Iterator[Record], refusal: Refusal) -> Iterator[Record]:
    """Leave out the two records with which Qualtrics explains its columns."""
    first, second = next(records, None), next(records, None)
    if second is not None and _is_import_record(second[1]):
        lines = f"lines {first[0] if first else 1} and {second[0]}"
        refusal.say(f"{lines} hold the question texts and ids of Qualtrics: left out.")
        return records
    return chain((each for each in (first, second) if each is not None), records)


def _is_import_record(fields: list[str]) -> bool:
    """Whether the fields are the ids of Qualtrics, such as `{"ImportId":"QID1"}`."""
    cells = [cell.replace(" ", "") for cell in fields if cell]
    return bool(cells) and all(cell.startswith(_QUALTRICS_IMPORT) for cell in cells)


def _make_width_fault(width: int, fields: list[str], table: _Table) -> Fault:
    mark = name_delimiter(table.delimiter)
    advice = f"Look for {mark}s too many or too few in the line."
    if width == 1:
        advice += (
            f" If a {mark} ends no field here, as in a file of one column: --delimiter with a "
            "character that never occurs in it."
        )
    elif len(fields) == width + 1 and table.header:
        advice += (
            " If every line has one more than the header, as row.names of R make it, write the "
            "file with col.names = NA."
        )
    where = "in the header" if table.header else "in the first line"
    return Fault(f"{width} fields, as {where}", str(len(fields)), advice)


def _join_fields(fields: list[str], table: _Table) -> str:
    if table.delimiter == "\t":
        return "\t".join(fields)
    text = io.StringIO()
    csv.writer(text, lineterminator="", delimiter=table.delimiter).writerow(fields)
    return text.getvalue()
