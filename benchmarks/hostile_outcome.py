"""What became of a hostile file or folder, and the watchdog that ends what hangs."""

import faulthandler
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

HANGS_AFTER = 10
ADVICE = re.compile(
    r"[.?] (Check|Close|Correct|Cut|Fetch|Fill|Leave|Look|Name|Read|Remove|Rename|Use|Write)\b"
    r"|: write \w|\bsuch as\b"
)


class Hung(BaseException):
    """A job has taken far too long."""


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes:
        refused: why, if it was.
        seconds: for each hostile row.
        bad: rows counted as bad.
        wrong: what should not have happened, if anything.
    """

    refused: str | None
    seconds: float
    bad: int
    wrong: str | None


@contextmanager
def watchdog() -> Iterator[None]:
    """Ends what hangs; the whole process, if it hangs outside Python."""

    def ring(*_: object) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANGS_AFTER)
    faulthandler.dump_traceback_later(4 * HANGS_AFTER, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
