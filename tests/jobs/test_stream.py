"""From the rows of a source to lines of a stream."""

import csv
import gc
import io
import json
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator, load
from emoscope.jobs.annotate import Options, Source, annotate_stream
from emoscope.reading.errors import RowError
from emoscope.taxonomy import Taxonomy
from tests.inference.fakes import Lengths, annotated, lengths, streamed, write_csv


@pytest.mark.parametrize("batch_size", [1, 3, 10, 4096])
def test_output_is_in_the_order_of_the_input(tmp_path, batch_size):
    rows = [(f"id{n}", "x" * (n % 7), "", f"turn {n}") for n in range(25)]
    path = write_csv(tmp_path / "in.csv", ("id", "turn1", "turn2", "turn3"), rows)
    statuses = []
    found = annotated(
        Source(path), options=Options(chunk_rows=batch_size), on_status=statuses.append
    )
    assert [one["id"] for one in found] == [row[0] for row in rows]
    assert [one["turns"] for one in found] == [list(row[1:]) for row in rows]
    assert found == annotated(Source(path))
    assert [one.rows for one in statuses] == [*range(batch_size, 25, batch_size), 25]
    size = path.stat().st_size
    assert {(one.read, one.total, one.resumed) for one in statuses} == {(size, size, 0)}


def test_a_real_model_gives_the_same_whatever_the_batch(trained):
    model, source = load(trained.folder), Source(trained.root / "test.txt", format="tsv")
    expected = annotated(source, model)
    assert len(expected) == 60
    for batch_size in (1, 17):
        found = annotated(source, model, Options(chunk_rows=batch_size))
        assert [one["label"] for one in found] == [one["label"] for one in expected]
        for one, other in zip(found, expected, strict=True):
            assert one["emotions"] == pytest.approx(other["emotions"], abs=1e-5)


def test_a_line_holds_the_scores(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("id", "turn1", "turn2", "turn3"), [("a", "é", "bb", "")])
    (line,) = annotated(Source(path))
    assert list(line) == ["id", "turns", "label", "emotions"]
    assert line["label"] == "happy"
    exponentials = np.exp([1, 2, 0, 0])
    assert list(line["emotions"]) == ["others", "happy", "sad", "angry"]
    expected = exponentials / exponentials.sum()
    assert list(line["emotions"].values()) == pytest.approx(expected, abs=1e-6)


def test_labels_that_do_not_exclude_each_other_have_no_single_one(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("text",), [("abc",)])
    (line,) = annotated(Source(path), lengths(exclusive=False))
    assert list(line) == ["id", "turns", "labels", "emotions"]
    assert line["emotions"]["happy"] == 0.5
    assert line["labels"] == ["others", "happy", "sad", "angry"], "½ is enough"


def test_labels_given_are_those_at_their_thresholds(tmp_path):
    """The probabilities are σ of the lengths of the turns: 0.5, 0.73, 0.88, 0.95."""
    rows = [("a", "b" * 2, "c" * 3, "d"), ("", "", "", "d" * 2), ("", "b", "", "")]
    path = write_csv(tmp_path / "in.csv", ("w", "x", "y", "z"), rows)
    source = Source(path, turns=("w", "x", "y", "z"))
    calibration = Calibration(thresholds=(0.6, 0.73, 0.96, 0.5))
    found = annotated(source, lengths(False, calibration))
    assert [one["labels"] for one in found] == [
        ["others", "happy", "angry"],
        ["angry"],
        ["happy", "angry"],
    ]
    # Cut before they are rounded: σ(1) is over this, and both are 0.731059 as written.
    close = Calibration(thresholds=(0.7310585787, 0.7310585785, 0.5, 0.99))
    (first, *_) = annotated(source, lengths(False, close))
    assert first["labels"] == ["happy", "sad"]
    assert first["emotions"]["others"] == 0.731059


