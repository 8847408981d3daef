"""Outputs that must never be replaced: devices, FIFOs and links. All of them are the tests' own."""

import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from emoscope.errors import InputError
from emoscope.files import is_stream, open_stream, write_text
from emoscope.jobs.annotate import Options, annotate_file
from emoscope.jobs.readback import read_labels
from tests.inference.fakes import streamed
from tests.jobs.conftest import ROWS
from tests.jobs.test_annotate import interrupted

KEEP = Options(bad_rows="keep", chunk_rows=5)
RESTART = replace(KEEP, restart=True)


@pytest.fixture
def expected(model, source, tmp_path):
    """What a job writes, by its format."""
    return lambda form: streamed(source, model, replace(KEEP, format=form))


def read_in_a_thread(path: Path):
    """Begin to read a FIFO; the result waits for its end."""
    found = []
    thread = threading.Thread(target=lambda: found.append(path.read_bytes()), daemon=True)
    thread.start()

    def result() -> bytes:
        thread.join(10)
        return found[0]

    return result


@pytest.mark.parametrize(
    ("name", "options", "form"),
    [
        ("pipe", KEEP, "jsonl"),
        ("pipe", RESTART, "jsonl"),
        ("pipe.csv", RESTART, "csv"),
        ("pipe", replace(RESTART, format="csv"), "csv"),
    ],
)
def test_a_fifo_is_written_through(tmp_path, model, source, expected, name, options, form):
    path = tmp_path / "pipes" / name
    path.parent.mkdir()
    os.mkfifo(path)
    for _ in range(2):
        result = read_in_a_thread(path)
        assert annotate_file(model, source, path, options).rows == ROWS
        assert result() == expected(form)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert list(path.parent.iterdir()) == [path], "nothing lies beside it"


def test_a_device_is_written_through(tmp_path, model, source):
    """A terminal of the test's own."""
    master, slave = os.openpty()
    read = threading.Thread(
        target=lambda: [os.read(master, 1 << 16) for _ in range(3)], daemon=True
    )
    read.start()
    path = Path(os.ttyname(slave))
    assert annotate_file(model, source, path, RESTART).rows == ROWS
    assert stat.S_ISCHR(path.stat().st_mode)
    write_text(path, "written whole")
    assert stat.S_ISCHR(path.stat().st_mode)
    os.close(slave)


@pytest.mark.parametrize("place", ["/dev/fd/{}", "/proc/self/fd/{}", "link"])
def test_an_open_descriptor_is_written_where_it_stands(tmp_path, model, source, expected, place):
    """As `/dev/stdout` is where a shell appends it to a file: what is there is not cut."""
    target = tmp_path / "log.jsonl"
    target.write_text("before\n")
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND)
    path = Path(place.format(descriptor))
    if place == "link":
        path = tmp_path / "link"
        path.symlink_to(f"/dev/fd/{descriptor}")
    if not Path(f"/dev/fd/{descriptor}").exists():
        pytest.skip("no /dev/fd here")
    annotate_file(model, source, path, KEEP)
    os.close(descriptor)
    assert target.read_bytes() == b"before\n" + expected("jsonl")


def test_a_link_is_followed_to_its_target(tmp_path, model, source, expected):
    target = tmp_path / "data" / "scores.csv"
    first, link = tmp_path / "first.jsonl", tmp_path / "link"
    target.parent.mkdir()
    first.symlink_to(target)
    link.symlink_to("first.jsonl")
    interrupted(model, source, link, KEEP)
    assert sorted(path.name for path in target.parent.iterdir()) == [
        "scores.csv.job.json",
        "scores.csv.partial",
    ]
    assert annotate_file(model, source, target, KEEP).resumed == 5
    assert annotate_file(model, source, link, KEEP).resumed == ROWS
    assert target.read_bytes() == expected("csv")
    assert read_labels(link) == read_labels(target)
    target.write_text("precious")
    with pytest.raises(InputError, match=r"was changed.*--restart"):
        annotate_file(model, source, link, KEEP)
    annotate_file(model, source, link, RESTART)
    assert target.read_bytes() == expected("csv")
    assert link.is_symlink()
    assert first.is_symlink()


def test_a_link_to_the_input_is_the_input(tmp_path, model, source):
    link = tmp_path / "link.csv"
    link.symlink_to(source.file)
    before = source.file.read_bytes()
    with pytest.raises(InputError, match="named twice"):
        annotate_file(model, source, link, RESTART)
    assert source.file.read_bytes() == before


def test_links_in_a_circle_are_refused(tmp_path, model, source):
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.symlink_to(two)
    two.symlink_to(one)
    with pytest.raises(InputError, match="Cannot write to"):
        annotate_file(model, source, one, RESTART)
    assert one.is_symlink()


def test_a_fifo_takes_no_parquet(tmp_path, model, source):
    os.mkfifo(tmp_path / "pipe.parquet")
    with pytest.raises(InputError, match="not to a stream"):
        annotate_file(model, source, tmp_path / "pipe.parquet", KEEP)


@pytest.mark.parametrize("output", ["out.jsonl", "pipe"])
def test_bad_rows_may_go_into_a_fifo(tmp_path, model, source, output):
    rejects, path = tmp_path / "rejects", tmp_path / output
    os.mkfifo(rejects)
    result = read_in_a_thread(rejects)
    rows = None
    if output == "pipe":
        os.mkfifo(path)
        rows = read_in_a_thread(path)
    annotate_file(model, source, path, Options(bad_rows=rejects, chunk_rows=5))
    assert (rows() if rows else path.read_bytes()).count(b"\n") == ROWS - 4
    assert result().count(b"\n") == 4
    assert stat.S_ISFIFO(rejects.stat().st_mode)
    assert not (tmp_path / "rejects.lock").exists()


def test_a_page_or_a_picture_is_written_alike(tmp_path):
    """All that is written whole or not at all."""
    pipe, link, target = tmp_path / "pipe", tmp_path / "link", tmp_path / "target.html"
    os.mkfifo(pipe)
    result = read_in_a_thread(pipe)
    write_text(pipe, "page")
    assert result() == b"page"
    assert is_stream(pipe)
    link.symlink_to(target)
    for text in ("one", "two"):
        write_text(link, text)
        assert target.read_text() == text
    assert link.is_symlink()


def test_a_descriptor_that_is_closed_cannot_be_written(tmp_path):
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    with pytest.raises(OSError, match="Bad file descriptor"):
        open_stream(Path(f"/dev/fd/{write}"))
