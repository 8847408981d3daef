"""Texts that are missing are counted, not scored."""

import pytest

from emoscope.errors import InputError
from emoscope.jobs.source import Source
from emoscope.reading.errors import MissingTextError
from emoscope.reading.missing import MISSING_MARKS, is_missing, parse_marks
from tests.reading.test_rows import write


def read(path, **options):
    with Source(path, **options).opened() as opened:
        return list(opened.items())


def test_marks_stand_for_missing_texts(tmp_path):
    cells = [*MISSING_MARKS, " NA ", "", "none", "Nan", "NA!", "so sad"]
    path = write(tmp_path, "a.txt", "\n".join(cells))
    items = read(path)
    missing = [isinstance(item.error, MissingTextError) for item in items]
    assert missing == [True] * (len(MISSING_MARKS) + 2) + [False] * 4
    assert [item.error.mark for item in items if item.error][-2:] == ["NA", ""]
    assert "--missing none" in str(items[0].error)
    assert items[-1].turns == ["so sad"]


def test_other_marks_or_none(tmp_path):
    path = write(tmp_path, "a.csv", "text\nNA\n-\nso\n")
    assert [item.turns for item in read(path, missing=("-",))] == [["NA"], [], ["so"]]
    assert [item.turns for item in read(path, missing=())] == [["NA"], ["-"], ["so"]]
    assert parse_marks("-, keine") == ("-", "keine")
    assert parse_marks("none") == ()
    assert parse_marks(None) == MISSING_MARKS
    for wrong in ("", "a,,b", "x" * 300):
        with pytest.raises(InputError, match="--missing"):
            parse_marks(wrong)


def test_a_mark_among_turns_is_an_empty_turn(tmp_path):
    path = write(tmp_path, "a.csv", "a,b\nhello,NA\nNULL,\n[deleted],  \n")
    first, *others = read(path, turns=("a", "b"))
    assert first.turns == ["hello", ""]
    assert all(isinstance(item.error, MissingTextError) for item in others)


def test_values_that_are_no_text():
    marks = frozenset(MISSING_MARKS)
    assert is_missing(None, marks)
    assert is_missing(float("nan"), marks)
    assert not is_missing(0, marks)
    assert not is_missing(["NA"], marks)


def test_null_and_lists_in_json(tmp_path):
    path = write(tmp_path, "a.jsonl", '{"text": null}\n{"text": ["NA", ""]}\n{"text": 3}\n{}\n')
    errors = [type(item.error).__name__ for item in read(path)]
    assert errors == ["MissingTextError", "MissingTextError", "RowError", "MissingTextError"]
