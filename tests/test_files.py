"""Files written aside: whole or not at all, and nothing left lying."""

import errno
import os
from contextlib import nullcontext

import pytest

from emoscope.files import sync_tree, write_text, written_aside


def test_what_a_kill_has_left_is_gone_after_the_next_attempt(tmp_path):
    (tmp_path / ".out.txt.partial").write_text("torn")
    write_text(tmp_path / "out.txt", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.parametrize("unique", [False, True])
def test_a_failure_leaves_the_old_file_alone(tmp_path, unique):
    path = tmp_path / "out.txt"
    path.write_text("old")

    def fail():
        with written_aside(path, unique=unique) as partial:
            partial.write_text("new")
            raise ValueError("torn")

    with pytest.raises(ValueError, match="torn"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_may_write_the_same_file_at_a_time(tmp_path):
    path = tmp_path / "out.txt"
    with written_aside(path, unique=True) as first, written_aside(path, unique=True) as second:
        assert first != second
        first.write_text("a")
        second.write_text("b")
    assert path.read_text() in ("a", "b")


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").touch()
    with pytest.raises(OSError, match="out"):
        write_text(tmp_path / "out", "text")
    assert (tmp_path / "out" / "precious").exists()


def test_a_tree_is_synced_whole(monkeypatch, tmp_path):
    (tmp_path / "inner").mkdir()
    for path in (tmp_path / "a", tmp_path / "inner" / "b"):
        path.write_bytes(b"1")
    (tmp_path / "a").chmod(0o444)
    synced, sync = [], os.fsync

    def count(descriptor):
        synced.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", count)
    sync_tree(tmp_path)
    expected = [tmp_path / "a", tmp_path / "inner" / "b", tmp_path / "inner", tmp_path]
    folders = os.name == "posix"
    wanted = {path.stat().st_ino for path in expected if folders or path.is_file()}
    assert set(synced) == wanted


@pytest.mark.parametrize(("number", "fails"), [(errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_file_system_that_cannot_sync_is_no_error_and_one_that_fails_is(
    monkeypatch, tmp_path, number, fails
):
    def fail(descriptor):
        raise OSError(number, "no")

    monkeypatch.setattr(os, "fsync", fail)
    (tmp_path / "a").write_bytes(b"1")
    with pytest.raises(OSError, match="no") if fails else nullcontext():
        sync_tree(tmp_path)
