"""No job touches a file that it was not given, and no file is given to it twice."""

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest

from emoscope.errors import InputError
from emoscope.jobs.annotate import Options, annotate_file, annotate_stream
from emoscope.jobs.file_set import list_side_files
from tests.jobs.conftest import ROWS
from tests.jobs.test_annotate import interrupted

KEEP = Options(bad_rows="keep", chunk_rows=5)


def contents(folder):
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if not path.name.endswith(".job.json")
    }


def side_file_names():
    return [path.name for path in list_side_files(Path("out.csv"))]


@pytest.mark.parametrize("name", side_file_names())
@pytest.mark.parametrize("link", [None, os.symlink, os.link])
def test_an_input_may_not_be_called_like_a_file_of_the_job(tmp_path, model, source, name, link):
    path = tmp_path / name
    if link is None:
        source.file.rename(path)
        source = replace(source, file=path, format="csv")
    else:
        link(source.file, path)
    before = contents(tmp_path)
    for restart in (False, True):
        with pytest.raises(InputError, match="named twice"):
            annotate_file(model, source, tmp_path / "out.csv", replace(KEEP, restart=restart))
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["out.csv.partial", "out.json.config.xml", "bad.jsonl", "p.svg"])
def test_what_is_of_no_job_stays_until_it_may_be_replaced(tmp_path, model, source, name):
    (tmp_path / name).write_text("precious")
    output = tmp_path / ("out.json" if "json.c" in name else "out.csv")
    options = Options(
        format="labelstudio" if output.suffix == ".json" else None,
        bad_rows=tmp_path / "bad.jsonl",
        pictures=(tmp_path / "p.svg",),
    )
    before = contents(tmp_path)
    with pytest.raises(InputError, match=rf"{name}.*exists.*--restart"):
        annotate_file(model, source, output, options)
    assert contents(tmp_path) == before
    annotate_file(model, source, output, replace(options, restart=True))
    assert output.is_file()


def test_a_job_replaces_its_own_files_alone(tmp_path, model, source):
    """A second job with the same file of bad rows would lose those of the first."""
    bad, picture = tmp_path / "bad.jsonl", tmp_path / "p.svg"
    options = Options(bad_rows=bad, chunk_rows=5, pictures=(picture,))
    interrupted(model, source, tmp_path / "one.csv", options)
    picture.write_text("of a run that was killed")
    annotate_file(model, source, tmp_path / "one.csv", options)
    assert bad.read_bytes().count(b"\n") == 4
    annotate_file(model, source, tmp_path / "one.csv", options)
    before = contents(tmp_path)
    for more in (options, replace(options, bad_rows="keep")):
        with pytest.raises(InputError, match=r"exists.*--restart"):
            annotate_file(model, source, tmp_path / "two.csv", more)
    assert contents(tmp_path) == before


def test_a_stream_that_fails_leaves_no_file_of_bad_rows(tmp_path, model, source):
    """It cannot go on, so the same command must be able to begin anew."""
    options = Options(bad_rows=tmp_path / "bad.jsonl", chunk_rows=5)

    class Full(io.BytesIO):
        def write(self, data):
            if self.tell():
                raise OSError(28, "No space left on device")
            return super().write(data)

    with pytest.raises(OSError, match="No space left"):
        annotate_stream(model, source, Full(), options)
    assert not (tmp_path / "bad.jsonl").exists()
    assert annotate_stream(model, source, io.BytesIO(), options).bad == 4
    with pytest.raises(InputError, match=r"bad\.jsonl.*exists.*--restart"):
        annotate_stream(model, source, io.BytesIO(), options)


def test_a_finished_job_may_be_drawn_later(tmp_path, model, source):
    picture, output = tmp_path / "p.svg", tmp_path / "out.csv"
    annotate_file(model, source, output, KEEP)
    annotate_file(model, source, output, replace(KEEP, pictures=(picture,)))
    picture.write_text("drawn")
    again = annotate_file(model, source, output, replace(KEEP, pictures=(picture,)))
    assert again.resumed == ROWS


def test_a_name_that_is_not_utf_8(tmp_path, model, source):
    """The name is shown by its codes, and a killed job goes on."""
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    odd.mkdir()
    path = source.file.rename(odd / os.fsdecode(b"na\xefve.csv"))
    source = replace(source, file=path)
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        interrupted(model, source, odd / name, KEEP)
        assert annotate_file(model, source, odd / name, KEEP).rows == ROWS
        assert annotate_file(model, source, odd / name, KEEP).resumed == ROWS
    assert rb"na\\xefve.csv" in (odd / "out.jsonl").read_bytes()


def test_a_finished_job_on_a_read_only_disk_is_finished(tmp_path, monkeypatch, model, source):
    output = tmp_path / "out.csv"
    annotate_file(model, source, output, KEEP)
    opened = os.open

    def refuse(path, flags, *more, **named):
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            raise OSError(30, "Read-only file system", str(path))
        return opened(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refuse)
    assert annotate_file(model, source, output, KEEP).resumed == ROWS


def change_time(path):
    os.utime(path, ns=(0, path.stat().st_mtime_ns - 10**12))


CHANGES = {
    "appended": lambda path: path.write_bytes(path.read_bytes() + b"99,,more,\n"),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "changed": lambda path: path.write_bytes(path.read_bytes().replace(b"x", b"z")),
    "clock set back": change_time,
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_input_that_changes_between_a_kill_and_the_resumption_is_refused(
    tmp_path, model, source, what
):
    output = tmp_path / "out.csv"
    interrupted(model, source, output, KEEP)
    before = (tmp_path / "out.csv.partial").read_bytes()
    CHANGES[what](source.file)
    with pytest.raises(InputError, match=r"of the input: .* then, .* now.*--restart"):
        annotate_file(model, source, output, KEEP)
    assert (tmp_path / "out.csv.partial").read_bytes() == before
    annotate_file(model, source, output, replace(KEEP, restart=True))
    assert not (tmp_path / "out.csv.partial").exists()
