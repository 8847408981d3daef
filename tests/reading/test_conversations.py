"""Turns and ids out of rows."""

import pytest

from emoscope.errors import InputError
from emoscope.reading.conversations import Columns, check_columns, is_blank, read_turns
from emoscope.reading.errors import RowError
from emoscope.reading.row_formats import Row

THREE = Columns(turns=("turn1", "turn2", "turn3"), id="id")


def test_turns_in_three_columns():
    row = Row(4, {"turn2": "b", "id": "x", "turn1": " a ", "turn3": ""})
    assert read_turns(row, THREE) == ("x", [" a ", "b", ""])


@pytest.mark.parametrize(
    ("value", "separator", "expected"),
    [
        ("just one | text", None, ["just one | text"]),
        ("one | two|three", "|", ["one", "two", "three"]),
        ("one <eos>  <eos> three", "<eos>", ["one", "", "three"]),
        ('["one", "two"]', "json", ["one", "two"]),
        ('["one", "two"]', None, ['["one", "two"]']),
        (["one", "two"], None, ["one", "two"]),
        (["one | two"], "|", ["one | two"]),
    ],
)
def test_turns_in_one_column(value, separator, expected):
    columns = Columns(turn_separator=separator)
    assert read_turns(Row(7, {"text": value}), columns) == ("7", expected)


@pytest.mark.parametrize(("value", "expected"), [("a", "a"), (12, "12"), (" b", " b")])
def test_ids(value, expected):
    assert read_turns(Row(1, {"text": "t", "n": value}), Columns(id="n"))[0] == expected


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), 1.5, True, [1]])
def test_values_that_are_no_id(value):
    with pytest.raises(RowError, match=r"file\.csv, line 3, column 'n': expected an id") as caught:
        read_turns(Row(3, {"text": "t", "n": value}), Columns(id="n"), "file.csv")
    assert (caught.value.line, caught.value.column) == (3, "n")


@pytest.mark.parametrize(
    ("value", "separator", "message"),
    [
        (None, None, "got nothing"),
        (3, None, r"got 3 \(int\)"),
        (3, "|", r"got 3 \(int\)"),
        ([], None, "an empty list"),
        (["a", None], None, "got nothing"),
        ([["a"]], None, r"\['a'\] \(list\)"),
        ("plain", "json", "a JSON list of turns, got 'plain'"),
        ('{"a": 1}', "json", "a JSON list of turns"),
        ("[" * 100_000, "json", "a JSON list of turns"),
        ("[1]", "json", r"got 1 \(int\)"),
    ],
)
def test_values_that_are_no_turns(value, separator, message):
    with pytest.raises(RowError, match=message) as caught:
        read_turns(Row(3, {"text": value}), Columns(turn_separator=separator))
    assert caught.value.column == "text"


def test_a_list_is_no_turn_among_several():
    with pytest.raises(RowError, match="column 'turn2'"):
        read_turns(Row(1, {"id": "1", "turn1": "a", "turn2": ["b"], "turn3": "c"}), THREE)


@pytest.mark.parametrize(
    "bad",
    [
        {"turns": ()},
        {"turns": "text"},
        {"label": "a", "labels": ("b",)},
        {"turns": ("a", "b"), "turn_separator": "|"},
        {"turn_separator": ""},
        {"label_separator": ""},
        {"id": "text"},
        {"turns": ("a", "a")},
    ],
)
def test_columns_that_contradict_each_other(bad):
    with pytest.raises(InputError, match=r"xpected|needs"):
        Columns(**bad)


def test_missing_columns_are_named_with_those_there_are():
    present = {"id": "1", "turn1": "", "turn2": "", "turn_3": ""}
    with pytest.raises(InputError, match=r"a\.csv: expected a column 'turn3'.*Is it 'turn_3'"):
        check_columns(present, THREE, "a.csv")
    with pytest.raises(InputError, match="--delimiter"):
        check_columns({"id;text": "1;a"}, Columns())
    check_columns({"text": "", "more": ""}, Columns())


def test_blank_cells():
    assert all(map(is_blank, [None, "", " \t", float("nan")]))
    assert not any(map(is_blank, ["a", 0, 0.0, False, []]))
