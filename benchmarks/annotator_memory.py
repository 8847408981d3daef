"""Peak memory of `emoscope annotate` on files of two sizes, and what kills do to a job.

Generated comments, no two alike, go from CSV to JSONL as the command does it, once ten thousand and
once a million; the memory is that of all its processes together. Then a job is killed (SIGKILL,
all its processes), some times while it loads, else after a random number of rows and a random
moment more, and started again with the same command, until it has been killed so often; where it
ends before, its output is compared and it begins anew. Each output must be the one, byte for byte,
of a job that nobody has killed. As each start loads the model, the job that is killed has fewer
rows than a million unless --kill-rows says otherwise.

    python benchmarks/annotator_memory.py [--model FOLDER] [--labels LABELS] [--quick] [--json FILE]

With one label, as in --labels joy, the model that ships takes less than half of the time.
"""

import argparse
import csv
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from common import finish, machine, options, watched
from emoscope.jobs.journal import read_job

SIZES = (10_000, 1_000_000)
QUICK_SIZES = (3_000, 8_000)
QUICK_KILL_ROWS = 6_000
PEAK_MB = 1_000
GROWTH = 1.10
KILLS = 20
KILL_ROWS = 60_000
WORDS = (
    "I you we they this that never always so really love hate miss want hope fear thank sorry "
    "happy sad angry proud tired late again today tomorrow friend work school game news what lol"
)


def write_comments(path: Path, count: int) -> None:
    """A CSV of generated comments, some with a blank one, which is a bad row."""
    draw, known = random.Random(0), WORDS.split()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "date", "text"))
        for number in range(count):
            words = " ".join(draw.choices(known, k=draw.randint(2, 14)))
            text = "" if number % 1000 == 999 else f"{words} {number}"
            writer.writerow((number, f"2024-01-{number % 28 + 1:02d}", text))


def command(source: Path, target: Path, arguments: argparse.Namespace) -> list[str]:
    """The job."""
    line = [sys.executable, "-m", "emoscope", "annotate", str(source), "--output", str(target)]
    line += ["--bad-rows", "keep", "--workers", str(arguments.workers)]
    if arguments.model is not None:
        line += ["--model", str(arguments.model)]
    return line if arguments.labels is None else [*line, "--labels", arguments.labels]


def measured(folder: Path, count: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds and peak memory of a whole job of so many rows."""
    source, target = folder / f"{count}.csv", folder / f"{count}.jsonl"
    write_comments(source, count)
    seconds, peak = watched(command(source, target, arguments))
    with target.open("rb") as file:
        written = sum(1 for _ in file)
    if written != count:
        sys.exit(f"{count} rows in, {written} lines out")
    target.unlink()
    source.unlink()
    print(f"{count:9,} rows: {seconds:7.1f} s, peak memory {peak / 2**20:,.0f} MB", flush=True)
    return {"seconds": seconds, "peak_mb": peak / 2**20}


def rows_done(target: Path) -> int:
    """How many rows of a job are written for good."""
    job = read_job(target)
    return 0 if job is None else job.progress.rows


def killed(folder: Path, count: int, kills: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Kill a job of `count` rows so often.

    Returns:
        The rows done at each kill, and whether all outputs were the same.
    """
    source, whole, torn = folder / "in.csv", folder / "whole.jsonl", folder / "torn.jsonl"
    write_comments(source, count)
    watched(command(source, whole, arguments))
    draw = random.Random(0)
    done: list[int] = []
    same: list[bool] = []
    while len(done) < kills:
        loading = draw.random() < 0.2
        wanted = 0 if loading else rows_done(torn) + draw.randint(1, max(count // kills, 1))
        process = subprocess.Popen(command(source, torn, arguments), start_new_session=True)
        while process.poll() is None and rows_done(torn) < wanted:
            time.sleep(0.002)
        with suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0, 3.0 if loading else 0.3))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done.append(rows_done(torn))
            print(f"  killed after {done[-1]:,} rows", flush=True)
            continue
        if process.returncode:
            sys.exit(f"the job ended with {process.returncode}")
        same.append(torn.read_bytes() == whole.read_bytes())
        for path in folder.glob("torn.jsonl*"):
            path.unlink()
    watched(command(source, torn, arguments))
    same.append(torn.read_bytes() == whole.read_bytes())
    return {"rows_at_each_kill": done, "identical": same}


def main() -> None:
    """Measure, kill, judge."""
    parser = options(__doc__)
    parser.add_argument("--model", type=Path, help="default: the model that ships")
    parser.add_argument("--labels", help="default: the model's own")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--kill-rows", type=int, default=KILL_ROWS)
    arguments = parser.parse_args()
    sizes = QUICK_SIZES if arguments.quick else SIZES
    kills, kill_rows = (
        (3, QUICK_KILL_ROWS) if arguments.quick else (arguments.kills, arguments.kill_rows)
    )
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        small, large = (measured(folder, count, arguments) for count in sizes)
        kill = killed(folder, kill_rows, kills, arguments)
        print(f"{time.perf_counter() - started:,.0f} s in all")
    growth = large["peak_mb"] / small["peak_mb"]
    verdicts = {
        f"peak memory of {sizes[1]:,} rows is {large['peak_mb']:,.0f} MB, bar {PEAK_MB:,}": (
            large["peak_mb"] < PEAK_MB
        ),
        f"{growth:.2f} times that of {sizes[0]:,} rows, bar {GROWTH}": growth <= GROWTH,
        f"{kills} kills at random moments of a job of {kill_rows:,} rows: each output "
        f"({len(kill['identical'])}) is the uninterrupted one, byte for byte": all(
            kill["identical"]
        ),
    }
    runs = dict(zip(map(str, sizes), (small, large), strict=True))
    finish({"runs": runs, "kills": kill}, verdicts, arguments.json)


if __name__ == "__main__":
    main()
