"""Calls to the operating system that fail while a job runs: told, and made good afterwards.

`benchmarks/system_faults.py` does the same with every command.
"""

import errno
import os
from pathlib import Path

import pytest

from emoscope.errors import EmoscopeError
from emoscope.jobs.annotate import Options, annotate_file
from tests.jobs.test_annotate import kept

CALLS = {
    "open": errno.EACCES,
    "fsync": errno.EIO,
    "replace": errno.EROFS,
    "unlink": errno.EPERM,
    "mkdir": errno.ENOSPC,
}
CASES = {
    "csv": ("out.csv", Options(bad_rows=Path("bad.jsonl"), chunk_rows=10)),
    "labelstudio": ("out.json", Options(bad_rows="keep", chunk_rows=20, format="labelstudio")),
}

LAST = {"open": 4, "fsync": 5, "replace": 3, "unlink": 2, "mkdir": 1}
"""How many calls of each kind are tried."""


class Faults:
    """Lets one call fail."""

    def __init__(self, monkeypatch):
        self.count, self.at, self.call = 0, None, ""
        for name, number in CALLS.items():
            monkeypatch.setattr(os, name, self.failing(name, getattr(os, name), number))

    def failing(self, name, function, number):
        def call(*arguments, **options):
            if name == self.call:
                self.count += 1
                if self.count == self.at:
                    raise OSError(number, os.strerror(number))
            return function(*arguments, **options)

        return call

    def arm(self, call, at):
        self.count, self.at, self.call = 0, at, call


@pytest.mark.parametrize("case", CASES)
def test_a_call_that_fails_is_told_and_the_job_goes_on(case, tmp_path, monkeypatch, model, source):
    name, options = CASES[case]
    faults = Faults(monkeypatch)

    def run(folder, call="", at=None):
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        faults.arm(call, at)
        try:
            return annotate_file(model, source, Path("new") / name, options)
        finally:
            faults.arm("", None)

    run(tmp_path / "whole")
    expected = kept(tmp_path / "whole" / "new")
    told = 0
    for call, number in CALLS.items():
        for at in range(1, LAST[call] + 1):
            folder = tmp_path / f"{call}-{at}"
            error = None
            try:
                run(folder, call, at)
            except EmoscopeError as raised:
                error = raised
            if error is not None:
                told += 1
                assert os.strerror(number) in str(error)
                assert error.exit_code == (1 if call in ("fsync", "mkdir") else 2)
            run(folder)
            assert kept(folder / "new") == expected, (call, at)
    assert told > 8
