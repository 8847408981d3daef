import csv
import io
import json
import sys
from collections import Counter
from functools import partial

import numpy as np
import pytest

import emoscope.inference.annotator as annotator
from emoscope.inference.annotator import load
from emoscope.jobs import pipeline
from emoscope.jobs.annotate import Options
from emoscope.taxonomy import Taxonomy
from tests.cli.conftest import NAMES


@pytest.fixture
def stdin(monkeypatch):
    """Gives the program bytes to read."""

    def give(content: bytes):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_stdout_has_scores_and_nothing_else(emoscope, trained, model):
    ended = emoscope("annotate", trained.root / "dev.txt", "--format", "tsv", "-m", model)
    assert ended.code == 0
    assert ended.err.startswith("Wrote 60 rows to stdout.\nLabels: ")
    found = lines(ended.out)
    assert [one["id"] for one in found] == [str(number) for number in range(60)]
    again = emoscope(
        "annotate", trained.root / "dev.txt", "--format", "tsv", "-m", model, "-o", "-"
    )
    assert again.out == ended.out
    scores = load(model).annotate([one["turns"] for one in found])
    for one, expected in zip(found, scores, strict=True):
        assert one["label"] == expected[0].label
        assert one["emotions"] == pytest.approx(dict(expected), abs=1e-6)