def test_no_label_may_be_given(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("text",), [("abc",)])
    none = lengths(False, Calibration(thresholds=(0.99,) * 4))
    assert annotated(Source(path), none)[0]["labels"] == []


def test_text_is_written_as_it_is(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("text",), [("né 😂\u2028\n\x07",)])
    output = streamed(Source(path)).decode()
    assert output.count("\n") == 1
    assert "né 😂" in output
    assert json.loads(output)["turns"] == ["né 😂\u2028\n\x07"]


def test_half_a_surrogate_pair_of_a_text_stream_is_written(tmp_path):
    (one,) = annotated(Source(io.StringIO("a \ud83d b\n"), format="txt"))
    assert one["turns"] == ["a \\ud83d b"]


@pytest.mark.parametrize(
    ("header", "turns"),
    [
        (("turn1", "turn2", "turn3"), ["1", "2", "3"]),
        (("turn3", "turn1", "turn2"), ["2", "3", "1"]),
        (("turn1", "text", "turn3"), ["2"]),
        (("other", "text", "more"), ["2"]),
    ],
)
def test_the_columns_are_guessed(tmp_path, header, turns):
    path = write_csv(tmp_path / "in.csv", header, [("1", "2", "3")])
    assert annotated(Source(path))[0]["turns"] == turns


def test_ids_are_guessed_named_or_counted(tmp_path):
    rows = [("a", "x", "hello"), ("b", "y", "there")]
    named = write_csv(tmp_path / "named.csv", ("id", "key", "text"), rows)
    assert [one["id"] for one in annotated(Source(named))] == ["a", "b"]
    assert [one["id"] for one in annotated(Source(named, id="key"))] == ["x", "y"]
    bare = write_csv(tmp_path / "bare.csv", ("no", "key", "text"), rows)
    numbers = [int(one["id"]) for one in annotated(Source(bare))]
    assert numbers == sorted(set(numbers))


def test_turns_may_be_named_or_parted(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("q", "a"), [("one | two", "three")])
    assert annotated(Source(path, turns=("a", "q")))[0]["turns"] == ["three", "one | two"]
    parted = Source(path, turns=("q",), turn_separator="|")
    assert annotated(parted)[0]["turns"] == ["one", "two"]


def test_a_missing_column_is_said(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("message",), [("hello",)])
    with pytest.raises(InputError, match=r"in\.csv: expected a column 'text'.*'message'"):
        annotated(Source(path))
    with pytest.raises(InputError, match=r"expected a column 'massage'.*Is it 'message'"):
        annotated(Source(path, turns=("massage",)))


def test_nothing_in_nothing_out(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("text",), [])
    assert annotated(Source(path)) == []


BROKEN = [
    '{"id": "a", "text": "fine"}',
    '{"id": "b", "text": 3}',
    "{broken",
    '{"id": "d", "text": ["also", "fine"], "more": 1}',
    '{"id": "", "text": "no id"}',
    '{"id": "f"}',
    '{"id": "g", "text": " \\n"}',
]
BAD = [2, 3, 5, 6, 7]


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(BROKEN), encoding="utf-8")
    return Source(path)


def test_a_bad_row_stops(broken):
    output = io.BytesIO()
    with pytest.raises(RowError, match=r"in\.jsonl, line 2, column 'text': expected text, got 3"):
        annotate_stream(lengths(), broken, output, Options(chunk_rows=1))
    assert [json.loads(line)["id"] for line in output.getvalue().splitlines()] == ["a"]


@pytest.mark.parametrize("chunk_rows", [1, 2, 4096])
def test_bad_rows_are_put_aside_and_counted(tmp_path, broken, chunk_rows):
    path, output = tmp_path / "bad.jsonl", io.BytesIO()
    options = Options(bad_rows=path, chunk_rows=chunk_rows)
    summary = annotate_stream(lengths(), broken, output, options)
    assert (summary.rows, summary.bad) == (7, 5)
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [one["id"] for one in lines] == ["a", "d"]
    bad = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one["line"] for one in bad] == BAD
    assert bad[1]["raw"] == "{broken"
    assert bad[0]["values"] == {"id": "b", "text": 3}


