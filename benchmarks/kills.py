"""What kills do to jobs and to trainings: in the end every byte is as if there had been none.

    python benchmarks/kills.py [--kills N] [--trainings N] [--quick] [--json FILE]

`emoscope annotate` with the model that ships writes the same rows as CSV, JSONL, Parquet, for Label
Studio and for doccano, with one worker and with two, with and without a cache, bad rows put aside
and a picture drawn; `emoscope train` trains a small network. Each is killed (SIGKILL, the whole
group of processes) at random moments and started again with the same command, until it has been
killed so often; then it runs to its end. All files are compared with those of a run that nobody
killed, pictures and weights included; of a job file what tells times or is drawn at random is left
out. Last, one of two workers is killed, as the system does where memory runs out: the job must end
at once with 1 and say so, and go on with one worker.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import yaml

from common import finish, machine, options

FORMATS = {
    "csv": ("out.csv", "--plot", "out.svg"),
    "jsonl": ("out.jsonl.gz", "--plot", "out.html"),
    "parquet": ("out.parquet", "--plot", "out.png"),
    "labelstudio": ("out.json", "--output-format", "labelstudio"),
    "doccano": ("out.txt", "--output-format", "doccano"),
}
TRAINING = (
    *("vectors.emoji=none", "vectors.max_size=200", "model.hidden_size=4", "training.epochs=4"),
)
WORDS = (
    *("love", "hate", "lost", "won", "phone", "morning", "never", "home", "again", "today"),
    *("luck", "storm", "😱", "😭", "great", "awful"),
)
HANGS_AFTER = 120
TIMED = ("environment.json",)
"""Files that tell about the machine or the moment."""


@dataclass(frozen=True)
class Case:
    """A command that is killed.

    Attributes:
        name: what it is called.
        arguments: of emoscope, in the folder of the case.
        kills: how often it is killed.
    """

    name: str
    arguments: tuple[str, ...]
    kills: int


def make_rows(count: int) -> str:
    """Rows of JSON, some of them bad."""
    rng = random.Random(0)
    lines = []
    for number in range(count):
        text = " ".join(rng.choices(WORDS, k=rng.randrange(2, 9)))
        bad = number % 997 == 500
        lines.append(json.dumps({"id": str(number), "text": number if bad else text}))
    return "\n".join(lines) + "\n"


def make_jobs(kills: int, quick: bool) -> list[Case]:
    """Annotation jobs over which kills are shared out."""
    cases = [
        (f"{form}, {workers} workers, {'a' if cache else 'no'} cache", form, workers, cache)
        for form in FORMATS
        for workers in (1, 2)
        for cache in (False, True)
    ]
    if quick:
        cases = cases[1:2]
    shares = [kills // len(cases) + (n < kills % len(cases)) for n in range(len(cases))]
    made = []
    for (name, form, workers, cache), share in zip(cases, shares, strict=True):
        output, *more = FORMATS[form]
        arguments = ["annotate", "in.jsonl", "--output", output, *more, f"--workers={workers}"]
        arguments += ["--skip-bad-rows", "bad.jsonl"]
        arguments += ["--cache", "cache.db"] if cache else []
        made.append(Case(name, tuple(arguments), share))
    return made


def make_trainings(kills: int, quick: bool) -> list[Case]:
    """Trainings: one run, and with several at a time all of them killed together."""
    settings = tuple(f"--set={setting}" for setting in TRAINING)
    train = ("train", "nelec-sample", "--output=run", *settings)
    one = Case("one run", train, (kills + 1) // 2)
    return [one] if quick else [one, Case("four at a time", (*train, *MANY), kills // 2)]


MANY = ("--runs=4", "--jobs=4")


def start(case: Case, folder: Path) -> "subprocess.Popen[str]":
    """The command in a group of processes of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "emoscope", *case.arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def end(case: Case, folder: Path) -> float:
    """Run the command to its end; how long that took."""
    started = time.perf_counter()
    process = start(case, folder)
    _, said = process.communicate()
    if process.returncode:
        raise SystemExit(f"{case.name}: ended with {process.returncode}\n{said}")
    return time.perf_counter() - started


def kill_often(case: Case, folder: Path, longest: float, rng: random.Random) -> int:
    """Kill the command at random moments until it was killed so often; then let it end.

    Returns:
        How many kills have met it while it ran.
    """
    met = 0
    for _ in range(case.kills):
        process = start(case, folder)
        time.sleep(rng.uniform(0.1 * longest, 0.95 * longest))
        met += process.poll() is None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _, said = process.communicate()
        if process.returncode not in (0, -signal.SIGKILL):
            raise SystemExit(f"{case.name}: after a kill {process.returncode}\n{said}")
    end(case, folder)
    return met