def test_a_file_appears_whole(emoscope, trained, model, tmp_path):
    arguments = ["annotate", trained.root / "dev.txt", "--format", "tsv", "-m", model]
    path = tmp_path / "new" / "scores.jsonl"
    ended = emoscope(*arguments, "--output", path)
    assert (ended.code, ended.out) == (0, "")
    told, counts = ended.err.splitlines()
    assert told == f"Wrote 60 rows to {path}."
    given = Counter(one["label"] for one in lines(path.read_text(encoding="utf-8")))
    for label, count in given.items():
        assert f"{label} {count} ({100 * count / 60:.0f} %)" in counts
    assert path.read_text(encoding="utf-8") == emoscope(*arguments).out
    names = ["scores.jsonl", "scores.jsonl.job.json"]
    assert sorted(one.name for one in path.parent.iterdir()) == names
    ended = emoscope(*arguments, "--output", path)
    assert ended.code == 0
    assert ended.err.splitlines() == [
        f"{path} is finished: nothing was left to do. It holds 60 rows.",
        counts,
    ]
    ended = emoscope(*arguments, "--output", path, "--top-k", "1")
    assert ended.code == 2
    assert "top k: none then, 1 now" in ended.err
    ended = emoscope(*arguments, "--output", path, "--top-k", "1", "--restart", "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert all(len(one["emotions"]) == 1 for one in lines(path.read_text(encoding="utf-8")))


def test_nothing_is_left_of_a_job_that_has_done_nothing(emoscope, model, tmp_path):
    bad, path = tmp_path / "bad.jsonl", tmp_path / "out" / "scores.jsonl"
    bad.write_text('{"text": "a"}\n{"text": 3}\n')
    ended = emoscope("annotate", bad, "-m", model, "-o", path)
    assert ended.code == 2
    assert "line 2" in ended.err
    assert "To go on past such rows: --bad-rows keep, or --skip-bad-rows FILE." in ended.err
    assert list(path.parent.iterdir()) == []


def test_what_cannot_be_written_is_said(emoscope, model, tmp_path):
    source = tmp_path / "in.txt"
    source.write_text("hello\n")
    for path in (tmp_path, source / "scores.jsonl"):
        ended = emoscope("annotate", source, "-m", model, "-o", path)
        assert ended.code == 2
        assert "Error: Cannot write to" in ended.err
    ended = emoscope("annotate", source, "-m", model, "-o", tmp_path / "scores.json")
    assert ended.code == 2
    assert "--output-format: jsonl, csv, parquet, labelstudio, doccano" in ended.err
    ended = emoscope("annotate", source, "-m", model, "--output-format", "parquet")
    assert ended.code == 2
    assert "Parquet is written to a file" in ended.err


def test_an_interrupted_job_goes_on(emoscope, monkeypatch, trained, model, tmp_path):
    path, scored = tmp_path / "scores.csv", pipeline.Job.pieces
    arguments = ["annotate", trained.root / "dev.txt", "--format", "tsv", "-m", model, "-o", path]
    monkeypatch.setattr("emoscope.jobs.annotate.Options", partial(Options, chunk_rows=7))

    def stopped(self, cache, done):
        for number, piece in enumerate(scored(self, cache, done)):
            if number == 3:
                raise KeyboardInterrupt
            yield piece

    with monkeypatch.context() as patch:
        patch.setattr(pipeline.Job, "pieces", stopped)
        ended = emoscope(*arguments)
    assert (ended.code, ended.err) == (
        130,
        "Interrupted. The same command goes on where it was.\n",
    )
    assert not path.exists()
    ended = emoscope(*arguments)
    assert ended.code == 0
    went_on, *told = ended.err.splitlines()
    assert went_on.startswith("Went on after row ")
    assert path.read_text().count("\n") == 61
    whole = emoscope(*arguments[:-1], tmp_path / "whole.csv").err.splitlines()
    assert told[1:] == whole[1:], "the counts are of the whole job"


def test_a_table_keeps_the_columns(emoscope, model, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("date,comment,likes\n2024-01-02,good day,3\n2024-01-03,,4\n")
    arguments = ["annotate", path, "-m", model, "--text", "comment", "--output-format", "csv"]
    ended = emoscope(*arguments, "--bad-rows", "keep")
    assert ended.code == 0
    assert "1 row of 2 could not be annotated; see `error` in the output.\n" in ended.err
    header, one, two = csv.reader(ended.out.splitlines())
    added = ["label", "others", "happy", "sad", "angry", "error"]
    assert header == ["date", "comment", "likes", *added]
    assert one[:3] == ["2024-01-02", "good day", "3"]
    assert sum(map(float, one[4:8])) == pytest.approx(1, abs=1e-5)
    assert two[:8] == ["2024-01-03", "", "4", "", "", "", "", ""]
    assert "expected text, got nothing but blanks" in two[8]


def test_options_that_exclude_each_other(emoscope, model, tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("hello\n")
    for options in (
        ["--labels", "a, b", "--taxonomy", "ekman"],
        ["--text", "a", "--turns", "a,b"],
        ["--bad-rows", "keep", "--skip-bad-rows", tmp_path / "bad"],
        ["--threshold", "0.5"],
        ["--threshold", tmp_path / "none.yaml"],
        ["--skip-bad-rows", path],
    ):
        ended = emoscope("annotate", path, "-m", model, *options)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("Error: ")
    assert path.read_text() == "hello\n"


def test_thresholds(emoscope, folder, tmp_path):
    path, cuts = tmp_path / "in.txt", tmp_path / "cuts.yaml"
    path.write_text("hello\n")

    def given(threshold):
        ended = emoscope("annotate", path, "-m", folder, "--threshold", threshold)
        assert ended.code == 0, ended.err
        return lines(ended.out)[0]["labels"]

    assert given("0") == list(NAMES)
    assert given("1.0") == []
    cuts.write_text("joy: 0\nanger: 1\npride: 1\nfear: 1.0\n")
    assert given(cuts) == ["joy"]
    for text in ("joy: 2", "glee: 0.5", "- joy", "joy: {", "joy: high"):
        cuts.write_text(text)
        ended = emoscope("annotate", path, "-m", folder, "--threshold", cuts)
        assert (ended.code, ended.out) == (2, ""), text
        assert ended.err.startswith("Error: ")


def test_a_taxonomy_may_be_named(emoscope, folder, tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("hello\n")
    ended = emoscope("annotate", path, "-m", folder, "--taxonomy", "ekman", "--top-k", "2")
    assert ended.code == 0, ended.err
    emotions = lines(ended.out)[0]["emotions"]
    assert set(emotions) < set(Taxonomy.load("ekman").names)
    first, second = emotions.values()
    assert first >= second


@pytest.mark.parametrize(
    ("format_", "content"),
    [
        ("txt", "good day 😂\nbad day\n"),
        ("jsonl", '{"text": "good day 😂"}\n{"text": "bad day"}\n'),
        ("csv", "text\ngood day 😂\nbad day\n"),
        ("tsv", "other\ttext\n1\tgood day 😂\n2\tbad day\n"),
        ("json", '[{"text": "good day 😂"}, {"text": "bad day"}]'),
    ],
)
def test_stdin(emoscope, stdin, model, format_, content):
    stdin(content.encode())
    ended = emoscope("annotate", "-", "-m", model, "--format", format_)
    assert (ended.code, "Wrote 2 rows" in ended.err) == (0, True)
    assert [one["turns"] for one in lines(ended.out)] == [["good day 😂"], ["bad day"]]


def test_stdin_needs_a_format(emoscope, stdin, model):
    stdin(b"hello\n")
    ended = emoscope("annotate", "-", "-m", model)
    assert (ended.code, ended.out) == (2, "")
    assert "--format" in ended.err


def test_columns_and_encoding(emoscope, model, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("key,q,a\nx,café,très bien\n", encoding="latin-1")
    options = ["--turns", "q, a", "--id", "key", "--encoding", "latin-1"]
    ended = emoscope("annotate", path, "-m", model, *options)
    assert ended.code == 0, ended.err
    (one,) = lines(ended.out)
    assert (one["id"], one["turns"]) == ("x", ["café", "très bien"])
    path.write_text("text\none | two\n")
    ended = emoscope("annotate", path, "-m", model, "--turns", "text", "--turn-separator", "|")
    assert lines(ended.out)[0]["turns"] == ["one", "two"]
    ended = emoscope("annotate", path, "-m", model, "--turns", "q,,a")
    assert (ended.code, ended.out) == (2, "")
    assert "column names parted by commas" in ended.err


def test_other_labels_may_be_asked_for(emoscope, monkeypatch, model, tmp_path):
    """Of a model that reads its labels; their logits are the lengths of their names, less 4."""

    class Reading:
        def __init__(self, taxonomy=None):
            self.taxonomy = taxonomy

        def for_taxonomy(self, taxonomy):
            return Reading(taxonomy)

        def encode(self, conversations):
            return conversations

        def logits(self, encoded):
            logits = [len(name) - 4.0 for name in self.taxonomy.names]
            return np.tile(logits, (len(encoded), 1))

    path = tmp_path / "in.txt"
    path.write_text("hello\n")
    monkeypatch.setattr(annotator, "load_backend", lambda *how: Reading())
    monkeypatch.setattr(annotator, "LongTextBackend", lambda backend, how: backend)
    ended = emoscope("annotate", path, "-m", model, "--labels", "pride, relief, anger|rage, joy")
    assert ended.code == 0
    assert "no threshold of its own for pride, relief, anger, joy:" in ended.err
    (one,) = lines(ended.out)
    assert list(one) == ["id", "turns", "labels", "emotions"]
    assert list(one["emotions"]) == ["pride", "relief", "anger", "joy"]
    assert one["labels"] == ["pride", "relief", "anger"]


def test_a_model_of_fixed_labels_is_asked_for_no_others(emoscope, model, tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("hello\n")
    ended = emoscope("annotate", path, "-m", model, "--labels", "joy, fear")
    assert (ended.code, ended.out) == (2, "")
    assert "learnt a fixed set of labels" in ended.err


def test_bad_rows_may_be_skipped(emoscope, model, tmp_path):
    path, bad = tmp_path / "in.jsonl", tmp_path / "bad.jsonl"
    path.write_text('{"text": "a"}\n{"text": 3}\n{broken\n{"text": "b"}\n')
    ended = emoscope("annotate", path, "-m", model)
    assert ended.code == 2
    assert "line 2" in ended.err
    ended = emoscope("annotate", path, "-m", model, "--skip-bad-rows", bad)
    assert ended.code == 0
    assert [one["turns"] for one in lines(ended.out)] == [["a"], ["b"]]
    assert ended.err.startswith("Wrote 2 rows to stdout.")
    assert f"2 rows of 4 could not be annotated; see {bad}.\n" in ended.err
    assert [one["line"] for one in lines(bad.read_text())] == [2, 3]
    path.write_text('{"text": "a"}\n')
    before = bad.read_text()
    ended = emoscope("annotate", path, "-m", model, "--skip-bad-rows", bad)
    assert (ended.code, ended.out, bad.read_text()) == (2, "", before)
    assert f"{bad} (the file of bad rows) exists" in ended.err
    ended = emoscope("annotate", path, "-m", model, "--skip-bad-rows", bad, "--restart")
    assert ("could not" in ended.err, bad.read_text()) == (False, "")


def test_half_a_surrogate_pair_does_not_stop_a_job(emoscope, model, tmp_path):
    """JSON may hold one; UTF-8 may not."""
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "a \\ud83d b"}\n{"text": "c"}\n')
    for output in ([], ["-o", tmp_path / "out.jsonl", "--restart"]):
        ended = emoscope(
            "annotate", path, "-m", model, "--skip-bad-rows", tmp_path / "bad", *output
        )
        assert ended.code == 0, ended.err
        written = ended.out or (tmp_path / "out.jsonl").read_text()
        assert lines(written)[-1]["turns"] == ["c"]
