"""Rows of spreadsheets: Excel and OpenDocument."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, BinaryIO

from emoscope.errors import InputError, raise_os_error, require
from emoscope.reading.delimited import Record, parse_table
from emoscope.reading.dialect import DialectOptions
from emoscope.reading.errors import Refusal
from emoscope.reading.row import Row

MAX_BYTES = 1 << 29
"""Bytes of a spreadsheet, unpacked: it is read as a whole."""
_OLD = b"\xd0\xcf\x11\xe0"
_END_BYTES = 1 << 16
_BAD_ARCHIVE = (zipfile.BadZipFile, NotImplementedError, OSError, ValueError)


def parse_spreadsheet(source: BinaryIO, refusal: Refusal, options: DialectOptions) -> Iterator[Row]:
    """Rows of a sheet, as text; its first row that is not empty names the columns."""
    calamine = require("python_calamine", "formats")
    try:
        _check_size(source, refusal.path)
        book = calamine.CalamineWorkbook.from_filelike(source)
        name = _choose_sheet(book.sheet_names, refusal, options.sheet)
        records = _read_records(book.get_sheet_by_name(name))
    except (calamine.CalamineError, *_BAD_ARCHIVE) as error:
        raise_os_error(error, refusal.path)
        raise InputError(
            f"{refusal.path}: expected a spreadsheet, got a file that cannot be read ({error}). "
            "Open it in a spreadsheet program and save it as CSV (UTF-8)."
        ) from error
    return parse_table(records, refusal, header=options.header)


def _check_size(source: BinaryIO, path: str) -> None:
    size = source.seek(0, 2)
    source.seek(0)
    # An old format is no archive. Of anything else the size must be known before it is unpacked.
    if source.read(len(_OLD)) != _OLD:
        try:
            with zipfile.ZipFile(source) as archive:
                size = sum(each.file_size for each in archive.infolist())
        except zipfile.BadZipFile:
            # It says this of a disk that fails as well; then this read fails.
            source.seek(-min(size, _END_BYTES), 2)
            source.read()
            raise
    source.seek(0)
    if size > MAX_BYTES:
        raise InputError(
            f"{path}: expected a spreadsheet of at most {MAX_BYTES >> 20} MiB, unpacked, got "
            f"{size >> 20:,}. Save it as CSV (UTF-8)."
        )


def _choose_sheet(names: list[str], refusal: Refusal, wanted: str | None) -> str:
    shown = ", ".join(map(repr, names))
    if wanted is not None and wanted not in names:
        raise InputError(
            f"{refusal.path}: expected a sheet {wanted!r}, got {shown}. Name one with --sheet."
        )
    if not names:
        raise InputError(f"{refusal.path}: expected a sheet, got none. Save it as CSV (UTF-8).")
    if wanted is None and len(names) > 1:
        refusal.say(f"read is the first sheet of {shown}. Name another with --sheet.")
    return wanted or names[0]


def _read_records(sheet: Any) -> Iterator[Record]:
    for number, cells in enumerate(sheet.iter_rows(), 1):
        fields = [_to_text(cell) for cell in cells]
        if any(fields):
            yield number, fields


def _to_text(cell: object) -> str:
    """A cell as it would stand in CSV."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)
