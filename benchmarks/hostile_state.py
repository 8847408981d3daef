"""Hostile states: what a program wrote itself, altered before it is read again.

Job files, partial and finished outputs, caches, model folders, logs and recipes. An attack is
either refused with a message, and then no file has changed, or it has no effect on what is written.
"""

import json
import random
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emoscope.errors import InputError
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, Source, annotate_file
from emoscope.jobs.job_file import hash_job
from emoscope.jobs.outputs import OUTPUT_SUFFIXES, OutputFormat
from hostile_corpus import good_rows, written
from hostile_outcome import HANGS_AFTER, Hung, Outcome, watchdog

CHUNK, ROWS = 8, 40
ADVICE = re.compile(
    r"--restart|[.;?] (Choose|Copy|Fetch|Mend|Name|Put|The (file|weights)|Train|Use) "
    r"|\b[Ee]xpected\b"
    r"|\bknown: |did you mean|not YAML|control character|lacks|must|should be|`emoscope"
)
"""What a message has that says what to do, or what was expected."""


@dataclass(frozen=True)
class Attack:
    """One altered state.

    Attributes:
        kind: what it is about.
        name: tells it from others of its kind.
        act: alters the state in a folder and reads it with the model; raises an `AssertionError` if
            what comes out is wrong.
        refused: whether it must be refused; else it may be, or have no effect.
    """

    kind: str
    name: str
    act: Callable[[Path, ModelSpec], None]
    refused: bool = True


def attacked(attack: Attack, folder: Path, model: ModelSpec) -> Outcome:
    """Run one attack and judge it."""
    refused = wrong = None
    start = time.perf_counter()
    try:
        with watchdog():
            attack.act(folder, model)
        if attack.refused:
            wrong = "it was believed"
    except InputError as error:
        refused = str(error)
        if not ADVICE.search(refused):
            wrong = f"does not say what to do: {refused}"
    except Hung:
        wrong = f"hangs for {HANGS_AFTER} s"
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    return Outcome(refused, (time.perf_counter() - start) / ROWS, 0, wrong)


class _EndedError(Exception):
    """Stands for a kill."""


def _options(form: OutputFormat, **more: Any) -> Options:
    return Options(form, bad_rows="keep", chunk_rows=CHUNK, **more)


def _begin(folder: Path, model: ModelSpec, form: OutputFormat) -> tuple[Source, Path, bytes]:
    """A job that was ended in the middle, and what it would have written."""
    source = Source(folder / "in.csv")
    (folder / "in.csv").write_bytes(written(good_rows(ROWS), "csv"))
    whole, output = (folder / f"{name}{OUTPUT_SUFFIXES[form]}" for name in ("whole", "out"))
    annotate_file(model, source, whole, _options(form))

    def end(status: Any) -> None:
        if status.rows >= ROWS // 2:
            raise _EndedError

    try:
        annotate_file(model, source, output, _options(form), end)
    except _EndedError:
        return source, output, whole.read_bytes()
    raise AssertionError("the job was not ended")


def _resume(model: ModelSpec, source: Source, output: Path, form: OutputFormat) -> None:
    """Go on; if it is refused no file changes, and a new start gives the right output."""
    before = _snapshot(output.parent)
    try:
        annotate_file(model, source, output, _options(form))
    except InputError:
        assert _snapshot(output.parent) == before, "refused, and a file has changed"
        annotate_file(model, source, output, _options(form, restart=True))
        whole = output.with_name(output.name.replace("out", "whole", 1)).read_bytes()
        assert output.read_bytes() == whole, "another output after --restart"
        raise


def _snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.suffix != ".lock"
    }


JOB_EDITS: list[tuple[tuple[str, ...], Any]] = [
    *((("progress", name), value) for name in ("rows", "bytes") for value in (True, "9", -1, 2.5)),
    (("progress", "bytes"), None),
    (("progress", "chunks"), None),
    (("progress", "chunks"), []),
    (("progress", "finished"), 1),
    (("progress", "finished"), "yes"),
    (("progress", "first_unread"), "1"),
    (("progress", "given"), {"joy": "many"}),
    (("progress", "given"), None),
    (("progress", "cache"), {"job": 1, "start": 0, "lag": 2}),
    (("progress", "cache"), "here"),
    (("progress", "digest"), 7),
    (("progress",), []),
    (("asked",), None),
    (("asked", "labels"), "joy"),
    (("asked", "labels"), []),
    (("asked", "labels"), ["a", "a", "b", "c"]),
    (("asked", "thresholds"), [0.5]),
    (("asked", "thresholds"), [0.5, 0.5, 0.5, float("nan")]),
    (("asked", "exclusive"), "no"),
    (("asked", "output format"), "docx"),
    (("asked", "columns"), [1]),
    (("asked", "columns"), {"a": 1}),
]
"""Values of a job file that are none; `tests/jobs/test_job_file.py` tries them, too."""
_WRONG_HASHES = [(("progress", "digest"), "0" * 64), (("progress", "digest"), "")]