@pytest.mark.parametrize("chunk_rows", [1, 2, 4096])
def test_bad_rows_are_kept_in_their_place(broken, chunk_rows):
    lines = annotated(broken, options=Options(bad_rows="keep", chunk_rows=chunk_rows))
    assert [one["id"] for one in lines] == ["a", "b", None, "d", None, "f", "g"]
    assert [number for number, one in enumerate(lines, 1) if "error" in one] == BAD
    assert lines[1]["error"].endswith("column that holds the text.")
    assert lines[1]["columns"] == {"id": "b", "text": 3}
    assert list(lines[2]) == ["id", "error"]
    assert "nothing but blanks" in lines[6]["error"]
    assert lines[3]["columns"] == {"more": 1}


def test_rows_without_ids_are_numbered_even_if_bad(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("one\n\n\0\nfour\n")
    lines = annotated(Source(path), options=Options(bad_rows="keep"))
    assert [(one["id"], "error" in one) for one in lines] == [
        ("1", False),
        ("2", True),
        ("3", True),
        ("4", False),
    ]


def test_a_file_of_bad_rows_alone(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("\n\n")
    assert len(annotated(Source(path), options=Options(bad_rows="keep"))) == 2
    path.write_bytes(b"\0\n\0\n")
    assert len(annotated(Source(path), options=Options(bad_rows="keep", chunk_rows=1))) == 2
    assert annotated(Source(path), options=Options(bad_rows=tmp_path / "bad")) == []


def test_a_text_beyond_the_bound_is_bad(tmp_path, monkeypatch):
    monkeypatch.setattr("emoscope.jobs.source.MAX_CHARACTERS", 10)
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": ["12345", "12345"]}\n{"text": ["12345", "123456"]}\n')
    one, two = annotated(Source(path), options=Options(bad_rows="keep"))
    assert "error" not in one
    assert "expected at most 10 characters of text, got 11" in two["error"]


def test_long_texts_make_short_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("emoscope.jobs.source.MAX_CHUNK_CHARACTERS", 100)
    path = tmp_path / "in.txt"
    path.write_text("".join("x" * n + "\n" for n in (30, 30, 30, 1, 1, 1, 1)))
    statuses = []
    annotated(Source(path), options=Options(chunk_rows=3), on_status=statuses.append)
    assert [one.rows for one in statuses] == [2, 5, 7], "a text counts twice: it is kept as column"


def test_a_text_is_scored_once_in_a_chunk(tmp_path):
    class Counting(Lengths):
        seen = []  # noqa: RUF012

        def encode(self, conversations):
            self.seen.extend(conversations)
            return super().encode(conversations)

    path = write_csv(tmp_path / "in.csv", ("text",), [("a",), ("b",), ("a",), ("a",), ("b",)])
    model = lengths(backend=Counting())
    lines = annotated(Source(path), model, Options(chunk_rows=3))
    assert [one["turns"] for one in lines] == [["a"], ["b"], ["a"], ["a"], ["b"]]
    assert Counting.seen == [("a",), ("b",), ("a",), ("b",)]


def test_files_must_be_different(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("text",), [("a",)])
    with pytest.raises(InputError, match="named twice"):
        annotated(Source(path), options=Options(bad_rows=tmp_path / "x" / ".." / "in.csv"))
    assert path.read_text()


@pytest.mark.parametrize("name", ["chunk_rows", "top_k", "workers"])
def test_numbers_are_at_least_one(name):
    with pytest.raises(InputError, match=f"{name} to be at least 1, got 0"):
        Options(**{name: 0})


def test_the_error_of_a_model_stops_the_job(tmp_path):
    class Broken(Lengths):
        def logits(self, encoded):
            raise RuntimeError("out of luck")

    path = write_csv(tmp_path / "in.csv", ("text",), [("abc",)] * 20)
    with pytest.raises(RuntimeError, match="out of luck"):
        annotated(Source(path), lengths(backend=Broken()), Options(chunk_rows=3))


def test_memory_does_not_grow_with_the_file():
    """At most three batches are alive: one read, one encoded, one written."""

    class Batch:
        def __init__(self, rows):
            self.rows = rows

    class Counting(Lengths):
        def __init__(self):
            self.alive, self.most = weakref.WeakSet(), 0

        def encode(self, conversations):
            batch = Batch(super().encode(conversations))
            self.alive.add(batch)
            return batch

        def logits(self, encoded):
            gc.collect(0)
            self.most = max(self.most, len(self.alive))
            return encoded.rows

    class Sink(io.RawIOBase):
        lines = 0

        def write(self, data):
            self.lines += data.count(b"\n")
            return len(data)

    backend, sink, read = Counting(), Sink(), 0

    class Stream(io.RawIOBase):
        """Two thousand texts, made as they are read."""

        def readable(self):
            return True

        def readinto(self, buffer):
            nonlocal read
            if read == 2000:
                return 0
            # No more than a few batches and the reader's own buffer are read beforehand.
            assert read - sink.lines < 1000
            text = b"".join(b"some text of thirty char %05d\n" % (read + n) for n in range(10))
            buffer[: len(text)] = text
            read += 10
            return len(text)

    model = Annotator(backend, Taxonomy.load("emocontext"), Calibration())
    source = Source(io.BufferedReader(Stream(), 1024), format="txt")
    assert annotate_stream(model, source, sink, Options(chunk_rows=20)).rows == 2000
    assert sink.lines == read == 2000
    assert 1 <= backend.most <= 3


HOSTILE = st.lists(
    st.sampled_from(
        [
            *(b"text", b"id", b"a", b"\n", b"\r", b"\r\n", b",", b"\t", b'"', b"'", b" ", b"=1+1"),
            *(
                b"\0",
                b"\xff",
                b"\xf0\x9f",
                "😂".encode(),
                "\u202e".encode(),
                b"\\ud83d",
                b"\\u0000",
            ),
            *(b"{", b"}", b"[", b"]", b":", b'"text"', b'{"text": "a"}', b"null", b"NaN", b"1e999"),
            *(b'{"text": ["a", 1]}', b'{"text": {"text": "a"}, "id": true}', b"9" * 5000),
        ]
    ),
    max_size=25,
).map(b"".join)


@given(
    HOSTILE,
    st.sampled_from(["csv", "tsv", "jsonl", "json", "txt", "parquet"]),
    st.sampled_from(["jsonl", "csv", "labelstudio", "doccano"]),
    st.sampled_from([b"", b"id,text\n", b"id\ttext\n", b"[", b'{"text": "good", "id": 1}\n']),
)
@settings(deadline=None, max_examples=150)
def test_whatever_is_read_each_row_is_answered(content, form, output, head):
    """A file is refused as a whole, or each of its rows has its place in the output."""
    options = Options(bad_rows="keep", format=output, chunk_rows=3)
    data = io.BytesIO()
    try:
        source = Source(io.BytesIO(head + content), format=form)
        summary = annotate_stream(lengths(False), source, data, options)
    except InputError:
        return
    text = data.getvalue().decode()
    if output == "csv":
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len({len(row) for row in rows}) == 1
        errors = sum(row[-1] != "" for row in rows[1:])
        assert (len(rows) - 1, errors) == (summary.rows, summary.bad)
    elif output == "labelstudio":
        tasks = json.loads(text)
        assert len(tasks) == summary.rows
        assert sum("predictions" not in task for task in tasks) == summary.bad
    else:
        lines = [json.loads(line) for line in text.split("\n")[:-1]]
        assert len(lines) == summary.rows
        if output == "jsonl":
            assert sum("error" in line for line in lines) == summary.bad
