"""Which dialect a table is in: delimiter, quotes, header, names of columns."""

import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.reading.dialect import DialectOptions, parse_delimiter
from emoscope.reading.errors import RowError
from emoscope.reading.rows import read_rows
from tests.reading.test_rows import Blocks, pieces_of, values, write


@pytest.fixture
def notes(monkeypatch):
    said = []
    monkeypatch.setattr("emoscope.reading.rows.say", lambda path, note: said.append(note))
    return said


def texts(path, **options):
    return [row.values.get("text") for row in read_rows(path, **options)]


@pytest.mark.parametrize(
    ("content", "expected", "delimiter"),
    [
        ("id;datum;text\n1;31.12.2020;Schön, so\n2;1.1.2021;na ja\n", ["Schön, so", "na ja"], ";"),
        ("sep=;\r\nid;text\r\n1;I love it\r\n", ["I love it"], None),
        ('"sep=|"\nid|text\n1|a;b\n', ["a;b"], None),
        ('"";"text";"n"\n"1";"a, b";1,5\n"2";"c";2,5\n', ["a, b", "c"], ";"),
        ("id|text\n1|I love it\n", ["I love it"], "|"),
        ("id\ttext\n1\tI love it, truly\n2\tso; angry\n", ["I love it, truly", "so; angry"], "\t"),
        # Commas are as many in each line, but those of numbers or of prose.
        ("Preis, Euro;text\n1,5;gut\n2,5;schlecht\n", ["gut", "schlecht"], ";"),
        ('"a;b, c",text\n1,"x;y"\n', ["x;y"], None),
        ("id,text,a;b\n1,x;y;z,1\n2,x,3\n", ["x;y;z", "x"], None),
        ("text\nalone, truly\n", None, None),
        ("id,text\n", [], None),
    ],
)
def test_delimiters_are_recognised(tmp_path, notes, content, expected, delimiter):
    path = write(tmp_path, "a.csv", content)
    if expected is None:
        with pytest.raises(RowError, match="--delimiter"):
            texts(path)
        known = DialectOptions("\t")
        assert texts(path, dialect=known) == ["alone, truly"], "the advice that is given"
        return
    assert texts(path) == expected
    names = {";": "semicolon", "|": "pipe", "\t": "tab"}
    assert [names[delimiter] in note and "--delimiter" in note for note in notes] == (
        [True] if delimiter else []
    )


def test_a_delimiter_that_is_named_is_taken(tmp_path, notes):
    path = write(tmp_path, "a.csv", "id~text;x,y\n1~so;a,b\n")
    [row] = read_rows(path, dialect=DialectOptions("~"))
    assert row.values == {"id": "1", "text;x,y": "so;a,b"}
    marks = [parse_delimiter(name) for name in ("tab", "\\t", "Semicolon", "pipe", ";", "~")]
    assert marks == ["\t", "\t", ";", "|", ";", "~"]
    assert notes == []
    for wrong in ("", "ab", '"', "\n"):
        with pytest.raises(InputError, match="one character"):
            DialectOptions(wrong)
    with pytest.raises(InputError, match="auto, csv, backslash, none"):
        DialectOptions(quoting="odd")


@pytest.mark.parametrize(
    ("content", "expected", "note"),
    [
        ('1\tI\n2\t"she said ""no"""\n3\t"two\nlines"\n', ["I", 'she said "no"', "two\nlines"], 1),
        ('1\t"two\nlines"\n', ["two\nlines"], 1),
        ('1\t"Yes" he said\n2\tno\n', ['"Yes" he said', "no"], 0),
        ('1\t"open\n2\tnever closed\n', ['"open', "never closed"], 0),
        ('1\t"a song"\n2\tso\n', ['"a song"', "so"], 1),
        ('1\t"R says \\"no\\"\tso"\n2\tx\n', ['R says "no"\tso', "x"], 1),
    ],
)
def test_quotes_between_tabs(tmp_path, notes, content, expected, note):
    path = write(tmp_path, "a.tsv", "id\ttext\n" + content)
    assert texts(path) == expected
    assert ["--quoting" in each for each in notes] == [True] * note
    for quoting in ("csv", "none"):
        notes.clear()
        lines = read_rows(path, bad_rows=Ignored(), dialect=DialectOptions(quoting=quoting))
        kept = [row.values["text"] for row in lines]
        assert notes == []
        if '"a song"' in content:
            assert kept[0] == ("a song" if quoting == "csv" else '"a song"')


class Ignored:
    def add(self, error, content):
        del error, content


def test_a_quoted_cell_far_down_is_found(tmp_path, notes):
    plain = "".join(f"{n}\tso it goes on and on\n" for n in range(20_000))
    path = write(tmp_path, "a.tsv", f'id\ttext\n{plain}x\t"two\nlines ""here"""\ny\tend\n')
    *_, last, end = read_rows(path)
    assert last.values["text"] == 'two\nlines "here"'
    assert (last.line, end.line) == (20_002, 20_004)
    assert "line 20002" in notes[0]


