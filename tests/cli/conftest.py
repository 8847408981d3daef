"""Runs the program inside the test's own process, which has imported torch already."""

import sys
from typing import NamedTuple

import pytest

from tests.tiny import save_demux

NAMES = ("anger", "joy", "pride", "fear")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def emoscope(capfd, monkeypatch):
    """Runs `emoscope ARGUMENTS…`; anything but an exit passes through, as a traceback would."""
    from emoscope.cli import main

    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["emoscope", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return run


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A Demux with random weights that knows `NAMES`, as training would save it."""
    return save_demux(tmp_path_factory.mktemp("demux") / "model", NAMES)


@pytest.fixture
def model(trained):
    return str(trained.folder)
