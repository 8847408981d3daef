"""The files of a command are one set, whatever links lead to them."""

import os
from pathlib import Path

import pytest

from emoscope.errors import InputError
from emoscope.touched import FileUse, check_file_uses


def use(path, role="a file", written=False, new=False):
    return FileUse(path, role, written, new)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("text\n")
    os.link("in.csv", "hard.csv")
    Path("soft.csv").symlink_to("in.csv")
    Path("soft-2.csv").symlink_to(tmp_path / "soft.csv")
    Path("sub").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "other", ["in.csv", "./in.csv", "sub/../in.csv", "hard.csv", "soft.csv", "soft-2.csv"]
)
def test_a_file_that_is_read_is_not_written(place, other):
    for path in (Path(other), place / other):
        with pytest.raises(InputError, match=r"named twice.*the input.*the picture"):
            check_file_uses([use(Path("in.csv"), "the input"), use(path, "the picture", True)])


def test_a_new_file_is_not_written_twice(place):
    Path("dangling").symlink_to("new.csv")
    for other in ("new.csv", "sub/../new.csv", "dangling"):
        with pytest.raises(InputError, match="named twice"):
            check_file_uses([use(Path("new.csv"), written=True), use(Path(other), written=True)])


def test_an_open_file_is_the_one_of_its_path(place):
    with Path("in.csv").open("rb") as file, pytest.raises(InputError, match="named twice"):
        check_file_uses([use(file.fileno()), use(place / "in.csv", written=True)])


def test_files_may_be_read_twice_and_devices_written_twice(place):
    check_file_uses([use(Path("in.csv")), use(Path("soft.csv"))])
    null = use(Path(os.devnull), written=True)
    check_file_uses([null, null, use(Path(os.devnull))])


def test_only_what_holds_nothing_is_replaced(place):
    Path("empty").touch()
    for path in ("empty", "not there", "sub"):
        check_file_uses([use(Path(path), written=True, new=True)])
    (place / "sub" / "mine").touch()
    for path in ("in.csv", "soft.csv", "sub"):
        with pytest.raises(InputError, match=r"exists.*--restart"):
            check_file_uses([use(Path(path), written=True, new=True)])
        check_file_uses([use(Path(path), written=True, new=True)], restart=True)
