"""Chats that WhatsApp exports, and tables that are called .txt."""

import pytest

from emoscope.reading.errors import RowError
from emoscope.reading.rows import read_rows
from tests.reading.test_rows import values, write

ANDROID = (
    "31.12.20, 23:58 - Nachrichten sind verschlüsselt.\n"
    "31.12.20, 23:59 - Anna: Frohes Neues!\nzweite Zeile: so\n\n"
    "31.12.20, 23:59 - Ben B.: <Medien ausgeschlossen>\n"
    "1.1.21, 00:01 - Ben B.: https://a.b: oh\n"
)
IPHONE = (
    "[12/31/20, 11:58:00\u202fPM] Chat: \u200eMessages are end-to-end encrypted.\n"
    "\u200e[12/31/20, 11:59:10\u202fPM] Anna: \u200eimage omitted\n"
    "[1/1/21, 12:00:00\u202fAM] ~\u202fBen: Happy [new] year 😀\n"
)


@pytest.fixture(autouse=True)
def notes(monkeypatch):
    said = []
    monkeypatch.setattr("emoscope.reading.rows.say", lambda path, note: said.append(note))
    return said


def test_exports_of_whatsapp(tmp_path, notes):
    rows = read_rows(write(tmp_path, "chat.txt", ANDROID))
    found = [(row.line, *row.values.values()) for row in rows]
    assert list(rows.columns) == ["time", "sender", "text", "event"]
    assert found == [
        (1, "31.12.20 23:58", None, None, "Nachrichten sind verschlüsselt."),
        (2, "31.12.20 23:59", "Anna", "Frohes Neues!\nzweite Zeile: so", None),
        (5, "31.12.20 23:59", "Ben B.", None, "<Medien ausgeschlossen>"),
        (6, "1.1.21 00:01", "Ben B.", "https://a.b: oh", None),
    ]
    assert "--format txt" in notes[0]
    _, image, wish = values(read_rows(write(tmp_path, "_chat.txt", IPHONE)))
    assert (image["sender"], image["text"]) == ("Anna", None)
    assert wish == {
        "time": "1/1/21 12:00:00 AM",
        "sender": "Ben",
        "text": "Happy [new] year 😀",
        "event": None,
    }


def test_other_texts_are_lines(tmp_path, notes):
    path = write(tmp_path, "chat.txt", ANDROID)
    assert len(list(read_rows(path, "txt"))) == ANDROID.count("\n"), "as it is asked for"
    log = "[2020-01-01 12:00:00] it works\n2020 was a year\n"
    assert len(list(read_rows(write(tmp_path, "log.txt", log)))) == 2
    assert notes == []
    with pytest.raises(RowError, match="--format txt"):
        list(read_rows(write(tmp_path, "b.txt", "hello\n" + ANDROID), "whatsapp"))


@pytest.mark.parametrize(("header", "kind"), [("id\ttext", "tsv"), ("id;text;n", "csv")])
def test_a_table_that_is_called_txt_is_hinted_at(tmp_path, notes, header, kind):
    mark = header[2]
    path = write(tmp_path, "a.txt", f"{header}\n1{mark}so\n")
    assert len(list(read_rows(path))) == 2
    assert f"--format {kind}" in notes[0]
    notes.clear()
    list(read_rows(write(tmp_path, "b.txt", "Well, hello\nso\n")))
    assert notes == []
