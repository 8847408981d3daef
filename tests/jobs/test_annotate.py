"""Jobs from file to file: ended at any moment, they go on as if nothing had been."""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emoscope.errors import InputError
from emoscope.files import read_json, write_json
from emoscope.folder import CONFIG, resolve
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, Source, annotate_file
from emoscope.jobs.journal import read_job
from emoscope.reading.errors import RowError
from tests.inference.fakes import Lengths, lengths, write_csv

ROWS = 23


class Killed(BaseException):
    """The process is gone."""


class Uneven(Lengths):
    """Scores that depend a little on what is scored with a text, as those of networks do."""

    def logits(self, encoded):
        return encoded + np.float32(1e-4) * len(encoded)


@pytest.fixture
def model(monkeypatch):
    """A model of known scores as if it lay in a folder."""
    monkeypatch.setattr(ModelSpec, "load", lambda self: lengths(False, backend=Uneven()))
    monkeypatch.setattr(ModelSpec, "fingerprint", lambda self: str(self.folder))
    return ModelSpec(Path("model"))


@pytest.fixture
def source(tmp_path):
    """Rows of which some repeat, and four are bad."""
    texts = [("x" * (n % 5 + 1), "" if n % 3 else "yy") for n in range(ROWS)]
    texts[0] = texts[7] = texts[8] = texts[22] = (" ", "")
    rows = [(n, f"2024-{n}", *turns) for n, turns in enumerate(texts)]
    return Source(write_csv(tmp_path / "in.csv", ("id", "date", "a", "b"), rows), turns=("a", "b"))


def kept(path):
    """The files of a job, less the job file, which tells what a cache drew at random."""
    return {
        file.name: file.read_bytes()
        for file in sorted(path.iterdir())
        if not file.name.endswith((".job.json", ".db"))
    }


CASES = {
    "jsonl": ("out.jsonl", Options(bad_rows="keep", chunk_rows=5)),
    "rejects": ("out.jsonl", Options(bad_rows=Path("bad.jsonl"), chunk_rows=5)),
    "csv": ("out.csv", Options(bad_rows="keep", chunk_rows=5)),
    "gzip": ("out.csv.gz", Options(bad_rows="keep", chunk_rows=10)),
    "parquet": ("out.parquet", Options(bad_rows="keep", chunk_rows=10)),
    "labelstudio": (
        "out.json",
        Options(bad_rows=Path("bad.jsonl"), chunk_rows=5, format="labelstudio"),
    ),
    "cache": ("out.csv", Options(bad_rows="keep", chunk_rows=3, cache=Path("cache.db"))),
}


class Kills:
    """Ends the process at one of the moments at which something is done to a file for good."""

    def __init__(self, monkeypatch):
        self.left, self.seen = None, 0
        # Nothing is lost but what this process has not written.
        monkeypatch.setattr(os, "fsync", lambda _: None)
        for name in ("fsync", "replace", "unlink"):
            monkeypatch.setattr(os, name, self.mortal(getattr(os, name)))

    def mortal(self, function):
        def done(*arguments, **options):
            self.tick()
            result = function(*arguments, **options)
            self.tick()
            return result

        return done

    def tick(self):
        self.seen += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


