"""Files that people have: each is read, or refused with advice that works when it is followed."""

import json

import pytest


@pytest.fixture
def annotate(emoscope, model, tmp_path):
    """Writes a file and annotates it."""

    def run(name, content, *options):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8", newline="")
        ended = emoscope("annotate", path, "-m", model, *options)
        return ended, [json.loads(line) for line in ended.out.splitlines()]

    return run


def test_a_column_that_is_there_twice(annotate):
    content = "id,text,text\n1,I love it,x\n"
    ended, _ = annotate("a.csv", content)
    assert ended.code == 2
    assert "'text#1' or 'text#2'" in ended.err
    assert "--bad-rows" not in ended.err, "it cannot help"
    ended, [row] = annotate("a.csv", content, "--text", "text#1")
    assert row["turns"] == ["I love it"]
    ended, [row] = annotate("b.csv", "id,text,n,n,\n1,so,x,y,\n")
    assert ended.code == 0
    assert row["columns"] == {"n#1": "x", "n#2": "y", "column 5": ""}


def test_a_header_that_cannot_be_read_is_not_skipped(annotate):
    ended, _ = annotate("a.csv", 'id,"text\n1,so\n')
    assert ended.code == 2
    assert "--quoting none" in ended.err
    assert "--bad-rows" not in ended.err
    ended, [row] = annotate("a.csv", 'id,"text\n1,so\n', "--quoting", "none", "--text", '"text')
    assert row["turns"] == ["so"]


def test_what_is_decided_is_said_once(annotate):
    ended, rows = annotate("a.tsv", 'id\ttext\n1\t"she said ""no"""\n2\t"two\nlines"\n')
    assert [row["turns"] for row in rows] == [['she said "no"'], ["two\nlines"]]
    assert ended.err.count("--quoting none") == 1
    ended, [row] = annotate("b.csv", "id;text\n1;so, so\n")
    assert row["turns"] == ["so, so"]
    assert "semicolon" in ended.err
    ended, [row] = annotate("c.csv", "id;text\n1;so, so\n", "--delimiter", "semicolon")
    assert row["turns"] == ["so, so"]
    assert "semicolon" not in ended.err


def test_a_table_without_header(annotate):
    content = "1,I love it\n2,so sad\n"
    ended, _ = annotate("a.csv", content)
    assert ended.code == 2
    assert "--no-header" in ended.err
    ended, rows = annotate("a.csv", content, "--no-header", "--text", "2")
    assert [row["turns"] for row in rows] == [["I love it"], ["so sad"]]


def test_missing_texts_are_counted(annotate):
    content = "text\nso happy\nNA\n[removed]\n\n   \n"
    ended, rows = annotate("a.csv", content)
    assert ended.code == 0
    assert ["error" in row for row in rows] == [False, True, True, True]
    assert "3 rows of 4 have no text, 2 of them a mark" in ended.err
    ended, rows = annotate("a.csv", content, "--missing", "none", "--bad-rows", "keep")
    assert [row.get("turns") for row in rows] == [["so happy"], ["NA"], ["[removed]"], None]


def test_marks_belong_to_a_job(emoscope, model, tmp_path):
    path, output = tmp_path / "a.csv", tmp_path / "out.csv"
    path.write_text("text\nso happy\nNA\n[removed]\n")
    for marks, code in (("NA", 0), ("NA", 0), ("none", 2)):
        ended = emoscope("annotate", path, "-m", model, "--missing", marks, "-o", output)
        assert ended.code == code
    assert "missing: ['NA'] then, [] now" in ended.err
    assert output.read_text().splitlines()[2] == "NA" + "," * 5


def test_a_bad_row_still_stops_and_the_advice_works(annotate):
    content = "id,text\n1,\n2,so,so\n3,fine\n"
    ended, _ = annotate("a.csv", content)
    assert ended.code == 2
    assert "line 3" in ended.err
    assert "--bad-rows keep" in ended.err
    ended, rows = annotate("a.csv", content, "--bad-rows", "keep")
    assert ["turns" in row for row in rows] == [False, False, True]


def test_nested_texts(annotate):
    content = json.dumps({"id": "d", "m": [{"by": "u", "say": "so sad"}, {"by": "v", "say": "oh"}]})
    ended, _ = annotate("a.jsonl", content)
    assert ended.code == 2
    assert "'m[].say'" in ended.err
    ended, rows = annotate("a.jsonl", content, "--text", "m[].say", "--date", "m[].by")
    assert ended.code == 2, "a date needs a picture"
    ended, rows = annotate("a.jsonl", content, "--text", "m[].say")
    assert [(row["id"], row["turns"]) for row in rows] == [("d.1", ["so sad"]), ("d.2", ["oh"])]
    ended, [row] = annotate("a.jsonl", content, "--turns", "m[].say")
    assert row["turns"] == ["so sad", "oh"]
    ended, _ = annotate("a.csv", "id,t1,t2\n1,a,b\n", "--text", "t1,t2")
    assert "--turns t1,t2" in ended.err
    ended, [row] = annotate("a.csv", "id,t1,t2\n1,a,b\n", "--turns", "t1,t2")
    assert row["turns"] == ["a", "b"]
