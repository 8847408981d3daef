import csv
import gc
import io
import json
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.rows import RejectFile, RowError
from emoscope.runtime.annotator import Annotator, load
from emoscope.runtime.jobs import Source, ahead, annotate_stream, chunks
from emoscope.taxonomy import Taxonomy


class Lengths:
    """A backend whose logits are the lengths of the first four turns, then zeros."""

    def encode(self, conversations):
        rows = [[*map(len, turns), 0, 0, 0, 0][:4] for turns in conversations]
        return np.array(rows, dtype=np.float32)

    def logits(self, encoded):
        return encoded


def annotator(exclusive=True, calibration=Calibration()):  # noqa: B008 - it cannot change
    labels = Taxonomy.load("emocontext").labels
    return Annotator(Lengths(), Taxonomy("t", labels, exclusive=exclusive), calibration)


def annotated(source, **options):
    output = io.StringIO()
    count = annotate_stream(options.pop("model", annotator()), source, output, **options)
    rows = [json.loads(line) for line in output.getvalue().splitlines()]
    assert len(rows) == count
    return rows


def write_csv(path: Path, header, rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.mark.parametrize("batch_size", [1, 3, 10, 4096])
def test_output_is_in_the_order_of_the_input(tmp_path, batch_size):
    rows = [(f"id{n}", "x" * (n % 7), "", f"turn {n}") for n in range(25)]
    path = write_csv(tmp_path / "in.csv", ("id", "turn1", "turn2", "turn3"), rows)
    progress = []
    found = annotated(Source(path), batch_size=batch_size, on_progress=progress.append)
    assert [one["id"] for one in found] == [row[0] for row in rows]
    assert [one["turns"] for one in found] == [list(row[1:]) for row in rows]
    assert found == annotated(Source(path))
    assert progress == [*range(batch_size, 25, batch_size), 25]


def test_a_real_model_gives_the_same_whatever_the_batch(trained):
    model, source = load(trained.folder), Source(trained.root / "test.txt", format="tsv")
    expected = annotated(source, model=model)
    assert len(expected) == 60
    for batch_size in (1, 17):
        found = annotated(source, model=model, batch_size=batch_size)
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
    (line,) = annotated(Source(path), model=annotator(exclusive=False))
    assert list(line) == ["id", "turns", "labels", "emotions"]
    assert line["emotions"]["happy"] == 0.5
    assert line["labels"] == ["others", "happy", "sad", "angry"], "½ is enough"


def test_labels_given_are_those_at_their_thresholds(tmp_path):
    """The probabilities are σ of the lengths of the turns: 0.5, 0.73, 0.88, 0.95."""
    rows = [("a", "b" * 2, "c" * 3, "d"), ("", "", "", "d" * 2), ("", "b", "", "")]
    path = write_csv(tmp_path / "in.csv", ("w", "x", "y", "z"), rows)
    source = Source(path, turns=("w", "x", "y", "z"))
    calibration = Calibration(thresholds=(0.6, 0.73, 0.96, 0.5))
    found = annotated(source, model=annotator(False, calibration))
    assert [one["labels"] for one in found] == [
        ["others", "happy", "angry"],
        ["angry"],
        ["happy", "angry"],
    ]
    # Cut before they are rounded: σ(1) is over this, and both are 0.731059 as written.
    close = Calibration(thresholds=(0.7310585787, 0.7310585785, 0.5, 0.99))
    (first, *_) = annotated(source, model=annotator(False, close))
    assert first["labels"] == ["happy", "sad"]
    assert first["emotions"]["others"] == 0.731059


def test_no_label_may_be_given(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("text",), [("abc",)])
    none = annotator(False, Calibration(thresholds=(0.99,) * 4))
    assert annotated(Source(path), model=none)[0]["labels"] == []


def test_text_is_written_as_it_is(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("text",), [("né 😂\u2028\n\x07",)])
    output = io.StringIO()
    annotate_stream(annotator(), Source(path), output)
    assert output.getvalue().count("\n") == 1
    assert "né 😂" in output.getvalue()
    assert json.loads(output.getvalue())["turns"] == ["né 😂\u2028\n\x07"]


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
    '{"id": "d", "text": ["also", "fine"]}',
    '{"id": "", "text": "no id"}',
    '{"id": "f"}',
]


