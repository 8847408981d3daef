"""Each call to the operating system that a command makes fails: what does the command do?

    python benchmarks/system_faults.py [--quick] [--json FILE]

Every command is run once undisturbed, and its calls that touch its folder or stdout are counted:
`open`, `write`, `close`, `fsync`, `replace`, `unlink`, `mkdir` and others. Then it is run again and
again in new folders, and in each run one of the calls fails as on a machine at fault: the first, a
middle or the last of its kind, writes on a full disk from then on. A command must end without a
traceback and with the exit code that is documented for the error, or succeed with whole files; and
when the fault is gone the same command must end with the files of the undisturbed run.
"""

import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import finish, machine, options
from emoscope.errors import explain_os_error
from fault_injection import ERRORS, Ended, Fault, import_all, run_command
from kills import read_files

ROWS = "id,text\n" + "".join(
    f"{n},{text}\n"
    for n, text in enumerate(
        ["I love it", "", "I hate you", "oh no 😱", "we won!", "NA", "good morning, all"] * 4
    )
).replace("good morning, all", '"good morning, all"')
CODED = "text,joy,anger\n" + "".join(
    f"I {'love' if n % 2 else 'hate'} number {n},{n % 2},{1 - n % 2}\n" for n in range(24)
)
BAD = '{"text": "a"}\n{"text": 3}\n{broken\n{"text": "b"}\n'
TRAIN = (
    *("train", "nelec-sample", "--output=run", "--set=vectors.emoji=none"),
    *("--set=vectors.max_size=100", "--set=model.hidden_size=4", "--set=training.epochs=1"),
)
COMMANDS: dict[str, tuple[str, ...]] = {
    "csv": ("annotate", "in.csv", "-o", "out.csv"),
    "jsonl and rejects": ("annotate", "b.jsonl", "-o", "o.jsonl", "--skip-bad-rows", "bad.jsonl"),
    "parquet": ("annotate", "in.csv", "-o", "out.parquet"),
    "labelstudio": ("annotate", "in.csv", "-o", "out.json", "--output-format", "labelstudio"),
    "doccano": ("annotate", "in.csv", "-o", "out.jsonl.gz", "--output-format", "doccano"),
    "cache": ("annotate", "in.csv", "-o", "out.csv", "--cache", "cache.db"),
    "picture": ("annotate", "in.csv", "-o", "out.csv", "--plot", "out.svg"),
    "stdout": ("annotate", "in.csv"),
    "stdout and rejects": ("annotate", "b.jsonl", "--skip-bad-rows", "bad.jsonl"),
    "folder": ("annotate", "in.csv", "b.csv", "-o", "out"),
    "labels": ("annotate", "in.csv", "-o", "o.csv", "--labels", "l.yaml", "--threshold", "t.json"),
    "calibration": (
        *("annotate", "in.csv", "-o", "out.csv", "--labels", "joy, anger"),
        *("--calibrate", "coded.csv", "--save-calibration", "kept.json"),
    ),
    "score": ("score", "I love it"),
    "explain": ("explain", "I love it", "--json", "--evaluations", "256"),
    "explain page": ("explain", "I love it", "-o", "page.html"),
    "evaluate": ("evaluate", "coded.csv", "--json", "figures.json"),
    "describe": (
        *("describe", "coded.csv", "--taxonomy", "joy, anger", "--json", "figures.json"),
        *("--plot", "shown.png", "--correlations", "labels.png"),
    ),
    "recipes": ("recipes",),
    "taxonomies": ("taxonomies", "ekman"),
    "info": ("info",),
    "train": TRAIN,
    "compare": ("compare", "trained", "--split=dev", "-f", "json", "-o", "c.json", "--plots", "p"),
    "report": ("report", "trained", "--output", "page.html"),
}
QUICK = ("jsonl and rejects", "stdout", "taxonomies")
SECONDS = re.compile(rb"\d+ s\b")


@dataclass(frozen=True)
class Outcome:
    """What a run with a fault has shown.

    Attributes:
        command: its name.
        fault: the fault.
        wrong: what is not as it should be; empty if all is.
    """

    command: str
    fault: Fault
    wrong: tuple[str, ...]


def prepare(folder: Path, trained: Path | None) -> Path:
    """A folder with all that commands read."""
    folder.mkdir()
    for name, text in (
        *(("in.csv", ROWS), ("b.csv", ROWS), ("b.jsonl", BAD), ("coded.csv", CODED)),
        *(("l.yaml", "name: two\nlabels: [joy, anger]\n"), ("t.json", '{"joy": 0.3}')),
    ):
        (folder / name).write_text(text, encoding="utf-8")
        # The same in every folder, as a job remembers it.
        os.utime(folder / name, (0, 0))
    if trained is not None:
        shutil.copytree(trained, folder / "trained")
    return folder