@pytest.mark.parametrize("case", CASES)
def test_killed_at_any_moment_a_job_goes_on(case, tmp_path, monkeypatch, model, source):
    name, options = CASES[case]
    kills, draw = Kills(monkeypatch), random.Random(0)

    def run(folder, at=None):
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        kills.left = at
        return annotate_file(model, source, Path(name), options)

    run(tmp_path / "whole")
    moments, kills.seen = kills.seen, 0
    expected = kept(tmp_path / "whole")
    assert name in expected
    assert not [file for file in expected if "partial" in file or "converted" in file]
    assert moments > 20
    # A cache writes to its disk for good, which takes long.
    for moment in range(0, moments, 4 if options.cache else 1):
        folder = tmp_path / f"killed-{moment}"
        with pytest.raises(Killed):
            run(folder, moment)
        partial = folder / f"{name}.partial"
        if partial.exists() and moment % 2:
            with partial.open("ab") as file:
                file.write(b'{"torn": ')
        summary = run(folder)
        assert kept(folder) == expected, moment
        assert (summary.rows, summary.bad) == (ROWS, 4)
    for attempt in range(3):
        folder = tmp_path / f"often-{attempt}"
        for _ in range(8):
            try:
                run(folder, draw.randrange(moments // 2))
            except Killed:
                continue
            break
        run(folder)
        assert kept(folder) == expected


def test_the_rows_done_are_not_scored_again(tmp_path, monkeypatch, model, source):
    scored = []

    class Counting(Uneven):
        def encode(self, conversations):
            scored.append(len(conversations))
            return super().encode(conversations)

    monkeypatch.setattr(ModelSpec, "load", lambda self: lengths(False, backend=Counting()))
    output, options = tmp_path / "out.csv", Options(bad_rows="keep", chunk_rows=6)
    statuses = []

    def stop(status):
        statuses.append(status)
        if status.rows == 12:
            raise Killed

    with pytest.raises(Killed):
        annotate_file(model, source, output, options, stop)
    assert statuses[-1].resumed == 0
    before = len(scored)
    summary = annotate_file(model, source, output, options, statuses.append)
    assert summary.resumed == 12
    assert len(scored) - before == 2
    assert [(one.rows, one.resumed) for one in statuses[-2:]] == [(18, 12), (23, 12)]
    annotate_file(model, source, tmp_path / "whole.csv", options)
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_finished_job_is_left_alone(tmp_path, model, source):
    output, options = tmp_path / "out.parquet", Options(bad_rows="keep")
    annotate_file(model, source, output, options)
    state, names = output.stat(), sorted(tmp_path.iterdir())
    again = annotate_file(model, source, output, options)
    assert (again.rows, again.resumed, again.bad) == (23, 23, 4)
    assert output.stat() == state
    assert sorted(tmp_path.iterdir()) == names
    output.unlink()
    annotate_file(model, source, output, options)
    assert output.read_bytes(), "one that is gone is made again"
    output.write_bytes(output.read_bytes() + b" ")
    with pytest.raises(InputError, match=r"was changed after the job had written it.*--restart"):
        annotate_file(model, source, output, options)
    annotate_file(model, source, output, replace(options, restart=True))
    assert output.stat().st_size == state.st_size


def interrupted(model, source, output, options):
    def stop(status):
        raise Killed

    with pytest.raises(Killed):
        annotate_file(model, source, output, options, stop)


CHANGES = {
    "model": lambda m, s, o: (ModelSpec(Path("another")), s, o),
    "top k": lambda m, s, o: (m, s, replace(o, top_k=2)),
    "thresholds": lambda m, s, o: (m, s, replace(o, threshold=0.25)),
    "bad rows": lambda m, s, o: (m, s, replace(o, bad_rows=Path("other.jsonl"))),
    "rows of a chunk": lambda m, s, o: (m, s, replace(o, chunk_rows=4)),
    "turns": lambda m, s, o: (m, replace(s, turns=("b", "a")), o),
    "encoding": lambda m, s, o: (m, replace(s, encoding="latin-1"), o),
    "cache": lambda m, s, o: (m, s, replace(o, cache=Path("cache.db"))),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("finished", [True, False])
def test_a_job_that_is_asked_for_something_else_is_refused(
    what, finished, tmp_path, monkeypatch, model, source
):
    monkeypatch.chdir(tmp_path)
    output, options = tmp_path / "out.jsonl", Options(bad_rows="keep", chunk_rows=5)
    if finished:
        annotate_file(model, source, output, options)
    else:
        interrupted(model, source, output, options)
    before = kept(tmp_path)
    changed = CHANGES[what](model, source, options)
    state = "finished" if finished else "unfinished"
    with pytest.raises(InputError, match=rf"a job, {state}, .*\(.*{what}: .* then, .* now") as told:
        annotate_file(*changed[:2], output, changed[2])
    assert "--restart" in str(told.value)
    assert kept(tmp_path) == before
    model, source, options = changed
    annotate_file(model, source, output, replace(options, restart=True))
    annotate_file(model, source, tmp_path / "new.jsonl", options)
    assert output.read_bytes() == (tmp_path / "new.jsonl").read_bytes()


def test_a_changed_input_is_refused(tmp_path, model, source):
    output, options = tmp_path / "out.jsonl", Options(bad_rows="keep", chunk_rows=5)
    interrupted(model, source, output, options)
    with source.file.open("a") as file:
        file.write("99,,more,\n")
    with pytest.raises(InputError, match=r"size of the input: .* then, .* now"):
        annotate_file(model, source, output, options)


def test_what_is_there_is_not_overwritten(tmp_path, model, source):
    output, options = tmp_path / "out.csv", Options(bad_rows="keep")
    output.write_text("precious")
    with pytest.raises(InputError, match=r"out\.csv exists.*--restart"):
        annotate_file(model, source, output, options)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.csv", "out.csv"]
    interrupted(model, source, output, replace(options, restart=True, chunk_rows=5))
    assert output.read_text() == "precious", "until the new one is whole"
    annotate_file(model, source, output, replace(options, restart=True))
    assert output.read_text().count("\n") == ROWS + 1


def test_damaged_files_of_a_job_are_refused(tmp_path, model, source):
    output, options = tmp_path / "out.jsonl", Options(bad_rows="keep", chunk_rows=5)
    partial, job = tmp_path / "out.jsonl.partial", tmp_path / "out.jsonl.job.json"
    interrupted(model, source, output, options)
    content = partial.read_bytes()
    for less in (content[:-1], None):
        partial.write_bytes(less) if less else partial.unlink()
        with pytest.raises(InputError, match=r"partial: expected .* bytes.*--restart"):
            annotate_file(model, source, output, options)
    partial.write_bytes(content)
    good = job.read_text()
    for text in ("{", "[]", "{}", '{"asked": {}, "progress": {}}', '{"asked": 1, "progress": 1}'):
        job.write_text(text)
        with pytest.raises(InputError, match=r"expected a job file.*--restart"):
            annotate_file(model, source, output, options)
    job.write_text(good)
    annotate_file(model, source, output, options)


def test_bad_rows_may_be_put_aside_where_one_has_stopped_a_job(tmp_path, model):
    path = tmp_path / "in.txt"
    path.write_text("one\ntwo\nthree\n\nfive\n")
    source, output, bad = Source(path), tmp_path / "out.csv", tmp_path / "bad.jsonl"
    with pytest.raises(RowError, match="line 4"):
        annotate_file(model, source, output, Options(chunk_rows=2))
    summary = annotate_file(model, source, output, Options(chunk_rows=2, bad_rows=bad))
    assert (summary.rows, summary.bad, summary.resumed) == (5, 1, 2)
    assert output.read_text().count("\n") == 5
    assert json.loads(bad.read_text())["line"] == 4


def test_two_jobs_cannot_write_one_output(tmp_path, model, source):
    output, options = tmp_path / "out.jsonl", Options(bad_rows="keep", chunk_rows=5)

    def second(status):
        for restart in (False, True):
            with pytest.raises(InputError, match="another process writes it"):
                annotate_file(model, source, output, replace(options, restart=restart))

    assert annotate_file(model, source, output, options, second).rows == ROWS


def test_a_job_without_a_folder_or_a_file_starts_over(tmp_path, model, source):
    options = Options(bad_rows="keep", chunk_rows=5)
    output = tmp_path / "out.jsonl"
    with source.file.open("rb") as stream:
        piped = replace(source, file=stream, format="csv")
        for one, two in ((lengths(), source), (model, piped)):
            for _ in range(2):
                stream.seek(0)
                interrupted(one, two, output, options)
            stream.seek(0)
            summary = annotate_file(one, two, output, options)
            assert (summary.rows, summary.resumed) == (ROWS, 0)
            stream.seek(0)
            with pytest.raises(InputError, match="exists"):
                annotate_file(one, two, output, options)
            output.unlink()


def test_no_room_is_told(tmp_path, monkeypatch, model, source):
    output, options = tmp_path / "out.jsonl", Options(bad_rows="keep", chunk_rows=5)
    sync, calls = os.fsync, []

    def full(number):
        calls.append(number)
        if len(calls) > 9:
            raise OSError(28, "No space left on device")
        sync(number)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"No space left on device.*the same command goes on"):
        annotate_file(model, source, output, options)
    monkeypatch.setattr(os, "fsync", sync)
    annotate_file(model, source, output, options)
    annotate_file(model, source, tmp_path / "whole.jsonl", options)
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_places_that_cannot_be_written(tmp_path, model, source):
    options = Options(bad_rows="keep")
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path / "folder.csv", source.file / "out.csv"):
        with pytest.raises(InputError, match="Cannot write to"):
            annotate_file(model, source, path, options)


def test_a_cache_serves_later_jobs_and_chunks(tmp_path, monkeypatch, model, source):
    scored = []

    class Counting(Uneven):
        def encode(self, conversations):
            scored.extend(conversations)
            return super().encode(conversations)

    monkeypatch.setattr(ModelSpec, "load", lambda self: lengths(False, backend=Counting()))
    options = Options(bad_rows="keep", chunk_rows=4, cache=tmp_path / "cache.db")
    one, two, three = (tmp_path / name for name in ("one.csv", "two.csv", "three.csv"))
    annotate_file(model, source, one, options)
    distinct = len(set(scored))
    assert distinct < len(scored) < ROWS - 4, "a chunk sees those before the last one"
    scored.clear()
    annotate_file(model, source, two, options)
    assert scored == []
    annotate_file(model, source, three, replace(options, top_k=1, threshold=0.99))
    assert scored == [], "which labels are given is decided afterwards"
    assert one.read_bytes().count(b"\n") == two.read_bytes().count(b"\n")
    annotate_file(ModelSpec(Path("another")), source, tmp_path / "four.csv", options)
    assert len(set(scored)) == distinct


def test_what_others_add_to_a_cache_changes_nothing(tmp_path, monkeypatch, model, source):
    """A resumed job sees what the uninterrupted one would have seen."""
    monkeypatch.chdir(tmp_path)
    options = Options(bad_rows="keep", chunk_rows=3, cache=Path("one.db"))
    annotate_file(model, source, tmp_path / "whole.csv", options)
    options = replace(options, cache=Path("two.db"))
    interrupted(model, source, tmp_path / "out.csv", options)
    annotate_file(model, source, tmp_path / "other.csv", replace(options, chunk_rows=20))
    annotate_file(model, source, tmp_path / "out.csv", options)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    different = (tmp_path / "other.csv").read_bytes() != (tmp_path / "whole.csv").read_bytes()
    assert different, "the test needs scores that depend on the chunk"


def test_a_cache_that_is_none(tmp_path, model, source):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but some notes" * 100)
    for cache in (path, tmp_path / "none" / "cache.db"):
        with pytest.raises(InputError, match="the cache cannot be used"):
            annotate_file(model, source, tmp_path / "out.csv", Options(cache=cache))
    annotate_file(model, source, tmp_path / "out.csv", Options(bad_rows="keep"))
    assert path.read_text().startswith("not a database")
    with pytest.raises(InputError, match="Name the folder of the model"):
        annotate_file(lengths(), source, tmp_path / "new.csv", Options(cache=tmp_path / "c.db"))


def test_processes_write_what_one_writes(trained, tmp_path):
    shutil.copytree(resolve(trained.folder), tmp_path / "model")
    config = read_json(tmp_path / "model" / CONFIG)
    write_json(tmp_path / "model" / CONFIG, config | {"languages": ["en"]})
    path = tmp_path / "in.tsv"
    foreign = "".join(f"{n}\tje suis\tvraiment\ttrès heureux\tsad\n" for n in range(60, 70))
    path.write_text((trained.root / "test.txt").read_text() + foreign)
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    options = Options(chunk_rows=7)
    model, source = ModelSpec(tmp_path / "model"), Source(path)
    alone = annotate_file(model, source, one, options)
    shared = annotate_file(model, source, two, replace(options, workers=2))
    assert one.read_bytes() == two.read_bytes()
    assert alone == shared
    assert (alone.unread, alone.first_unread) == (10, 61)


def test_a_real_process_is_killed(trained, tmp_path):
    """SIGKILL while chunks are written, with several workers and a compressed output."""
    lines = (trained.root / "test.txt").read_text().splitlines()
    rows = [f"{n}\t{line.partition(chr(9))[2]}" for n in range(180) for line in lines[1:]]
    path, output = tmp_path / "in.tsv", tmp_path / "out.jsonl.gz"
    path.write_text("\n".join([lines[0], *rows]) + "\n")

    def command(output, *more):
        arguments = [sys.executable, "-m", "emoscope", "annotate", path, "-m", trained.folder]
        return list(map(str, [*arguments, "-o", output, *more]))

    process = subprocess.Popen(command(output, "--workers", "2"))
    while process.poll() is None:
        job = read_job(output)
        if job and job.progress.rows:
            process.kill()
        time.sleep(0.005)
    assert process.returncode == -signal.SIGKILL
    done = subprocess.run(command(output), check=True, capture_output=True, text=True)
    assert "Went on after row" in done.stderr
    subprocess.run(command(tmp_path / "whole.jsonl.gz"), check=True)
    assert output.read_bytes() == (tmp_path / "whole.jsonl.gz").read_bytes()
    assert gzip.decompress(output.read_bytes()).count(b"\n") == len(rows)


def test_parquet_keeps_the_types_of_the_input(tmp_path, model):
    table = pa.table(
        {
            "text": ["a", "bb"],
            "n": pa.array([1, None], pa.int16()),
            "at": pa.array([datetime(2024, 1, 1, 12), None], pa.timestamp("ns", "Europe/Paris")),
            "day": [date(2024, 1, 1), None],
            "price": [Decimal("1.50"), None],
            "raw": [b"\xff\x00", None],
            "tags": [["x", "y"], None],
            "deep": [{"a": {"b": [1]}}, None],
            "kind": pa.array(["p", None]).dictionary_encode(),
            "nothing": pa.nulls(2),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    annotate_file(model, Source(tmp_path / "in.parquet"), tmp_path / "out.parquet")
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.schema.names == [*table.schema.names, "labels", "others", "happy", "sad", "angry"]
    for name in ("text", "n", "day", "price", "raw", "tags", "deep"):
        assert out.schema.field(name).type == table.schema.field(name).type
        assert out[name].to_pylist() == table[name].to_pylist()
    assert out.schema.field("at").type == pa.timestamp("us", "Europe/Paris")
    assert out["at"].to_pylist()[0].isoformat() == table["at"].to_pylist()[0].isoformat()
    assert out["kind"].to_pylist() == ["p", None]
    assert out["labels"].to_pylist()[0] == ["others", "happy", "sad", "angry"]
    for name in ("out.jsonl", "out.csv"):
        annotate_file(model, Source(tmp_path / "in.parquet"), tmp_path / name)
    line = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])["columns"]
    assert (line["price"], line["day"], line["deep"]) == ("1.50", "2024-01-01", {"a": {"b": [1]}})