def _job_file_attacks() -> Iterator[Attack]:
    for number, (place, value) in enumerate([*JOB_EDITS, *_WRONG_HASHES]):
        form = ("csv", "jsonl")[number % 2]
        for hashed in (True, False) if number % 6 == 0 else (True,):
            yield Attack(
                "a job file with other values",
                f"{'.'.join(place)}={value!r:.20}{'' if hashed else ', hash left'}",
                _edit_job(place, value, form, hashed=hashed),
            )
    for content in (b"", b"[]", b"\xff", b"[" * 100_000, b'{"asked": {}, "progress": {}}'):
        yield Attack("a job file of other content", repr(content[:30]), _replace_job(content))


def edit_job(output: Path, place: tuple[str, ...], value: Any, *, hashed: bool = True) -> None:
    """Change a value of a job file, with a new hash of the whole if it is to be found later."""
    path = Path(f"{output}.job.json")
    values = json.loads(path.read_bytes())
    inner = values
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    if hashed:
        values["hash"] = hash_job(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def _edit_job(
    place: tuple[str, ...], value: Any, form: OutputFormat, *, hashed: bool
) -> Callable[[Path, ModelSpec], None]:
    def act(folder: Path, model: ModelSpec) -> None:
        source, output, _ = _begin(folder, model, form)
        edit_job(output, place, value, hashed=hashed)
        _resume(model, source, output, form)

    return act


def _replace_job(content: bytes) -> Callable[[Path, ModelSpec], None]:
    def act(folder: Path, model: ModelSpec) -> None:
        source, output, _ = _begin(folder, model, "csv")
        Path(f"{output}.job.json").write_bytes(content)
        _resume(model, source, output, "csv")

    return act


def _output_attacks(draw: random.Random) -> Iterator[Attack]:
    for form in OUTPUT_SUFFIXES:
        for share in (0.0, draw.random(), 1.0):
            yield Attack(
                "a partial file with a wrong bit", f"{form} at {share:.2f}", _flip(form, share)
            )
        yield Attack("a partial file cut off", form, _cut(form))
        yield Attack("a finished output with a wrong bit", form, _flip_finished(form))
        yield Attack("more behind what is valid", form, _add_junk(form), refused=False)


def flip_bit(path: Path, place: int) -> None:
    """Flip a bit of the byte at a place of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def _flip(form: OutputFormat, share: float) -> Callable[[Path, ModelSpec], None]:
    def act(folder: Path, model: ModelSpec) -> None:
        source, output, _ = _begin(folder, model, form)
        partial = Path(f"{output}.partial")
        flip_bit(partial, int(share * (partial.stat().st_size - 1)))
        _resume(model, source, output, form)

    return act


def _cut(form: OutputFormat) -> Callable[[Path, ModelSpec], None]:
    def act(folder: Path, model: ModelSpec) -> None:
        source, output, _ = _begin(folder, model, form)
        partial = Path(f"{output}.partial")
        partial.write_bytes(partial.read_bytes()[:-1])
        _resume(model, source, output, form)

    return act


def _flip_finished(form: OutputFormat) -> Callable[[Path, ModelSpec], None]:
    def act(folder: Path, model: ModelSpec) -> None:
        source, output, _ = _begin(folder, model, form)
        annotate_file(model, source, output, _options(form))
        flip_bit(output, 50)
        _resume(model, source, output, form)

    return act


def _add_junk(form: OutputFormat) -> Callable[[Path, ModelSpec], None]:
    def act(folder: Path, model: ModelSpec) -> None:
        source, output, whole = _begin(folder, model, form)
        with Path(f"{output}.partial").open("ab") as file:
            file.write(b"half a row\n")
        _resume(model, source, output, form)
        assert output.read_bytes() == whole, "another output"

    return act


_CACHED: dict[str, Any] = {
    "NaN": b"\0\0\0\0\0\0\xf8\x7f" * 28,
    "short": b"1234",
    "text": "0.5",
    "nothing": b"",
}


def _cache_attacks(draw: random.Random) -> Iterator[Attack]:
    for name, value in _CACHED.items():
        yield Attack("a cache of other values", name, _damage_cache(_set_values(value)))
    for number in range(8):
        seed = draw.randrange(10**6)
        yield Attack(
            "a cache with wrong bits", str(number), _damage_cache(_flip_some(seed)), refused=False
        )


def _damage_cache(damage: Callable[[Path], None]) -> Callable[[Path, ModelSpec], None]:
    def act(folder: Path, model: ModelSpec) -> None:
        source, cache = Source(folder / "in.csv"), folder / "cache.db"
        (folder / "in.csv").write_bytes(written(good_rows(ROWS), "csv"))
        annotate_file(model, source, folder / "whole.csv", _options("csv", cache=cache))
        damage(cache)
        annotate_file(model, source, folder / "out.csv", _options("csv", cache=cache))
        same = (folder / "out.csv").read_bytes() == (folder / "whole.csv").read_bytes()
        assert same, "another output"

    return act


def _set_values(value: Any) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with sqlite3.connect(path) as data:
            data.execute("UPDATE scores SET probabilities = ?", (value,))
        data.close()

    return damage


def _flip_some(seed: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        draw = random.Random(seed)
        for _ in range(5):
            flip_bit(path, draw.randrange(path.stat().st_size))

    return damage


def state_attacks(draw: random.Random) -> Iterator[Attack]:
    """Attacks on what a job wrote."""
    yield from _job_file_attacks()
    yield from _output_attacks(draw)
    yield from _cache_attacks(draw)