def read_files(folder: Path) -> dict[str, bytes]:
    """All files that may be compared, by their paths in a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix == ".db" or path.name in TIMED:
            continue
        content = path.read_bytes()
        if path.name.endswith((".job.json", "result.json", "metrics.yml")):
            values = without_moments(yaml.safe_load(content))
            if path.name.endswith(".job.json"):
                # It is of all of the file, and so of what is left out here as well.
                del values["hash"]
            # In their order, which pictures go by.
            content = json.dumps(values).encode()
            # Jobs of several files name them by whole paths.
            content = content.replace(json.dumps(str(folder.resolve()))[1:-1].encode(), b".")
        found[str(path.relative_to(folder))] = content
    return found


def without_moments(values: Any) -> Any:
    """Values of a file less what is drawn at random and how long the training took."""
    if isinstance(values, dict):
        kept = {key: value for key, value in values.items() if key not in ("cache", "seconds")}
        return {key: without_moments(value) for key, value in kept.items()}
    return [*map(without_moments, values)] if isinstance(values, list) else values


def compare(one: dict[str, bytes], two: dict[str, bytes]) -> list[str]:
    """The files that differ."""
    return sorted(name for name in {*one, *two} if one.get(name) != two.get(name))


def measure(cases: Sequence[Case], place: Path, rows: str) -> dict[str, Any]:
    """Run each case whole and killed, and compare."""
    rng, figures = random.Random(0), {}
    for number, case in enumerate(cases):
        whole, torn = (place / f"{kind}-{number}-{case.arguments[0]}" for kind in ("whole", "torn"))
        for folder in (whole, torn):
            folder.mkdir()
            (folder / "in.jsonl").write_text(rows, encoding="utf-8")
            os.utime(folder / "in.jsonl", (0, 0))
        seconds = end(case, whole)
        met = kill_often(case, torn, seconds, rng)
        files = read_files(whole)
        differ = compare(files, read_files(torn))
        compared = sum(map(len, files.values()))
        figures[case.name] = {
            "kills": case.kills,
            "while it ran": met,
            "bytes": compared,
            "files": len(files),
            "differ": differ,
        }
        verdict = f"differ: {', '.join(differ)}" if differ else "all equal"
        print(
            f"{case.name}: {case.kills} kills, {met} while it ran; {len(files)} files, "
            f"{compared:,} bytes, {verdict}",
            flush=True,
        )
    return figures


def kill_worker(case: Case, folder: Path) -> str:
    """Kill one worker of a job that has begun to write; what is wrong with how the job ends."""
    process = start(case, folder)
    partial = folder / f"{case.arguments[3]}.partial"
    while process.poll() is None and not (partial.is_file() and partial.stat().st_size > 10_000):
        time.sleep(0.02)
    children = psutil.Process(process.pid).children() if process.poll() is None else []
    workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    if len(workers) != 2:
        raise SystemExit(f"{case.name}: expected two workers, got {len(workers)}")
    workers[0].kill()
    try:
        _, said = process.communicate(timeout=HANGS_AFTER)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"the job hangs for {HANGS_AFTER} s"
    if process.returncode == 0:
        # It had nothing left to do; what was written is compared as well.
        return ""
    told = "worker process was ended" in said and "Traceback" not in said
    return "" if process.returncode == 1 and told else f"ended with {process.returncode}: {said}"


def measure_workers(place: Path, rows: str) -> dict[str, Any]:
    """Kill a worker of jobs with and without a cache, go on with one, and compare."""
    figures = {}
    plain = ("annotate", "in.jsonl", "--output", "out.csv", "--skip-bad-rows", "bad.jsonl")
    for name, more in (("no cache", ()), ("a cache", ("--cache", "cache.db"))):
        case = Case(f"a worker killed, {name}", (*plain, *more, "--workers=2"), 1)
        whole, torn = (place / f"worker-{kind}-{name}" for kind in ("whole", "torn"))
        for folder in (whole, torn):
            folder.mkdir()
            (folder / "in.jsonl").write_text(rows, encoding="utf-8")
            os.utime(folder / "in.jsonl", (0, 0))
        end(case, whole)
        wrong = kill_worker(case, torn)
        end(replace(case, arguments=(*plain, *more, "--workers=1")), torn)
        files = read_files(whole)
        differ = [*([wrong] if wrong else []), *compare(files, read_files(torn))]
        figures[case.name] = {"kills": 1, "while it ran": 1, "files": len(files), "differ": differ}
        figures[case.name]["bytes"] = sum(map(len, files.values()))
        print(f"{case.name}: {', '.join(differ) or 'said, and all equal'}", flush=True)
    return figures


def main() -> None:
    """Kill, compare, judge."""
    parser = options(__doc__)
    parser.add_argument("--kills", type=int, default=50, help="of annotation jobs")
    parser.add_argument("--trainings", type=int, default=20, help="kills of trainings")
    parser.add_argument("--rows", type=int, default=12_000, help="of an annotation job")
    parser.add_argument("--only", choices=("jobs", "trainings"), help="these alone")
    arguments = parser.parse_args()
    quick = arguments.quick
    kills, trainings = (2, 1) if quick else (arguments.kills, arguments.trainings)
    rows = make_rows(2500 if quick else arguments.rows)
    print(machine())
    cases = [] if arguments.only == "trainings" else make_jobs(kills, quick)
    cases += [] if arguments.only == "jobs" else make_trainings(trainings, quick)
    with tempfile.TemporaryDirectory() as place:
        figures = measure(cases, Path(place), rows)
        if arguments.only != "trainings":
            figures |= measure_workers(Path(place), rows)
    differ = sum(len(each["differ"]) for each in figures.values())
    total = sum(each["bytes"] for each in figures.values())
    sentence = (
        f"{sum(each['kills'] for each in figures.values())} kills, "
        f"{sum(each['while it ran'] for each in figures.values())} of them while it ran: "
        f"{differ} files differ (bar: 0) of {total:,} bytes compared"
    )
    finish(figures, {sentence: not differ}, arguments.json, quick)


if __name__ == "__main__":
    main()
