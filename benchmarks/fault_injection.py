"""Run a command in a fork of this process, in which one call to the operating system fails."""

import builtins
import errno
import fcntl
import importlib
import io
import os
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import emoscope.inference.annotator as annotators
from emoscope.cli import main
from emoscope.taxonomy import Taxonomy

# Whatever a command imports while it runs is imported once, before the forks.
IMPORTED = (
    *("emoscope.cli._annotate_options", "emoscope.cli._calibration", "emoscope.cli._corpora"),
    *("emoscope.cli._evaluate_table", "emoscope.cli._folder", "emoscope.cli._picture"),
    *(
        "emoscope.cli._preview",
        "emoscope.cli._score",
        "emoscope.cli._train_runs",
        "pyarrow.parquet",
    ),
    *(
        "emoscope.evaluation.correlation_plots",
        "emoscope.evaluation.plots",
        "emoscope.explain.html",
    ),
    *("emoscope.experiments.compare.plots", "emoscope.experiments.report.report"),
    *("emoscope.jobs.tables", "emoscope.training.runner", "emoscope.training.logs"),
)
ERRORS = {
    "open": (errno.EACCES, errno.EMFILE),
    "write": (errno.ENOSPC, errno.EIO),
    "stdout": (errno.ENOSPC,),
    "read": (errno.EIO,),
    "close": (errno.ENOSPC,),
    "fsync": (errno.EIO,),
    "truncate": (errno.EIO,),
    "replace": (errno.EACCES, errno.EROFS),
    "unlink": (errno.EPERM,),
    "mkdir": (errno.ENOSPC, errno.EROFS),
    "scandir": (errno.EIO,),
    "stat": (errno.EACCES,),
    "flock": (errno.ENOLCK,),
}
"""The calls that fail, and how."""

PATH_CALLS = {"replace": "replace", "unlink": "unlink", "mkdir": "mkdir", "open": "open"}
PATH_CALLS |= {"stat": "stat", "scandir": "scandir", "listdir": "scandir", "fsync": "fsync"}
PATH_CALLS |= {"rename": "replace", "rmdir": "unlink"}
ESCAPED = 70
"""The exit code of a command that has ended with a traceback."""