cell = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(
    st.lists(st.sampled_from(['"', '""', "\t", "\n", "a", '\t"b"\n', ",", ";"]), max_size=30),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.sampled_from(["csv", "tsv"]),
)
@settings(deadline=None)
def test_a_decision_does_not_depend_on_how_the_bytes_come(parts, sizes, kind):
    data = ("id\ttext,x;y\n" + "".join(parts)).encode()
    seen = []
    for given_sizes in ([], sizes):
        try:
            rows = list(read_rows(Blocks(pieces_of(data, given_sizes)), kind, bad_rows=Ignored()))
        except InputError as error:
            rows = str(error)
        seen.append(rows)
    assert seen[0] == seen[1]


def test_ordinary_files_are_not_waited_for():
    """No more is read than is needed where the header says all."""
    for head, kind in ((b"id,text\n", "csv"), (b"id\ttext\n", "tsv")):
        line = b"1,ok\n" if kind == "csv" else b"1\tok\n"
        stream = Blocks(itertools.chain([head], itertools.repeat(line)))
        assert len(list(itertools.islice(read_rows(stream, kind), 5))) == 5
        assert stream.handed <= 7


def test_a_table_without_header(tmp_path):
    dialect = DialectOptions(header=False)
    for name, content in (
        ("a.csv", "1,I love it\n2,so sad\n"),
        ("a.tsv", "1\tI love it\n2\tso sad"),
    ):
        rows = read_rows(write(tmp_path, name, content), dialect=dialect)
        assert values(rows) == [{"1": "1", "2": "I love it"}, {"1": "2", "2": "so sad"}]
        assert rows.columns == {"1": None, "2": None}
    rows = read_rows(write(tmp_path, "b.csv", "1,5;gut\n2,5;böse\n"), dialect=dialect)
    assert [row.values["2"] for row in rows] == ["gut", "böse"]
    with pytest.raises(InputError, match="--no-header means nothing for the format jsonl"):
        read_rows(write(tmp_path, "a.jsonl", "{}"), dialect=dialect)


def test_columns_of_one_name_and_of_none(tmp_path, notes):
    content = "id,text,Comment,,Comment,\n1,so,x,,y,\n"
    [row] = read_rows(write(tmp_path, "a.csv", content))
    expected = ["id", "text", "Comment#1", "column 4", "Comment#2", "column 6"]
    assert list(row.values) == expected
    assert row.values["Comment#2"] == "y"
    assert "Comment#2" in notes[0]
    [row] = read_rows(write(tmp_path, "b.csv", "a,a,a#1,column 4,\n1,2,3,4,5\n"))
    assert list(row.values.values()) == ["1", "2", "3", "4", "5"], "nothing is lost"


def test_headers_of_qualtrics_are_left_out(tmp_path, notes):
    content = (
        '﻿ResponseId,Q1\r\nResponse ID,"How,\nthen?"\r\n'
        '"{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}"\r\nR_1,fine\r\n'
    )
    [row] = read_rows(write(tmp_path, "a.csv", content))
    assert row.line == 5
    assert row.values == {"ResponseId": "R_1", "Q1": "fine"}
    assert "Qualtrics" in notes[0]
    assert len(list(read_rows(write(tmp_path, "b.csv", "ResponseId,Q1\nR_1,a\nR_2,b\n")))) == 2


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("sizes", [[], [1], [7]])
def test_lines_that_end_in_cr(name, sizes):
    mark = "\t" if name == "a.tsv" else ","
    data = f'id{mark}text\r1{mark}so\r2{mark}"a\nb"\r'.encode()
    rows = read_rows(Blocks(pieces_of(data, sizes)), name[2:])
    assert [(row.line, row.values["text"]) for row in rows] == [(2, "so"), (3, "a\nb")]


def test_lines_that_end_in_cr_in_other_formats():
    assert values(read_rows(io.BytesIO(b"one\rtwo\r\rfour"), "txt")) == [
        {"text": text} for text in ("one", "two", "", "four")
    ]
    assert values(read_rows(io.BytesIO(b'{"a": 1}\r{"a": 2}\r'), "jsonl")) == [{"a": 1}, {"a": 2}]
    [one] = read_rows(io.BytesIO(b"a\rb\n"), "txt")
    assert one.values["text"] == "a\rb", "LF ends lines where there is one"


def test_other_unicode_files_say_what_they_are(tmp_path):
    for encoding in ("utf-16", "utf-32"):
        for name, mark in (("a.csv", ","), ("a.tsv", "\t")):
            content = f"id{mark}text\n1{mark}Schön\n".encode(encoding)
            assert texts(write(tmp_path, name, content)) == ["Schön"]
            with pytest.raises(InputError, match=f"--encoding {encoding}"):
                texts(write(tmp_path, name, content), encoding="cp1252")
    with pytest.raises(InputError, match="--encoding utf-8"):
        texts(write(tmp_path, "a.csv", b"\xef\xbb\xbfid,text\n"), encoding="latin-1")


def test_a_header_short_of_one_name_is_explained(tmp_path):
    path = write(tmp_path, "a.tsv", '"id"\t"text"\n"1"\t1\t"so"\n')
    with pytest.raises(RowError, match=r"got 3.*col\.names = NA"):
        texts(path)
