"""What hostile inputs, and hostile states of what was written, do to the annotator: nothing.

    python benchmarks/hostile_inputs.py [--quick] [--json FILE]

Each file of a corpus made from a seed (`hostile_corpus.py`) is annotated twice by the model that
ships, with bad rows kept in the output and with a reject file, and the formats of the output take
turns. Either the file is refused with a message that says what to do, and there is no output; or
all good rows are there, in order, with probabilities, and all others are scored or counted as bad.
Some files also go through the command line, which must end with 0 or 2 and without a traceback.

Then what a program has written is altered before it is read again (`hostile_state.py`), and model
folders, logs and recipes are those of a stranger (`hostile_folders.py`): they are refused, and no
file changes, or what comes out is right.

The time of a row is that of the whole job over the hostile rows, as if the good ones cost nothing.
"""

import csv
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import emoscope
from common import finish, machine, options
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.model_info import Kept
from emoscope.jobs.annotate import Options, Source, Summary, annotate_file
from hostile_corpus import Case, corpus
from hostile_folders import folder_attacks
from hostile_outcome import ADVICE, HANGS_AFTER, Hung, Outcome, watchdog
from hostile_state import Attack, attacked, state_attacks

BAR_CASES, BAR_SECONDS = 500, 1.0
OUTPUTS = ("jsonl", "csv", "parquet")
QUICK_SHARE, COMMANDS, QUICK_COMMANDS = 8, 24, 3


def rows_of(path: Path, labels: int, errors: bool) -> list[dict[str, Any]]:
    """Rows of an output, each with `id`, `text`, `error` and its probabilities `p`.

    Args:
        path: of the output.
        labels: how many were scored.
        errors: whether a table has a column of errors, its last.
    """
    if path.suffix == ".jsonl":
        lines = path.read_bytes().split(b"\n")
        return [
            {
                "id": row["id"],
                "text": "\n".join(row.get("turns", ())),
                "error": row.get("error"),
                "p": list(row.get("emotions", {}).values()),
            }
            for row in map(json.loads, lines[:-1])
        ]
    if path.suffix == ".csv":
        csv.field_size_limit(sys.maxsize)
        with path.open(encoding="utf-8", newline="") as stream:
            header, *table = csv.reader(stream, strict=True)
    else:
        read = pq.read_table(path)
        wanted = [name for name in ("id", "text") if name in read.column_names]
        header = [*wanted, *read.column_names[-labels - errors :]]
        table = list(zip(*(read[name].to_pylist() for name in header), strict=True))
    last = len(header) - errors
    found = []
    for row in table:
        values = dict(zip(header, row, strict=True))
        probabilities = [float(p) for p in row[last - labels : last] if p not in (None, "")]
        error = row[-1] if errors else None
        found.append(
            {"id": values.get("id"), "text": values.get("text"), "error": error, "p": probabilities}
        )
    return found


def check(case: Case, summary: Summary, output: Path, rejects: Path | None) -> str | None:
    """What is wrong with an output, if anything."""
    rows = rows_of(output, len(summary.labels.names), rejects is None)
    bad = sum(bool(row["error"]) for row in rows)
    if rejects is not None:
        bad = len(rejects.read_bytes().splitlines())
    if bad != summary.bad or len(rows) != summary.rows - (0 if rejects is None else bad):
        return f"{summary.rows} rows, {summary.bad} bad; written: {len(rows)} rows, {bad} bad"
    if case.hostile is not None and summary.rows != len(case.good) + case.hostile:
        return f"{len(case.good) + case.hostile} rows in the file, {summary.rows} counted"
    for row in rows:
        scored = len(row["p"]) == len(summary.labels.names) and all(0 <= p <= 1 for p in row["p"])
        if not row["error"] and not scored:
            return f"row {row['id']!r} has no probabilities and no error"
    texts = {text for _, text in case.good}
    found = [row for row in rows if row["text"] in texts and not row["error"]]
    if [row["text"] for row in found] != [text for _, text in case.good]:
        return f"{len(case.good)} good rows, {len(found)} in the output, or not in their order"
    if any(good[0] not in (None, row["id"]) for good, row in zip(case.good, found, strict=True)):
        return "good rows have lost their ids"
    return None


def annotated(model: Annotator, case: Case, folder: Path, form: str, *, keep: bool) -> Outcome:
    """Annotate one file and judge what came out."""
    path, output, rejects = folder / case.name, folder / f"out.{form}", folder / "bad.jsonl"
    path.write_bytes(case.data)
    refused = summary = wrong = None
    start = time.perf_counter()
    try:
        with watchdog():
            summary = annotate_file(
                model,
                Source(path, encoding=case.encoding),
                output,
                Options(bad_rows="keep" if keep else rejects),
            )
    except InputError as error:
        refused = str(error)
    except Hung:
        wrong = f"hangs for {HANGS_AFTER} s"
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    seconds = (time.perf_counter() - start) / max(1, case.hostile or 0)
    if refused is not None:
        if not case.refusable:
            wrong = f"refused: {refused}"
        elif not ADVICE.search(refused):
            wrong = f"does not say what to do: {refused}"
        elif output.exists():
            wrong = "refused, but there is an output"
    elif summary is not None:
        wrong = check(case, summary, output, None if keep else rejects)
    return Outcome(refused, seconds, 0 if summary is None else summary.bad, wrong)