def without_locks(files: dict[str, bytes]) -> dict[str, bytes]:
    """Files without those of locks, which may stay if they cannot be deleted."""
    return {name: data for name, data in files.items() if not name.endswith(".lock")}


def is_same(run: Ended, stdout: bytes, found: dict[str, bytes], whole: dict[str, bytes]) -> bool:
    """Whether a run has written what the undisturbed one has, but for how long it took."""
    said = [SECONDS.sub(b"", text) for text in (run.stdout, stdout)]
    return said[0] == said[1] and without_locks(found) == without_locks(whole)


def choose_faults(calls: Counter[str], kinds: Collection[str]) -> list[Fault]:
    """For each kind of call and each of its errors the first, a middle and the last."""
    return [
        Fault(call, number, error)
        for call, times in sorted(calls.items())
        if call in kinds
        for error in ERRORS[call]
        for number in sorted({1, (times + 1) // 2, times})
    ]


def try_fault(
    name: str, fault: Fault, folder: Path, whole: dict[str, bytes], stdout: bytes
) -> Outcome:
    """Run a command with a fault, and again without."""
    command, wrong = COMMANDS[name], []
    first = run_command(command, folder, fault)
    expected = explain_os_error(OSError(fault.error, os.strerror(fault.error))).exit_code
    if "Traceback" in first.stderr or first.code not in (0, 1, 2):
        last = first.stderr.strip().splitlines()[-1:]
        wrong.append(f"ended with {first.code}: {' '.join(last)}")
    elif first.code == 0 and not is_same(first, stdout, read_files(folder), whole):
        wrong.append("ended with 0 and other files")
    elif first.code not in (0, expected):
        wrong.append(f"exit code {first.code}, expected {expected}: {first.stderr.strip()}")
    if first.code == 0:
        return Outcome(name, fault, tuple(wrong))
    again = run_command(command, folder)
    if again.code != 0:
        wrong.append(f"without the fault: {again.code}: {again.stderr.strip()[-300:]}")
    elif (found := read_files(folder)) != whole:
        differing = {key for key in {*found, *whole} if found.get(key) != whole.get(key)}
        wrong.append(f"without the fault other files: {', '.join(sorted(differing))}")
    return Outcome(name, fault, tuple(wrong))


def measure(name: str, root: Path, trained: Path | None, kinds: Collection[str]) -> list[Outcome]:
    """All faults of one command, of some kinds of calls."""
    folder = prepare(root / "whole", trained)
    undisturbed = run_command(COMMANDS[name], folder)
    if undisturbed.code:
        raise SystemExit(f"{name}: ended with {undisturbed.code}\n{undisturbed.stderr}")
    whole, outcomes = read_files(folder), []
    for number, fault in enumerate(choose_faults(undisturbed.calls, kinds)):
        folder = prepare(root / f"fault-{number}", trained)
        outcome = try_fault(name, fault, folder, whole, undisturbed.stdout)
        for wrong in outcome.wrong:
            print(f"  {name}, {fault}: {wrong}", flush=True)
        outcomes.append(outcome)
        shutil.rmtree(folder)
    return outcomes


def main() -> None:
    """Fail every call, judge."""
    parser = options(__doc__)
    parser.add_argument("--only", choices=COMMANDS, action="append", help="these commands alone")
    parser.add_argument("--call", choices=ERRORS, action="append", help="these calls alone")
    arguments = parser.parse_args()
    names = arguments.only or (QUICK if arguments.quick else tuple(COMMANDS))
    print(machine())
    import_all()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as place:
        trained = None
        if {"compare", "report"} & set(names):
            folder = prepare(Path(place) / "training", None)
            if run_command(TRAIN, folder).code:
                raise SystemExit("the training has failed")
            trained = folder / "run"
        for name in names:
            root, started = Path(place) / name, time.perf_counter()
            root.mkdir()
            needed = trained if name in ("compare", "report") else None
            outcomes += measure(name, root, needed, arguments.call or ERRORS)
            count = sum(outcome.command == name for outcome in outcomes)
            print(f"{name}: {count} faults, {time.perf_counter() - started:.0f} s", flush=True)
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    figures: dict[str, Any] = {
        "faults": len(outcomes),
        "by command": dict(Counter(outcome.command for outcome in outcomes)),
        "by call": dict(Counter(outcome.fault.call for outcome in outcomes)),
        "wrong": [f"{each.command}, {each.fault}: {'; '.join(each.wrong)}" for each in wrong],
    }
    sentence = (
        f"{len(outcomes)} combinations of a command and a call that fails (bar: at least 200), "
        f"{len(wrong)} of them with a traceback, another exit code than documented, or other files "
        "in the end (bar: 0)"
    )
    met = not wrong and (len(outcomes) >= 200 or arguments.quick)
    finish(figures, {sentence: met}, arguments.json, arguments.quick)


if __name__ == "__main__":
    sys.exit(main())
