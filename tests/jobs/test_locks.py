"""Two processes at one output: at each line of the one, the other opens and finishes the job."""

import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from emoscope.errors import InputError
from emoscope.files import acquire_lock, release_lock, rename_durably
from emoscope.jobs import journal
from emoscope.jobs.journal import Journal
from emoscope.jobs.options import RowCounts

CONFIG = {
    "labels": ["joy"],
    "exclusive": False,
    "thresholds": [0.5],
    "columns": None,
    "output format": "csv",
    "bad rows": "error",
}
ROWS = b"one\ntwo\n"
# What opens and ends a job; between the two it holds the lock and appends.
CRITICAL = [
    each.__code__
    for each in (
        Journal._open,
        Journal._begin,
        Journal.finish,
        Journal._close,
        acquire_lock,
        release_lock,
        rename_durably,
    )
]


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
    """Calls a function at one line that a job comes to, of the journal or of its lock."""

    def __init__(self, at, action):
        self.at, self.action, self.seen = at, action, 0

    def __call__(self, frame, event, argument):
        del argument
        if frame.f_code not in CRITICAL:
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


@pytest.mark.parametrize(
    ("kind", "restart"),
    [(None, False), (None, True), (convert, False)],
    ids=["plain", "restart", "convert"],
)
def test_whenever_a_second_process_comes_the_output_is_whole(tmp_path, monkeypatch, kind, restart):
    """The second does the whole job; or it begins anew, and is slower than the first."""
    monkeypatch.setattr(journal.os, "fsync", lambda _: None)
    _, steps = run_traced(0, tmp_path / "whole", lambda: None, kind)
    assert steps > 40
    seen = Counter()
    for at in range(1, steps + 1):
        output, came = tmp_path / f"at-{at}", Second(tmp_path / f"at-{at}", kind, restart)
        first = None
        with suppress(InputError):
            first = run_traced(at, output, came, kind)[0]
        # Only one that came too late is refused.
        assert first is not None or came.outcome == "did it", at
        assert first is None or output.read_bytes() == ROWS, at
        came.finish()
        assert output.read_bytes() == ROWS, at
        names = {path.name for path in tmp_path.glob(f"*at-{at}*")}
        assert names == {output.name, f"{output.name}.job.json"}, at
        seen[came.outcome] += 1
    assert seen["refused"]
    assert seen["did it"]
    assert restart or seen["found it done"]


class Second:
    """The second process."""

    def __init__(self, output, kind, restart):
        self.output, self.kind, self.restart = output, kind, restart
        self.outcome, self.slow = "", None

    def __call__(self):
        try:
            if self.restart:
                journal = Journal(self.output, CONFIG, restart=True, convert=self.kind)
                self.slow = journal.__enter__()
                self.outcome = "did it"
            else:
                done = do_job(self.output, self.kind)
                self.outcome = "did it" if done else "found it done"
        except InputError as error:
            self.outcome = "refused" if "another process writes it" in str(error) else str(error)

    def finish(self):
        if self.slow is not None:
            self.slow.append(ROWS, b"", RowCounts(2))
            self.slow.finish(b"")
            self.slow.__exit__(None, None, None)


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