class StandIn:
    """A backend in the place of the network, whose scores come from the letters of a text."""

    independent = True

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy

    def encode(self, conversations: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """The sums of the letters, (N, 1)."""
        sums = [sum(map(ord, " ".join(turns))) % 97 for turns in conversations]
        return np.array(sums, dtype=np.float32)[:, None]

    def logits(self, encoded: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores, (N, K)."""
        places = np.arange(1, len(self.taxonomy) + 1, dtype=np.float32)
        return np.asarray(3 * np.sin(encoded * places), dtype=np.float32)

    def for_taxonomy(self, taxonomy: Taxonomy) -> "StandIn":
        """The same for other labels."""
        return StandIn(taxonomy)


class NoWindows:
    """In the place of what cuts long texts: the backend itself."""

    def __new__(cls, backend: Any, _: str) -> Any:
        """The backend."""
        return backend


def import_all() -> None:
    """Import what commands need, and put `StandIn` in the place of networks."""
    for module in IMPORTED:
        importlib.import_module(module)
    changed: Any = annotators
    changed.load_backend = lambda folder, *_: StandIn(folder.taxonomy)
    changed.LongTextBackend = NoWindows


@dataclass(frozen=True)
class Fault:
    """A call that fails.

    Attributes:
        call: its kind.
        number: which of its kind; later ones fail, too, where the disk is full.
        error: the number of the error.
    """

    call: str
    number: int
    error: int

    def __str__(self) -> str:
        return f"{self.call} {self.number} with {errno.errorcode[self.error]}"


@dataclass
class Ended:
    """How a command has ended.

    Attributes:
        code: its exit code.
        stdout: what it wrote.
        stderr: what it said.
        calls: how often it made each kind of call.
    """

    code: int
    stdout: bytes
    stderr: str
    calls: Counter[str] = field(default_factory=Counter)


class Faults:
    """Counts calls that touch a folder, and lets one fail."""

    def __init__(self, folder: Path, fault: Fault | None) -> None:
        self.folder, self.fault, self.calls = f"{folder}{os.sep}", fault, Counter[str]()

    def tick(self, call: str, file: Any = None) -> None:
        """Count a call; raise its error if it is the one that fails."""
        self.calls[call] += 1
        fault = self.fault
        if fault is None or fault.call != call:
            return
        lasting = fault.error == errno.ENOSPC
        if self.calls[call] == fault.number or (lasting and self.calls[call] > fault.number):
            named = (file,) if isinstance(file, str | bytes | os.PathLike) else ()
            raise OSError(fault.error, os.strerror(fault.error), *map(os.fspath, named))

    def touches(self, file: Any) -> bool:
        """Whether a path or an open file lies in the folder."""
        if isinstance(file, int):
            with suppress(OSError):
                return str(Path(f"/proc/self/fd/{file}").readlink()).startswith(self.folder)
            return False
        if not isinstance(file, str | bytes | os.PathLike):
            return False
        return os.path.abspath(os.fsdecode(file)).startswith(self.folder)  # noqa: PTH100 - no links

    def install(self) -> None:
        """Put the counting in the place of the calls; meant for a process that ends soon."""
        for name, call in PATH_CALLS.items():
            setattr(os, name, self._count(getattr(os, name), call))
        flock = fcntl.flock

        def lock(file: int, operation: int) -> None:
            self.tick("flock")
            flock(file, operation)

        fcntl.flock = lock
        builtins.open = io.open = self._make_open(io.open)  # type: ignore[assignment]
        raw = _make_raw(self, {"write": "stdout", "close": ""})(1, "wb", closefd=False)
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")

    def _count(self, function: Callable[..., Any], call: str) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if arguments and self.touches(arguments[0]):
                self.tick(call, arguments[0])
            return function(*arguments, **options)

        return counted

    def _make_open(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        raw = _make_raw(self, {"write": "write", "read": "read", "close": "close"})

        def open_(file: Any, mode: str = "r", buffering: int = -1, *more: Any, **named: Any) -> Any:
            if not self.touches(file) or "opener" in named:
                return plain(file, mode, buffering, *more, **named)
            if not isinstance(file, int):
                self.tick("open", file)
            binary = mode.replace("t", "").replace("b", "")
            opened = raw(file, binary, closefd=named.pop("closefd", True))
            if buffering == 0:
                return opened
            if "+" in mode:
                buffered: Any = io.BufferedRandom(opened)
            else:
                buffered = (io.BufferedReader if "r" in mode else io.BufferedWriter)(opened)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, *more, **named)

        return open_


def _make_raw(faults: Faults, calls: dict[str, str]) -> type[io.FileIO]:
    """A class of files whose calls are counted, by the names that they are counted under."""

    class Raw(io.FileIO):
        def write(self, data: Any) -> int:
            faults.tick(calls["write"])
            return super().write(data)

        def readinto(self, buffer: Any) -> int:
            faults.tick("read")
            return super().readinto(buffer)

        def readall(self) -> bytes:
            faults.tick("read")
            return super().readall()

        def truncate(self, size: int | None = None) -> int:
            faults.tick("truncate")
            return super().truncate(size)

        def close(self) -> None:
            written = not self.closed and self.writable()
            super().close()
            if written and calls["close"]:
                faults.tick(calls["close"])

    return Raw


def run_command(command: Sequence[str], folder: Path, fault: Fault | None = None) -> Ended:
    """Run a command in a folder, in a fork of this process that ends with it."""
    folder = folder.resolve()
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.TemporaryFile("w+") as counts,
    ):
        sys.stdout.flush()
        process = os.fork()
        if process == 0:
            _run_here(command, folder, fault, (out.fileno(), err.fileno(), counts.fileno()))
        _, status = os.waitpid(process, 0)
        for file in (out, err, counts):
            file.seek(0)
        calls = Counter[str]()
        for line in counts.read().splitlines():
            name, _, number = line.partition(" ")
            calls[name] = int(number)
        code = os.waitstatus_to_exitcode(status)
        return Ended(code, out.read(), err.read().decode(errors="replace"), calls)


def _run_here(
    command: Sequence[str], folder: Path, fault: Fault | None, files: tuple[int, int, int]
) -> None:
    """Run a command in this process, and end it."""
    write, code = os.write, ESCAPED
    faults = Faults(folder, fault)
    try:
        os.chdir(folder)
        os.dup2(files[0], 1)
        os.dup2(files[1], 2)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "wb", closefd=False), write_through=True)
        sys.argv = ["emoscope", *command]
        faults.install()
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        write(2, traceback.format_exc().encode(errors="replace"))
    finally:
        text = "".join(f"{name} {number}\n" for name, number in faults.calls.items() if name)
        write(files[2], text.encode())
        os._exit(code)
