"""Jobs that are not gone on with, and files that cannot be written."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emoscope.errors import InputError, MachineError
from emoscope.files import read_json, write_json
from emoscope.folder import CONFIG, resolve_folder
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, Source, annotate_file
from emoscope.jobs.job_file import read_job
from emoscope.reading.errors import RowError
from tests.inference.fakes import lengths
from tests.jobs.conftest import ROWS, Uneven
from tests.jobs.test_annotate import interrupted


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
    path.write_bytes(b"one\n\nthree\n\xff\nfive\n")
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
    with pytest.raises(MachineError, match=r"No space left on device.*same command goes on"):
        annotate_file(model, source, output, options)
    monkeypatch.setattr(os, "fsync", sync)
    annotate_file(model, source, output, options)
    annotate_file(model, source, tmp_path / "whole.jsonl", options)
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_places_that_cannot_be_written(tmp_path, model, source):
    options = Options(bad_rows="keep")
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path / "folder.csv", source.file / "out.csv"):
        with pytest.raises(InputError, match=r"Cannot (write to|use)"):
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
    shutil.copytree(resolve_folder(trained.folder), tmp_path / "model")
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
    rows = [f"{n}\t{line.partition(chr(9))[2]}" for n in range(80) for line in lines[1:]]
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
