"""What every benchmark shares: its options, its verdict, the machine it ran on."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from emoscope.experiments.log import ExperimentLog


def options(description: str) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark takes."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the same on less work, under 60 s")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    import torch

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def processor() -> str:
    """Name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def finish(
    figures: dict[str, Any],
    verdicts: dict[str, bool],
    json_file: Path | None,
    quick: bool = False,
) -> None:
    """Write the figures, print each figure beside its bar, exit 1 if one is missed.

    Args:
        figures: everything measured.
        verdicts: a sentence with a figure and its bar, and whether it is met.
        json_file: where the figures go.
        quick: print the figures, and judge none.
    """
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(
            json.dumps({"machine": machine(), **figures}, indent=1, default=float) + "\n",
            encoding="utf-8",
        )
    if quick:
        for sentence in verdicts:
            print(f"quick, no verdict: {sentence}")
        sys.exit(0)
    for sentence, met in verdicts.items():
        print(f"{'met   ' if met else 'MISSED'} {sentence}")
    sys.exit(0 if all(verdicts.values()) else 1)


def median(measure: Callable[[], float], times: int) -> float:
    """The median of several measurements."""
    values = sorted(measure() for _ in range(times))
    return values[len(values) // 2]


def watched(command: Sequence[str]) -> tuple[float, int]:
    """Run a command to its end.

    Returns:
        Its seconds, and the peak of the resident bytes of all its processes together.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command)
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(0.02)
    if process.returncode:
        sys.exit(process.returncode)
    return time.perf_counter() - started, peak


def memory(pid: int) -> int:
    """Resident bytes of a process and of all that it has started."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for each in family:
        with suppress(psutil.Error):
            total += int(each.memory_info().rss)
    return total


def shown(values: Sequence[float]) -> str:
    """Mean ± standard deviation."""
    from emoscope.experiments.runs import MeanStd

    return f"{MeanStd.of(values):.3f}"


def show(values: Sequence[float]) -> str:
    """Mean ± standard deviation, or the only value."""
    return shown(values) if len(values) > 1 else f"{values[0]:.3f}"


def read_logs(folder: Path) -> "list[ExperimentLog]":
    """The experiment logs below a folder that have a run, in the order of their folders."""
    from emoscope.experiments.log import PARAMS, ExperimentLog

    logs = (ExperimentLog.load(path.parent) for path in sorted(folder.rglob(PARAMS)))
    return [log for log in logs if log.runs]


@contextmanager
def working(folder: Path | None) -> Iterator[Path]:
    """The folder given, or one that is gone afterwards."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@contextmanager
def data_sample(root: Path, lines: int | None) -> Iterator[Path]:
    """The corpus' folder, or a copy with the first lines of its files that is gone afterwards.

    Args:
        root: of text files with one row a line.
        lines: kept of each; None for the folder itself.
    """
    if lines is None:
        yield root
        return
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "data"
        shutil.copytree(root, copy)
        for path in copy.rglob("*"):
            if path.is_file():
                kept = path.read_text(encoding="utf-8").splitlines(keepends=True)[: lines + 1]
                path.chmod(0o644)
                path.write_text("".join(kept), encoding="utf-8")
        yield copy
