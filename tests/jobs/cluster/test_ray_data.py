"""Many files on a cluster: two real workers once; all that is not Ray's in this process."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import emoscope.jobs.cluster.ray_data as cluster
from emoscope.errors import EmoscopeError, InputError
from emoscope.files import sibling_path
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, Source, annotate_file
from emoscope.jobs.cluster.parts import get_parts_folder
from emoscope.jobs.cluster.ray_data import MAX_TRIES, Worker, annotate_files
from emoscope.jobs.input_files import find_input_files
from tests.inference.fakes import in_process, lengths, write_csv

ROWS = 6


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def source(tmp_path):
    """Three files of three formats, in partitions, with other things among them."""
    root = tmp_path / "in"
    for day in (1, 2, 3):
        (root / f"day={day}").mkdir(parents=True)
    texts = ["so happy today", "I am furious", "thank you!", "hm", "so happy today", "what a loss"]
    rows = [(f"a{n}", text) for n, text in enumerate(texts)]
    write_csv(root / "day=1" / "a.csv", ("id", "text"), rows)
    lines = [json.dumps({"id": f"b{n}", "text": text}) + "\n" for n, text in enumerate(texts)]
    (root / "day=2" / "b.jsonl").write_text("".join(lines))
    table = {"id": [f"c{n}" for n in range(ROWS)], "text": texts}
    pq.write_table(pa.table(table), root / "day=3" / "c.parquet")
    (root / "day=1" / "_SUCCESS").touch()
    (root / "day=1" / ".a.csv.crc").touch()
    (root / "notes.pdf").touch()
    return Source(root)


PARTS = ("day=1/a.csv.parquet", "day=2/b.jsonl.parquet", "day=3/c.parquet")
FILES = ("day=1/a.csv", "day=2/b.jsonl", "day=3/c.parquet")


@pytest.fixture
def model(monkeypatch):
    """A model of known scores as if it lay in a folder, and a cluster that is this process."""
    monkeypatch.setattr(ModelSpec, "load", lambda self, threads=None: lengths(False))
    monkeypatch.setattr(ModelSpec, "fingerprint", lambda self: str(self.folder))
    monkeypatch.setattr(cluster, "annotate_on_ray", in_process)
    return ModelSpec(Path("model"))


def parts(output):
    found = output.rglob("*.parquet")
    return {one.relative_to(output).as_posix(): one.read_bytes() for one in sorted(found)}


# The warnings are Ray's own.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_two_workers_give_what_one_machine_gives_and_go_on(source, tmp_path):
    ray = pytest.importorskip("ray")
    pytest.importorskip("pandas")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        output, options = tmp_path / "out", Options(workers=2, bad_rows="keep")
        summary = annotate_files(ModelSpec(), source, output, options)
        assert (summary.rows, summary.bad, summary.resumed) == (3 * ROWS, 0, 0)
        whole = parts(output)
        assert tuple(whole) == PARTS
        # Killed: one part is gone, another one was not begun but for an empty file.
        (output / PARTS[0]).unlink()
        (output / PARTS[1]).unlink()
        torn = get_parts_folder(output) / PARTS[1]
        sibling_path(torn, "job.json").unlink()
        sibling_path(torn, "partial").write_bytes(b"")
        seen = []
        again = annotate_files(ModelSpec(), source, output, options, seen.append)
        assert (again.rows, again.resumed, len(seen)) == (3 * ROWS, ROWS, 2)
        assert (seen[-1].read, seen[-1].total) == (3, 3)
    finally:
        ray.shutdown()
    assert tuple(parts(output)) == PARTS
    for name, part in zip(FILES, PARTS, strict=True):
        alone = tmp_path / "alone.parquet"
        annotate_file(
            ModelSpec(),
            replace(source, file=source.file / name),
            alone,
            Options(bad_rows="keep", restart=True),
        )
        one, other = (pq.ParquetFile(path).read() for path in (alone, output / part))
        assert one.schema == other.schema
        for column in one.schema.names:
            if one.schema.field(column).type == pa.float64():
                np.testing.assert_allclose(one[column], other[column], atol=1e-4)
            else:
                assert one[column].to_pylist() == other[column].to_pylist()


def test_the_output_is_a_data_set_with_its_partitions(source, tmp_path, model):
    output = tmp_path / "out"
    annotate_files(model, source, output)
    table = pq.read_table(output)
    assert table.num_rows == 3 * ROWS
    assert set(table["day"].to_pylist()) == {1, 2, 3}
    assert [one.name for one in output.iterdir() if not one.name.startswith("day=")] == [
        "_emoscope"
    ]
    again = annotate_files(model, source, output)
    assert again.resumed == again.rows == 3 * ROWS


@pytest.mark.parametrize("finished", [False, True])
def test_within_a_file_a_job_goes_on_row_by_row(source, tmp_path, model, finished):
    output, options = tmp_path / "out", Options(chunk_rows=2)
    expected = tmp_path / "expected"
    annotate_files(model, source, expected, options)
    annotate_files(model, source, output, options)
    (output / PARTS[0]).unlink()
    work = get_parts_folder(output) / PARTS[0]
    sibling_path(work, "job.json").unlink()

    def kill(status):
        if status.rows == 4:
            raise Killed

    one = replace(source, file=source.file / FILES[0])
    spec = replace(model, folder=model.folder.resolve())
    if finished:  # but it has not come to its place
        annotate_file(spec, one, work, options)
    else:
        with pytest.raises(Killed):
            annotate_file(spec, one, work, options, kill)
    summary = annotate_files(model, source, output, options)
    assert (summary.rows, summary.resumed) == (3 * ROWS, 3 * ROWS - (0 if finished else 2))
    assert parts(output) == parts(expected)


def test_another_configuration_is_refused(source, tmp_path, model):
    output = tmp_path / "out"
    annotate_files(model, source, output)
    before = parts(output)
    with pytest.raises(InputError, match=r"something else \(thresholds: .* then, .* now\).*--res"):
        annotate_files(model, source, output, Options(threshold=0.9))
    with pytest.raises(InputError, match=r"model: .*other"):
        annotate_files(ModelSpec(Path("other")), source, output)
    assert parts(output) == before
    summary = annotate_files(model, source, output, Options(threshold=0.9, restart=True))
    assert (summary.rows, summary.resumed) == (3 * ROWS, 0)
    assert parts(output) != before
    (output / "_emoscope" / "job.json").write_text("[")
    with pytest.raises(InputError, match="something else"):
        annotate_files(model, source, output)


def test_what_is_not_the_jobs_own_is_left(source, tmp_path, model):
    output = tmp_path / "out"
    output.mkdir()
    (output / "mine.txt").write_text("mine")
    for restart in (False, True):
        with pytest.raises(InputError, match="of no job on a cluster"):
            annotate_files(model, source, output, Options(restart=restart))
    (output / "mine.txt").unlink()
    annotate_files(model, source, output)
    (output / PARTS[0]).write_bytes(b"edited")
    with pytest.raises(InputError, match="not what the job has written"):
        annotate_files(model, source, output)


def test_new_files_are_done_and_changed_ones_refused(source, tmp_path, model):
    output = tmp_path / "out"
    annotate_files(model, source, output)
    write_csv(source.file / "new.csv", ("text",), [("one",)])
    summary = annotate_files(model, source, output)
    assert (summary.rows, summary.resumed) == (3 * ROWS + 1, 3 * ROWS)
    write_csv(source.file / "new.csv", ("text",), [("one",), ("two",)])
    with pytest.raises(InputError, match=r"1 of 4 files failed.*size of the input"):
        annotate_files(model, source, output)


def test_a_file_that_fails_leaves_the_others(source, tmp_path, model):
    output = tmp_path / "out"
    (source.file / "bad.csv").write_text("text,id\none,1\ntwo\n")
    with pytest.raises(InputError, match=r"1 of 4 files failed.*bad.csv.*line 3.*--bad-rows keep"):
        annotate_files(model, source, output)
    assert tuple(parts(output)) == PARTS
    summary = annotate_files(model, source, tmp_path / "kept", Options(bad_rows="keep"))
    assert (summary.rows, summary.bad) == (3 * ROWS + 2, 1)
    errors = pq.read_table(tmp_path / "kept" / "bad.csv.parquet")["error"].to_pylist()
    assert errors[0] is None
    assert "2 fields" in errors[1]


def test_a_file_that_ends_its_workers_is_given_up(source, tmp_path, model, monkeypatch):
    work, part = tmp_path / "work" / "a.parquet", tmp_path / "out" / "a.parquet"
    worker = Worker(model, 1, "model", source, Options())
    batch = {
        "source": [str(source.file / FILES[0])],
        "work": [str(work)],
        "part": [str(part)],
    }

    def kill(*arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(cluster, "annotate_file", kill)
        for _ in range(MAX_TRIES):
            with pytest.raises(Killed):
                worker(batch)
        given_up = worker(batch)
    assert "were ended from outside" in given_up["failure"][0]
    assert given_up["fault"] == ["program"]
    sibling_path(work, "tries").unlink()
    assert worker(batch)["failure"] == [""]
    assert part.exists()


def test_a_fault_of_the_program_is_not_the_inputs(source, tmp_path, model, monkeypatch):
    def fail(*arguments):
        raise EmoscopeError("broken")

    monkeypatch.setattr(cluster, "annotate_file", fail)
    with pytest.raises(EmoscopeError, match=r"3 of 3 files failed.*broken") as raised:
        annotate_files(model, source, tmp_path / "out")
    assert raised.value.exit_code == 1


def test_machines_with_another_model_are_told(source, tmp_path, model):
    worker = Worker(model, 1, "elsewhere", source, Options())
    batch = {"source": ["a"], "work": [str(tmp_path / "w")], "part": [str(tmp_path / "p")]}
    assert "the same on all machines" in worker(batch)["failure"][0]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (".", FILES),
        ("day=*/*.csv", FILES[:1]),
        ("**/*.jsonl", FILES[1:2]),
        ("day=[23]", ()),
        ("nowhere", ()),
    ],
)
def test_the_files_that_are_named(source, tmp_path, named, expected):
    asked = Source(source.file / named)
    if not expected:
        with pytest.raises(InputError, match="expected files to annotate"):
            find_input_files(asked, tmp_path / "out")
        return
    found = find_input_files(asked, tmp_path / "out")
    assert sorted(one.path.relative_to(source.file).as_posix() for one in found) == list(expected)
    sizes = [one.path.stat().st_size for one in found]
    assert sizes == sorted(sizes, reverse=True)


def test_one_file_and_what_lies_in_the_output(source, tmp_path):
    (one,) = find_input_files(Source(source.file / FILES[2]), tmp_path / "out")
    assert one.part == Path("c.parquet")
    found = find_input_files(source, source.file / "day=3")
    assert len(found) == 2
    for output in (source.file, tmp_path):
        with pytest.raises(InputError, match="holds what is read"):
            find_input_files(source, output)
    (source.file / "day=1" / "a.csv.parquet").touch()
    with pytest.raises(InputError, match="would become one part"):
        find_input_files(source, tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(bad_rows=Path("bad.jsonl")), "--bad-rows keep"),
        (Options(cache=Path("cache.db")), "cannot share a cache"),
        (Options(format="csv"), "folder of Parquet"),
        (Options(threshold=2.0), "between 0 and 1"),
    ],
)
def test_options_that_are_not_for_a_cluster(source, tmp_path, model, options, message):
    with pytest.raises(InputError, match=message):
        annotate_files(model, source, tmp_path / "out", options)
    assert not (tmp_path / "out").exists()
