"""Rows of Parquet files and of Arrow files (Feather), a batch at a time."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from emoscope.errors import InputError, raise_os_error, require
from emoscope.reading.delimited import name_columns
from emoscope.reading.errors import Fault, Refusal
from emoscope.reading.row import Row
from emoscope.reading.streams import BLOCK_BYTES, Meter

_PARQUET_ROWS = 2048


def parse_parquet(source: BinaryIO, refusal: Refusal, meter: Meter) -> Iterator[Row]:
    """Rows of a Parquet file, a batch at a time; times to the microsecond, as Python has them."""
    pa, pq = require("pyarrow", "parquet"), require("pyarrow.parquet", "parquet")

    try:
        # Both options keep it from reading a whole row group at a time.
        with pq.ParquetFile(source, buffer_size=BLOCK_BYTES, pre_buffer=False) as table:
            meter.total = table.metadata.num_rows
            batches = table.iter_batches(batch_size=_PARQUET_ROWS)
            yield from _read_batches(table.schema_arrow, batches, refusal, meter)
    except (pa.ArrowException, OSError) as error:
        raise_os_error(error, refusal.path)
        raise InputError(
            f"{refusal.path}: expected a Parquet file, got one that cannot be read ({error}). "
            "Write or fetch it again."
        ) from error


def parse_feather(source: BinaryIO, refusal: Refusal, meter: Meter) -> Iterator[Row]:
    """Rows of an Arrow file (Feather version 2) or stream, a batch at a time."""
    pa = require("pyarrow", "parquet")

    try:
        is_file = source.read(6) == b"ARROW1"
        source.seek(0)
        with pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source) as table:
            if is_file:
                batches = (table.get_batch(n) for n in range(table.num_record_batches))
            else:
                batches = iter(table)
            yield from _read_batches(table.schema, batches, refusal, meter)
    except (pa.ArrowException, OSError) as error:
        raise_os_error(error, refusal.path)
        raise InputError(
            f"{refusal.path}: expected an Arrow or Feather file (version 2), got one that cannot "
            f"be read ({error}). Write it again with pyarrow.feather.write_feather, or as Parquet."
        ) from error


def _read_batches(
    schema: Any, batches: Iterator[Any], refusal: Refusal, meter: Meter
) -> Iterator[Row]:
    schema = _drop_nanoseconds(schema)
    names = name_columns(schema.names, refusal)
    refusal.columns = {name: field.type for name, field in zip(names, schema, strict=True)}
    number = 0
    for batch in batches:
        columns = batch.cast(schema, safe=False).rename_columns(names)
        for values in _read_batch(columns):
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