def commanded(case: Case, folder: Path) -> str | None:
    """What is wrong with how the command line ends, if anything."""
    path = folder / case.name
    path.write_bytes(case.data)
    command = [sys.executable, "-m", "emoscope", "annotate", str(path), "--bad-rows=keep"]
    command += [f"--encoding={case.encoding}", f"--output={folder / 'out.jsonl'}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=2 * HANGS_AFTER, check=False)
    except subprocess.TimeoutExpired:
        return f"the command hangs for {2 * HANGS_AFTER} s"
    if done.returncode not in (0, 2) or b"Traceback" in done.stderr:
        return f"the command ends with {done.returncode}: {done.stderr[-300:]!r}"
    if done.returncode == 2 and not case.refusable:
        return f"the command refuses it: {done.stderr[-300:]!r}"
    return None


def attack_states(
    seed: int, wanted: str, step: int, problems: list[str]
) -> list[tuple[Attack, Outcome]]:
    """Run the attacks on what was written.

    Args:
        seed: of places that are drawn.
        wanted: what the name of a kind has in it.
        step: run each that many'th.
        problems: gets what went wrong.
    """
    model = Kept()
    model.load()
    attacks = [*state_attacks(random.Random(seed)), *folder_attacks()]
    outcomes = []
    for attack in [each for each in attacks if wanted in each.kind][::step]:
        with tempfile.TemporaryDirectory() as name:
            outcome = attacked(attack, Path(name), model)
        outcomes.append((attack, outcome))
        if outcome.wrong:
            problems.append(f"{attack.kind}, {attack.name}: {outcome.wrong}")
    return outcomes


def table(outcomes: Sequence[tuple[Case | Attack, Outcome]]) -> dict[str, dict[str, Any]]:
    """Print what became of each kind of file."""
    kinds: dict[str, dict[str, Any]] = {}
    print(f"{'':42}  runs  refused  bad rows  wrong  slowest row")
    for kind in dict.fromkeys(case.kind for case, _ in outcomes):
        of_kind = [outcome for case, outcome in outcomes if case.kind == kind]
        figures = {
            "runs": len(of_kind),
            "refused": sum(outcome.refused is not None for outcome in of_kind),
            "bad rows": sum(outcome.bad for outcome in of_kind),
            "wrong": sum(outcome.wrong is not None for outcome in of_kind),
            "slowest row, s": max(outcome.seconds for outcome in of_kind),
        }
        kinds[kind] = figures
        runs, refused, bad, wrong, slowest = figures.values()
        print(f"{kind:42} {runs:5} {refused:8} {bad:9} {wrong:6} {slowest:10.3f} s")
    return kinds


def main() -> None:
    """Make the corpus, annotate it, judge."""
    parser = options(__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", help="only kinds whose name has this in it")
    arguments = parser.parse_args()
    print(machine())
    cases = [case for case in corpus(arguments.seed) if (arguments.kind or "") in case.kind]
    if arguments.quick:
        cases = cases[::QUICK_SHARE]
    model = emoscope.load()
    model.annotate(["The first text is slower."])
    outcomes: list[tuple[Case | Attack, Outcome]] = []
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as root:
        for number, case in enumerate(cases):
            for keep in (True, False):
                folder = Path(root) / f"{number}-{keep}"
                folder.mkdir()
                form = OUTPUTS[(number + keep) % len(OUTPUTS)]
                outcome = annotated(model, case, folder, form, keep=keep)
                outcomes.append((case, outcome))
                if outcome.wrong:
                    problems.append(f"{case.kind}, {case.name} to {form}: {outcome.wrong}")
                shutil.rmtree(folder)
        count = QUICK_COMMANDS if arguments.quick else COMMANDS
        commands = cases[:: max(1, len(cases) // count)] if cases else []
        for case in commands:
            with tempfile.TemporaryDirectory() as folder_name:
                wrong = commanded(case, Path(folder_name))
            if wrong:
                problems.append(f"{case.kind}, {case.name}: {wrong}")
    step = QUICK_SHARE if arguments.quick else 1
    attacks = attack_states(arguments.seed, arguments.kind or "", step, problems)
    outcomes += attacks
    if not outcomes:
        raise SystemExit(f"no kind with {arguments.kind!r} in its name")
    kinds = table(outcomes)
    for problem in problems:
        print(f"WRONG {problem[:500]}")
    slowest_case, slowest = max(outcomes, key=lambda pair: pair[1].seconds)
    print(f"slowest: {slowest_case.kind}, {slowest_case.name}")
    sentence = (
        f"{len(cases)} hostile files and {len(attacks)} hostile states (bar: {BAR_CASES} in all), "
        f"{len(outcomes)} runs and {len(commands)} commands: {len(problems)} crashed, hung, were "
        "refused for no reason, were believed or "
        f"lost a row (bar: 0); slowest row {slowest.seconds:.2f} s (bar: {BAR_SECONDS:.0f} s)"
    )
    enough = len(cases) + len(attacks) >= BAR_CASES or arguments.quick or arguments.kind is not None
    met = enough and not problems and slowest.seconds <= BAR_SECONDS
    finish({"kinds": kinds, "problems": problems}, {sentence: met}, arguments.json)


if __name__ == "__main__":
    main()
