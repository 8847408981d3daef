"""Spreadsheets, made here by hand, as no package that writes them is needed otherwise."""

import errno
import io
import os
import zipfile
from xml.sax.saxutils import escape

import pytest

from emoscope.errors import InputError, MachineError
from emoscope.reading import spreadsheets
from emoscope.reading.dialect import UNKNOWN, DialectOptions
from emoscope.reading.rows import _Refusal, read_rows
from tests.reading.test_rows import values, write

pytest.importorskip("python_calamine")

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def make_cell(value, style=""):
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c{style}><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def make_workbook(sheets):
    """A file of Excel with sheets of rows; an empty row is a gap."""
    out = io.BytesIO()
    names = list(sheets)
    with zipfile.ZipFile(out, "w") as archive:
        kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        parts = "".join(
            f'<Override PartName="/xl/worksheets/s{n}.xml" ContentType="{kinds}.worksheet+xml"/>'
            for n in range(len(names))
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
            f"{parts}</Types>",
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r0" '
            f'Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        entries = "".join(
            f'<sheet name="{name}" sheetId="{n + 1}" r:id="r{n}"/>' for n, name in enumerate(names)
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{entries}</sheets></workbook>',
        )
        links = "".join(
            f'<Relationship Id="r{n}" Type="{LINKS}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n in range(len(names))
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
        )
        for n, rows in enumerate(sheets.values()):
            lines = "".join(
                f'<row r="{r}">{"".join(map(make_cell, row))}</row>'
                for r, row in enumerate(rows, 1)
                if row
            )
            archive.writestr(
                f"xl/worksheets/s{n}.xml",
                f'<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData></worksheet>',
            )
    return out.getvalue()


ROWS = [["id", "text", "ok"], [1, "I love it", True], [], [2.5, "so\nangry, é", False]]
EXPECTED = [
    {"id": "1", "text": "I love it", "ok": "TRUE"},
    {"id": "2.5", "text": "so\nangry, é", "ok": "FALSE"},
]


@pytest.fixture
def notes(monkeypatch):
    said = []
    monkeypatch.setattr("emoscope.reading.rows.say", lambda path, note: said.append(note))
    return said


def test_the_first_sheet_or_another(tmp_path, notes):
    content = make_workbook({"Data": ROWS, "Notes": [["text"], ["other"]]})
    path = write(tmp_path, "a.xlsx", content)
    rows = read_rows(path)
    assert [(row.line, row.values) for row in rows] == [(2, EXPECTED[0]), (4, EXPECTED[1])]
    assert rows.columns == {"id": None, "text": None, "ok": None}
    assert "'Notes'" in notes[0]
    assert "--sheet" in notes[0]
    assert values(read_rows(path, dialect=DialectOptions(sheet="Notes"))) == [{"text": "other"}]
    with pytest.raises(InputError, match=r"'Data', 'Notes'.*--sheet"):
        list(read_rows(path, dialect=DialectOptions(sheet="Dta")))
    [first, *_] = read_rows(path, dialect=DialectOptions(header=False))
    assert first.values == {"1": "id", "2": "text", "3": "ok"}


def test_spreadsheets_of_streams_and_archives(tmp_path, notes):
    content = make_workbook({"Data": ROWS})
    stream = io.BufferedReader(io.BytesIO(content))
    assert values(read_rows(stream, "xlsx")) == EXPECTED
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("survey.xlsx", content)
    assert values(read_rows(write(tmp_path, "survey.zip", out.getvalue()))) == EXPECTED
    assert notes == []


class FailingDisk(io.BytesIO):
    """A file of which one read fails."""

    def __init__(self, content, at):
        super().__init__(content)
        self.left = at

    def read(self, *arguments):
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(*arguments)


@pytest.mark.parametrize("at", [0, 1, 2, 5, 9])
def test_a_disk_that_fails_is_not_called_a_damaged_file(at):
    disk = FailingDisk(make_workbook({"Data": ROWS}), at)
    with pytest.raises((MachineError, OSError), match="Input/output error") as told:
        list(spreadsheets.parse_spreadsheet(disk, _Refusal("in.xlsx", "stop"), UNKNOWN))
    assert "save it as CSV" not in str(told.value)


def test_what_is_no_spreadsheet(tmp_path, monkeypatch):
    whole = make_workbook({"Data": ROWS})
    damaged = whole.replace(b"PK\x01\x02", b"PK\x01\x03")
    for content in (b"", b"id,text\n", whole[:500], damaged, b"\xd0\xcf\x11\xe0" + whole[:500]):
        with pytest.raises(InputError, match="save it as CSV"):
            list(read_rows(write(tmp_path, "a.xlsx", content)))
    monkeypatch.setattr(spreadsheets, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match="at most"):
        list(read_rows(write(tmp_path, "b.xlsx", make_workbook({"Data": ROWS}))))
