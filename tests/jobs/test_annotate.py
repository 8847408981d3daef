"""Jobs from file to file: ended at any moment, they go on as if nothing had been."""

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from emoscope.errors import InputError
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, annotate_file
from tests.inference.fakes import lengths
from tests.jobs.conftest import ROWS, Uneven


class Killed(BaseException):
    """The process is gone."""


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
    annotate_file(model, source, tmp_path / "new.jsonl", replace(options, restart=True))
    assert output.read_bytes() == (tmp_path / "new.jsonl").read_bytes()
