"""Files written aside: whole or not at all, and nothing left lying."""

import pytest

from emoscope.files import write_text, written_aside


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
