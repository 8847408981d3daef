"""What a job has written is checked before it is believed."""

import errno
import os
from pathlib import Path

import pytest

from emoscope.embeddings.vocabulary import Vocabulary
from emoscope.errors import InputError
from emoscope.jobs.annotate import Options, annotate_file
from emoscope.jobs.job_file import check_same_job, read_job
from emoscope.jobs.readback import read_labels, read_scores
from emoscope.jobs.scores import read_thresholds
from hostile_state import JOB_EDITS, edit_job, flip_bit

CHUNK = 4
OPTIONS = Options(bad_rows="keep", chunk_rows=CHUNK)


class EndedError(Exception):
    pass


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def end_early(status):
    if status.rows >= 3 * CHUNK:
        raise EndedError


def begin(model, source, output, options=OPTIONS):
    with pytest.raises(EndedError):
        annotate_file(model, source, output, options, end_early)


@pytest.mark.parametrize(
    ("place", "value"), JOB_EDITS, ids=[f"{place[-1]}={value!r}" for place, value in JOB_EDITS]
)
def test_a_job_file_of_other_types_is_refused(model, source, tmp_path, place, value):
    output = tmp_path / "out.csv"
    begin(model, source, output)
    before = Path(f"{output}.partial").read_bytes()
    edit_job(output, place, value)
    for ask in (lambda: annotate_file(model, source, output, OPTIONS), lambda: read_labels(output)):
        with pytest.raises(InputError, match=r"out\.csv\.job\.json: .*--restart"):
            ask()
    assert Path(f"{output}.partial").read_bytes() == before, "nothing is lost"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("progress", "rows"), 8),
        (("progress", "bytes"), 10),
        (("progress", "finished"), True),
        (("asked", "labels"), ["a", "b", "c", "d"]),
    ],
)
def test_an_edited_job_file_is_found_by_its_hash(model, source, tmp_path, place, value):
    output = tmp_path / "out.csv"
    begin(model, source, output)
    edit_job(output, place, value, hashed=False)
    with pytest.raises(InputError, match=r"edited or damaged.*--restart"):
        annotate_file(model, source, output, OPTIONS)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"a": NaN'])
def test_a_damaged_job_file(model, source, tmp_path, content):
    output = tmp_path / "out.csv"
    Path(f"{output}.job.json").write_bytes(content)
    with pytest.raises(InputError, match="--restart"):
        annotate_file(model, source, output, OPTIONS)
    annotate_file(model, source, output, Options(bad_rows="keep", restart=True))
    assert read_job(output).progress.finished


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["FIFO", "folder"])
def test_a_job_file_that_is_no_file(model, source, tmp_path, make):
    output = tmp_path / "out.csv"
    make(f"{output}.job.json")
    with pytest.raises(InputError, match="regular file"):
        annotate_file(model, source, output, OPTIONS)


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.csv.gz", "out.parquet"])
@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_byte_that_was_altered_in_between(model, source, tmp_path, name, place):
    whole, output = tmp_path / f"whole-{name}", tmp_path / name
    annotate_file(model, source, whole, OPTIONS)
    begin(model, source, output)
    flip_bit(Path(f"{output}.partial"), place)
    with pytest.raises(InputError, match=r"partial was changed.*--restart"):
        annotate_file(model, source, output, OPTIONS)
    restart = Options(bad_rows="keep", chunk_rows=CHUNK, restart=True)
    annotate_file(model, source, output, restart)
    assert output.read_bytes() == whole.read_bytes()


def test_rejects_that_were_altered_in_between(model, source, tmp_path):
    output, options = tmp_path / "out.csv", Options(bad_rows=tmp_path / "bad", chunk_rows=CHUNK)
    begin(model, source, output, options)
    flip_bit(tmp_path / "bad", 3)
    with pytest.raises(InputError, match=r"bad was changed.*--restart"):
        annotate_file(model, source, output, options)


def test_what_a_kill_left_behind_the_valid_bytes_does_not_matter(model, source, tmp_path):
    whole, output = tmp_path / "whole.csv", tmp_path / "out.csv"
    annotate_file(model, source, whole, OPTIONS)
    begin(model, source, output)
    with Path(f"{output}.partial").open("ab") as file:
        file.write(b"half a row")
    annotate_file(model, source, output, OPTIONS)
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_a_finished_output_that_was_altered(model, source, tmp_path, name):
    output = tmp_path / name
    annotate_file(model, source, output, OPTIONS)
    again = annotate_file(model, source, output, OPTIONS)
    assert again.resumed == again.rows
    flip_bit(output, 100)
    with pytest.raises(InputError, match=r"was changed.*--restart"):
        annotate_file(model, source, output, OPTIONS)


def test_a_finished_job_on_a_read_only_disk_is_finished(model, source, tmp_path, monkeypatch):
    output = tmp_path / "out.csv"
    first = annotate_file(model, source, output, OPTIONS)

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    # As such a disk does, also of what is not there.
    for name in ("unlink", "write_bytes", "replace", "rename", "touch"):
        monkeypatch.setattr(Path, name, refuse)
    again = annotate_file(model, source, output, OPTIONS)
    assert again.resumed == again.rows == first.rows


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"happy", b"hippy"),
        (b"0.", b"7."),
        (b"0.", b"x."),
        (b"\r\n1,", b'\r\n1",'),
        (b",", b";"),
        (b",sad", b""),
    ],
)
def test_a_table_that_is_not_what_the_job_wrote(model, source, tmp_path, old, new):
    output = tmp_path / "out.csv"
    annotate_file(model, source, output, OPTIONS)
    output.write_bytes(output.read_bytes().replace(old, new))
    with pytest.raises(InputError, match=r"out\.csv: .*--restart"):
        list(read_scores(output))


@pytest.mark.parametrize("line", [b"1", b"{", b'{"emotions": [1]}', b'{"emotions": {"sad": "x"}}'])
def test_lines_that_are_not_what_the_job_wrote(model, source, tmp_path, line):
    output = tmp_path / "out.jsonl"
    annotate_file(model, source, output, OPTIONS)
    output.write_bytes(output.read_bytes() + line + b"\n")
    with pytest.raises(InputError, match=r"out\.jsonl: .*--restart"):
        list(read_scores(output))


def test_thresholds_without_end_are_not_read(tmp_path):
    (tmp_path / "cuts.yaml").symlink_to("/dev/zero")
    with pytest.raises(InputError, match=r"cuts\.yaml: larger than"):
        read_thresholds(tmp_path / "cuts.yaml")


def test_a_vocabulary_without_end_is_not_read(tmp_path):
    (tmp_path / "vocabulary.json").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="regular file"):
        Vocabulary.load(tmp_path / "vocabulary.json")


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"labels": ["b"], "taxonomy": "2", "thresholds": [0.2], "columns": ["b"]}, "labels"),
        ({"taxonomy": "2", "thresholds": [0.2]}, "taxonomy thresholds"),
        ({"size of the input": 1200, "time of the input": 5}, "size of the input"),
        ({"time of the input": 5}, "time of the input"),
        ({"top k": 2, "columns": ["b"]}, "top k"),
    ],
)
def test_what_changes_with_another_setting_is_not_told_again(now, told, tmp_path):
    known = {
        "labels": ["a"],
        "taxonomy": "1",
        "thresholds": [0.1],
        "columns": ["a"],
        "top k": None,
        "size of the input": 7,
        "time of the input": 4,
    }
    with pytest.raises(InputError) as error:
        check_same_job(tmp_path / "out.csv", known, {**known, **now})
    found = [name for name in known if f"{name}: " in str(error.value)]
    assert " ".join(found) == told
