"""What kills do to a series of runs: nothing that was finished is lost or unreadable.

    python benchmarks/series_kills.py [--kills N] [--quick] [--json FILE]

`emoscope train` of a small network with several seeds is started, killed (SIGKILL, the whole group
of processes) at a random moment, checked and started again, until it has been killed so often; then
it runs to its end. After each kill every YAML and JSON file of the log must be readable, every run
that was announced as finished must be there with the same figures, and at the end all runs must be
equal to those of a series that nobody killed.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import finish, machine, options
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import read_yaml

SETTINGS = (
    "vectors.emoji=none",
    "vectors.max_size=200",
    "model.hidden_size=4",
    "training.epochs=4",
    "training.predictions=false",
)


def command(output: Path, runs: int, jobs: int) -> list[str]:
    """The series, into a folder."""
    arguments = [sys.executable, "-m", "emoscope", "train", "nelec-sample", f"--output={output}"]
    arguments += [f"--runs={runs}", f"--jobs={jobs}"]
    return arguments + [f"--set={setting}" for setting in SETTINGS]


def start(output: Path, runs: int, jobs: int) -> "subprocess.Popen[str]":
    """The series in a group of processes of its own."""
    return subprocess.Popen(
        command(output, runs, jobs),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def check(output: Path) -> dict[str, Any]:
    """Read every file of a log.

    Returns:
        The dev figures of each finished run.
    """
    for path in output.rglob("*.yml"):
        read_yaml(path)
    for path in output.rglob("*.json"):
        if "checkpoints" not in path.parts and not path.parent.name.startswith("."):
            json.loads(path.read_text(encoding="utf-8"))
    if (output / "params.yml").is_file():
        ExperimentLog.load(output)
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["dev"]
        for path in output.glob("seed-*/result.json")
    }


def killed(output: Path, runs: int, kills: int, jobs: int, longest: float) -> list[int]:
    """Start and kill; the number of finished runs after each kill."""
    rng = random.Random(0)
    finished: dict[str, Any] = {}
    counts = []
    for _ in range(kills):
        process = start(output, runs, jobs)
        time.sleep(rng.uniform(0, longest))
        os.killpg(process.pid, signal.SIGKILL)
        announced = [line for line in process.communicate()[0].splitlines() if ": seed" in line]
        found = check(output) if output.is_dir() else {}
        for name, figures in finished.items():
            if found.get(name) != figures:
                raise SystemExit(f"{name} was finished, and a kill has lost or changed it.")
        for line in announced:
            if Path(line.partition(":")[0]).name not in found:
                raise SystemExit(f"announced, and not there: {line}")
        finished = found
        counts.append(len(found))
        print(f"  killed; {len(found)} of {runs} runs finished", flush=True)
    return counts


def main() -> None:
    """Kill, check, judge."""
    parser = options(__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--runs", type=int, default=24)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--longest", type=float, default=20.0, help="seconds before a kill")
    arguments = parser.parse_args()
    kills, runs = (3, 2) if arguments.quick else (arguments.kills, arguments.runs)
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        torn, whole = Path(folder) / "torn", Path(folder) / "whole"
        counts = killed(torn, runs, kills, arguments.jobs, arguments.longest)
        for output in (torn, whole):
            if start(output, runs, arguments.jobs).communicate() and not output.is_dir():
                raise SystemExit(f"{output} was not made")
        equal = check(torn) == check(whole) and len(check(whole)) == runs
        logged = [len(ExperimentLog.load(output).runs) for output in (torn, whole)]
    sentence = (
        f"{kills} kills at random moments lost no finished run and left no unreadable file; the "
        f"{runs} runs end as those that nobody killed"
    )
    finish(
        {"finished after each kill": counts},
        {sentence: equal and logged == [runs, runs]},
        arguments.json,
    )


if __name__ == "__main__":
    main()
