"""One parser a format: decoded lines, or a Parquet file, to rows. `rows.py` is the way in."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from emoscope.errors import InputError, require
from emoscope.reading.csv_records import read_csv_records
from emoscope.reading.errors import Fault, Refusal, format_value
from emoscope.reading.json_records import read_json_records
from emoscope.reading.lines import Chunk, read_good_lines
from emoscope.reading.streams import BLOCK_BYTES, Meter

_PARQUET_ROWS = 2048


class Row(NamedTuple):
    """One row of a table.

    Attributes:
        line: number of the line it starts at, from 1; in JSON and Parquet, number of the row.
        values: value of each column; text, except in JSONL, JSON and Parquet.
    """

    line: int
    values: dict[str, Any]


def parse_txt(chunks: Iterator[Chunk], refusal: Refusal) -> Iterator[Row]:
    """One row a line, in the column `text`; a blank line is a row too."""
    refusal.columns = {"text": None}
    for number, text in read_good_lines(chunks, refusal):
        yield Row(number, {"text": text})


def parse_tsv(chunks: Iterator[Chunk], refusal: Refusal) -> Iterator[Row]:
    """Fields between tabs, with no quoting; the first line names the columns."""
    lines = read_good_lines(chunks, refusal)
    return _parse_table(
        ((number, text.split("\t")) for number, text in lines if text), "\t", refusal
    )


def parse_csv(chunks: Iterator[Chunk], refusal: Refusal) -> Iterator[Row]:
    """Fields as in RFC 4180; the first record names the columns."""
    return _parse_table(read_csv_records(chunks, refusal), ",", refusal)


def parse_jsonl(chunks: Iterator[Chunk], refusal: Refusal) -> Iterator[Row]:
    """One JSON object a line."""
    for number, text in read_good_lines(chunks, refusal):
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
    """A list of JSON objects."""
    for number, (value, text) in enumerate(read_json_records(stream, encoding, refusal), 1):
        fault = _find_object_fault(value, checked="\\u" in text)
        if fault:
            refusal(number, fault, text)
        else:
            yield Row(number, value)


def parse_parquet(source: BinaryIO, refusal: Refusal, meter: Meter) -> Iterator[Row]:
    """Rows of a Parquet file, a batch at a time; times to the microsecond, as Python has them."""
    pa, pq = require("pyarrow", "parquet"), require("pyarrow.parquet", "parquet")

    number = 0
    try:
        # Both options keep it from reading a whole row group at a time.
        with pq.ParquetFile(source, buffer_size=BLOCK_BYTES, pre_buffer=False) as table:
            schema = _drop_nanoseconds(table.schema_arrow)
            _check_names(schema.names, refusal, 1)
            refusal.columns = {field.name: field.type for field in schema}
            meter.total = table.metadata.num_rows
            for batch in table.iter_batches(batch_size=_PARQUET_ROWS):
                for values in _read_batch(batch.cast(schema, safe=False)):
                    number += 1
                    meter.done = number
                    if isinstance(values, UnicodeDecodeError):
                        what = f"the byte 0x{values.object[values.start]:02x}"
                        advice = "Write the file again with its text in UTF-8."
                        refusal(number, Fault("text in utf-8", what, advice), "")
                    elif isinstance(values, Exception):
                        advice = "Write the file again with dates of the years 1 to 9999."
                        refusal(number, Fault("values that Python has", str(values), advice), "")
                    else:
                        yield Row(number, values)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{refusal.path}: expected a Parquet file, got one that cannot be read ({error}). "
            "Write or fetch it again."
        ) from error


def _drop_nanoseconds(schema: Any) -> Any:
    """The schema with times to the microsecond, so that pandas is not needed to read them."""
    pa = require("pyarrow", "parquet")

    fields = []
    for field in schema:
        kind = field.type
        if pa.types.is_timestamp(kind) and kind.unit == "ns":
            kind = pa.timestamp("us", kind.tz)
        elif pa.types.is_time64(kind) and kind.unit == "ns":
            kind = pa.time64("us")
        elif pa.types.is_duration(kind) and kind.unit == "ns":
            kind = pa.duration("us")
        fields.append(pa.field(field.name, kind))
    return pa.schema(fields)


def _read_batch(batch: Any) -> Iterator[dict[str, Any] | Exception]:
    """Values of the rows of an Arrow batch, or why a row has none."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError):
        for place in range(batch.num_rows):
            try:
                yield batch.slice(place, 1).to_pylist()[0]
            except (ValueError, OverflowError) as error:
                yield error


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


def _parse_table(
    records: Iterator[tuple[int, list[str]]], separator: str, refusal: Refusal
) -> Iterator[Row]:
    """Rows from fields: names from the first record, and as many fields in each."""
    refusal.in_header = True
    line, names = next(records, (0, []))
    if not names:
        raise InputError(
            f"{refusal.path}: expected a first line with the names of the columns, "
            "got an empty file. Write that line, or check that this is the right file."
        )
    _check_names(names, refusal, line)
    refusal.in_header = False
    refusal.columns = dict.fromkeys(names)
    width = len(names)
    for line, fields in records:
        if len(fields) == width:
            yield Row(line, dict(zip(names, fields, strict=True)))
            continue
        mark = {"\t": "tabs", ",": "commas"}[separator]
        advice = f"Look for {mark} too many or too few in the line."
        refusal(
            line,
            Fault(f"{width} fields, as in the header", str(len(fields)), advice),
            _join_fields(fields, separator),
        )


def _check_names(names: list[str], refusal: Refusal, line: int) -> None:
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        advice = "Rename one of them."
        refusal.in_header = True
        refusal(line, Fault("a different name for each column", f"{twice!r} twice", advice), "")
    if any("\r" in name for name in names):
        advice = "Write the file with line ends LF or CR LF."
        refusal(line, Fault("lines that end in LF or CR LF", "a lone CR", advice), "")


def _join_fields(fields: list[str], separator: str) -> str:
    if separator == "\t":
        return "\t".join(fields)
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()
