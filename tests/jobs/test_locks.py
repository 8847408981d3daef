"""Two processes at one output: at each line of the one, the other opens and finishes the job."""

import sys
from contextlib import suppress
from pathlib import Path

import pytest

from emoscope.errors import InputError
from emoscope.files import acquire_lock, release_lock, rename_durably
from emoscope.jobs import journal
from emoscope.jobs.journal import Journal
from emoscope.jobs.options import RowCounts

CONFIG = {"what": "a job"}
ROWS = b"one\ntwo\n"
LOCKING = [each.__code__ for each in (acquire_lock, release_lock, rename_durably)]


def do_job(output, convert=None):
    """A job as `annotate_file` does it; whether anything was left to do."""
    with Journal(output, CONFIG, convert=convert) as opened:
        if opened.progress.finished:
            return False
        if not opened.progress.chunks:
            opened.append(b"one\n", b"", RowCounts(1))
        opened.append(b"two\n", b"", RowCounts(1))
        opened.finish(b"")
        return True


class Interrupter:
    """Calls a function at one line of the journal, or of what it locks with, that a job comes to."""

    def __init__(self, at, action):
        self.at, self.action, self.seen = at, action, 0

    def __call__(self, frame, event, argument):
        del argument
        code = frame.f_code
        if code.co_filename != journal.__file__ and code not in LOCKING:
            return None
        if event == "line":
            self.seen += 1
            if self.seen == self.at:
                # Before, as the action comes to such lines as well.
                sys.settrace(None)
                self.action()
        return self


def run_traced(at, output, action, convert):
    interrupter, before = Interrupter(at, action), sys.gettrace()
    sys.settrace(interrupter)
    try:
        return do_job(output, convert), interrupter.seen
    finally:
        sys.settrace(before)


def convert(partial, target):
    target.write_bytes(partial.read_bytes())


@pytest.mark.parametrize("kind", [None, convert], ids=["csv", "parquet"])
def test_whenever_a_second_process_comes_the_output_is_whole(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(journal.os, "fsync", lambda _: None)
    _, steps = run_traced(0, tmp_path / "whole", lambda: None, kind)
    assert steps > 100
    others = {"refused": 0, "did it": 0, "found it done": 0}
    for at in range(1, steps + 1):
        output = tmp_path / f"at-{at}"

        def come(output=output):
            try:
                others["did it" if do_job(output, kind) else "found it done"] += 1
            except InputError as error:
                others["refused"] += "another process writes it" in str(error)

        # Else the second was faster.
        with suppress(InputError):
            run_traced(at, output, come, kind)
        assert output.read_bytes() == ROWS, at
        names = {path.name for path in tmp_path.glob(f"*at-{at}*")}
        assert names == {output.name, f"{output.name}.job.json"}, at
    assert all(others.values()), others
    assert sum(others.values()) == steps


def test_a_lock_whose_file_another_has_deleted_locks_nothing(tmp_path, monkeypatch):
    """The file is gone between opening and locking: then the lock is on the next one."""
    path, acquire, deleted = tmp_path / "lock", journal.FileLock.acquire, []

    def delete_first(held, *arguments, **options):
        if not deleted:
            deleted.append(path.stat().st_ino)
            acquire(held, *arguments, **options)
            Path(path).unlink()
            return held
        return acquire(held, *arguments, **options)

    monkeypatch.setattr(journal.FileLock, "acquire", delete_first)
    held = acquire_lock(path, wait=False)
    monkeypatch.undo()
    assert held is not None
    assert path.exists()
    assert acquire_lock(path, wait=False) is None
    release_lock(held)
    assert not path.exists()
