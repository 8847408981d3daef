"""JSON as people have it: lists in objects, data frames, chats, nested fields."""

import json

import pytest

from emoscope.errors import InputError
from emoscope.jobs.source import Source
from emoscope.reading.json_tables import find_json_table
from emoscope.reading.nested import find_paths, get_value, has_value
from emoscope.reading.rows import read_rows
from tests.reading.test_rows import values, write

ROWS = [{"id": 1, "text": "I love it"}, {"id": 2, "text": "so angry"}]
FRAME = {
    "columns": {"id": {"0": 1, "1": 2}, "text": {"0": "I love it", "1": "so angry"}},
    "index": {"0": ROWS[0], "1": ROWS[1]},
    "split": {
        "columns": ["id", "text"],
        "index": [0, 1],
        "data": [[1, "I love it"], [2, "so angry"]],
    },
}


@pytest.fixture(autouse=True)
def notes(monkeypatch):
    said = []
    monkeypatch.setattr("emoscope.reading.rows.say", lambda path, note: said.append(note))
    return said


@pytest.mark.parametrize(
    "value",
    [
        {"data": ROWS, "meta": {"result_count": 2}},
        {"data": ROWS, "meta": [], "tags": ["a", "b"]},
        *FRAME.values(),
    ],
)
def test_an_object_that_holds_rows(tmp_path, notes, value):
    assert values(read_rows(write(tmp_path, "a.json", json.dumps(value)))) == ROWS
    assert len(notes) == 1


def test_other_objects_are_one_row(tmp_path, notes):
    one = {"text": "so", "tags": ["a"], "user": {"name": "x"}}
    assert values(read_rows(write(tmp_path, "a.json", json.dumps(one)))) == [one]
    assert notes == []
    two = {"data": ROWS, "errors": [{"title": "gone"}]}
    path = write(tmp_path, "b.json", json.dumps(two))
    assert values(read_rows(path)) == [two]
    assert "'data[].COLUMN'" in notes[0]
    with Source(path, turns=("data[].text",), each="data[]").opened() as opened:
        assert [item.turns for item in opened.items()] == [["I love it"], ["so angry"]]


def test_lists_of_texts(tmp_path):
    path = write(tmp_path, "a.json", json.dumps(["I love it", "so angry"]))
    assert values(read_rows(path)) == [{"text": "I love it"}, {"text": "so angry"}]
    with pytest.raises(InputError, match="got text"):
        list(read_rows(write(tmp_path, "b.json", '[{"text": "a"}, "b"]')))


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("rows", [ROWS, [{"text": "😀 é"}], ["a", "b"]])
def test_a_list_in_a_file_called_jsonl(tmp_path, notes, indent, rows):
    path = write(tmp_path, "a.jsonl", json.dumps(rows, indent=indent, ensure_ascii=False))
    expected = [row if isinstance(row, dict) else {"text": row} for row in rows]
    assert values(read_rows(path)) == expected
    assert "JSON list" in notes[0]


def test_an_export_of_messenger(tmp_path, notes):
    spoilt = "Schön 😀".encode().decode("latin-1")
    export = {
        "participants": [{"name": "Ann"}, {"name": "Ben"}],
        "messages": [
            {"sender_name": "Ann", "timestamp_ms": 1_577_836_800_000, "content": spoilt},
            {"sender_name": "Ben", "timestamp_ms": 1_577_836_801_000, "photos": [{"uri": "a.jpg"}]},
        ],
        "title": "Ann and Ben",
    }
    first, second = values(read_rows(write(tmp_path, "message_1.json", json.dumps(export))))
    assert first == {"sender": "Ann", "time": "2020-01-01T00:00:00+00:00", "text": "Schön 😀"}
    assert second["text"] is None
    assert second["photos"] == [{"uri": "a.jpg"}]
    assert "Messenger" in notes[0]


def test_paths_into_nested_values():
    row = {"a": {"b": "x", "c.d": {"e": "y"}}, "l": [{"t": "1"}, {}, {"t": "2"}], "a.z": "own"}
    assert get_value(row, "a.b") == "x"
    assert get_value(row, "a.c.d.e") == "y"
    assert get_value(row, "a.z") == "own"
    assert get_value(row, "l[].t") == ["1", "2"]
    assert get_value({"m": [{"p": ["a", "b"]}, {"p": ["c"]}]}, "m[].p[]") == ["a", "b", "c"]
    for path in ("a.x", "b", "a.b.c", "l.t", "a[].b", "", "."):
        assert get_value(row, path) is None
        assert not has_value(row, path)
    assert find_paths(row) == ["a.b", "l[].t", "a.c.d.e"]
    deep = {"a": {}}
    inner = deep["a"]
    for _ in range(1000):
        inner["a"] = {}
        inner = inner["a"]
    assert find_paths(deep) == []


def test_elements_as_rows_or_as_turns(tmp_path):
    dialogs = [
        {"id": "d1", "on": "x", "messages": [{"role": "u", "content": "hi"}, {"content": "oh"}]},
        {"id": "d2", "on": "y", "messages": []},
        {"id": "d3", "on": "z"},
    ]
    path = write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, dialogs)))
    source = Source(path, turns=("messages[].content",), each="messages[]")
    with source.opened(typed=True) as opened:
        items = list(opened.items())
        assert {"id", "on", "messages[].role", "messages[].content"} <= set(opened.types)
    assert [(item.id, item.turns) for item in items] == [
        ("d1.1", ["hi"]),
        ("d1.2", ["oh"]),
        ("d2", []),
        ("d3", []),
    ]
    assert items[0].values["on"] == "x"
    with Source(path, turns=("messages[].content",)).opened() as opened:
        turns = [(item.id, item.turns) for item in opened.items()]
    assert turns[0] == ("d1", ["hi", "oh"])


def test_a_missing_column_is_looked_for_inside(tmp_path):
    path = write(tmp_path, "a.jsonl", '{"snippet": {"top": {"textDisplay": "a"}}}')
    for column, match in (
        ("textDisplay", r"'snippet\.top\.textDisplay'"),
        ("text", r"'snippet\.top\.textDisplay'.*--text"),
    ):
        with pytest.raises(InputError, match=match), Source(path, turns=(column,)).opened():
            pass


def test_an_object_has_its_bound(tmp_path, monkeypatch):
    monkeypatch.setattr("emoscope.reading.json_records.BLOCK_BYTES", 10)
    monkeypatch.setattr("emoscope.reading.json_records.MAX_OBJECT_BYTES", 100)
    rows = [{"text": "a" * 50}]
    assert values(read_rows(write(tmp_path, "a.json", json.dumps({"data": rows})))) == rows
    with pytest.raises(InputError, match="JSON list"):
        list(read_rows(write(tmp_path, "b.json", json.dumps({"data": rows * 10}))))


def test_odd_objects_are_no_frames():
    for odd in ({"a": {}}, {"a": {"b": 1}}, {"a": {"0": 1}, "b": {"1": 1}}, {"a": 1}):
        assert find_json_table(odd).rows == [odd]