def test_a_bad_row_stops(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(BROKEN), encoding="utf-8")
    with pytest.raises(RowError, match=r"in\.jsonl, line 2, column 'text': expected text, got 3"):
        annotated(Source(path))


@pytest.mark.parametrize("batch_size", [1, 4096])
def test_bad_rows_are_put_aside_and_counted(tmp_path, batch_size):
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(BROKEN), encoding="utf-8")
    with RejectFile(tmp_path / "bad.jsonl") as rejects:
        found = annotated(Source(path, bad_rows=rejects), batch_size=batch_size)
    assert [one["id"] for one in found] == ["a", "d"]
    assert rejects.count == 4
    bad = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_text().splitlines()]
    assert [one["line"] for one in bad] == [2, 3, 5, 6]
    assert bad[1]["raw"] == "{broken"
    assert bad[0]["values"] == {"id": "b", "text": 3}


def test_chunks():
    assert list(chunks(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([], 3)) == []


def test_ahead_maps_in_order():
    assert list(ahead(lambda x: x * x, iter(range(20)))) == [x * x for x in range(20)]
    assert list(ahead(str, iter([]))) == []
    assert list(ahead(lambda x: x, iter([None, 0, ""]))) == [None, 0, ""]


def test_ahead_computes_the_next_while_one_is_used():
    begun = [threading.Event() for _ in range(4)]

    def work(number):
        begun[number].set()
        return number

    results = ahead(work, iter(range(4)))
    assert next(results) == 0
    assert begun[1].wait(10)
    time.sleep(0.05)
    assert not begun[2].is_set(), "and no further"


@pytest.mark.parametrize("where", ["function", "inputs"])
def test_ahead_passes_on_what_goes_wrong(where):
    seen = []

    def inputs():
        for number in range(10):
            seen.append(number)
            if where == "inputs" and number == 3:
                raise InputError("row 3")
            yield number

    def work(number):
        if where == "function" and number == 3:
            raise InputError("row 3")
        return number

    got = []
    with pytest.raises(InputError, match="row 3"):
        got.extend(ahead(work, inputs()))
    assert got == [0, 1, 2]
    assert seen == [0, 1, 2, 3]
    assert not [each for each in threading.enumerate() if "ThreadPool" in each.name]


def test_ahead_ends_its_thread_when_it_is_left():
    results = ahead(str, iter(range(100)))
    next(results)
    results.close()
    assert not [each for each in threading.enumerate() if "ThreadPool" in each.name]


def test_the_error_of_a_model_stops_the_job(tmp_path):
    class Broken(Lengths):
        def logits(self, encoded):
            raise RuntimeError("out of luck")

    path = write_csv(tmp_path / "in.csv", ("text",), [("abc",)] * 20)
    model = Annotator(Broken(), Taxonomy.load("emocontext"), Calibration())
    with pytest.raises(RuntimeError, match="out of luck"):
        annotated(Source(path), model=model, batch_size=3)


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

    class Sink(io.TextIOBase):
        lines = 0

        def write(self, text):
            self.lines += 1
            return len(text)

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
            text = b"some text of thirty characters\n" * 10
            buffer[: len(text)] = text
            read += 10
            return len(text)

    model = Annotator(backend, Taxonomy.load("emocontext"), Calibration())
    source = Source(io.BufferedReader(Stream(), 1024), format="txt")
    assert annotate_stream(model, source, sink, batch_size=20) == 2000
    assert sink.lines == read == 2000
    assert 1 <= backend.most <= 3
