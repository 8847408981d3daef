"""Hostile folders: models, logs and recipes that a stranger may have made or edited."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import emoscope
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import Run
from emoscope.folder import CONFIG, GRAPH, GRAPH_WEIGHTS, LABEL_GRAPH, PREPROCESSING
from emoscope.inference.annotator import PRETRAINED
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, Source, annotate_file
from emoscope.jobs.outputs import OUTPUT_SUFFIXES, OutputFormat
from emoscope.jobs.readback import READABLE, read_scores
from emoscope.recipes.load import load_recipe
from emoscope.taxonomy import Taxonomy
from hostile_state import Attack

Act = Callable[[Path, ModelSpec], None]
TOKENIZER = "tokenizer.json"
NAN = float("nan")


def folder_attacks() -> Iterator[Attack]:
    """Attacks on folders, and with names."""
    yield from _model_attacks()
    yield from _log_attacks()
    yield from _recipe_attacks()
    yield from _name_attacks()


_EDITS: list[tuple[str, tuple[Any, ...], Any]] = [
    (CONFIG, ("model_type",), ["demux"]),
    (CONFIG, ("model_type",), "../demux"),
    (CONFIG, ("cluster",), "product"),
    (CONFIG, ("taxonomy", "labels"), []),
    (CONFIG, ("id2label", "0"), "another"),
    (CONFIG, ("languages",), "en"),
    *((CONFIG, ("calibration", "temperature"), value) for value in (0, NAN, 1e308, True, "1")),
    (CONFIG, ("calibration", "prior_shift"), [1e30] * 28),
    (CONFIG, ("calibration", "thresholds"), "0" * 28),
    (CONFIG, ("calibration",), []),
    (PREPROCESSING, ("encoder",), "../demux"),
    (PREPROCESSING, ("max_length",), 10**30),
    (PREPROCESSING, ("max_length",), True),
    (PREPROCESSING, ("window",), -1),
    (PREPROCESSING, ("steps",), [["unicode"]]),
    (PREPROCESSING, ("special", "pad"), 0),
    (TOKENIZER, ("model", "vocab"), {}),
    (TOKENIZER, ("post_processor", "special_tokens"), {}),
    (TOKENIZER, ("added_tokens",), [{"id": -1}]),
]
_ENDLESS: dict[str, Callable[[Path], None]] = {
    "a FIFO": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
}


def _model_attacks() -> Iterator[Attack]:
    for name, place, value in _EDITS:
        shown = f"{name} {'.'.join(map(str, place))}={value!r:.20}"
        harmless = place == ("max_length",) and value == 10**30
        yield Attack(
            "a model folder that was edited", shown, _edit(name, place, value), not harmless
        )
    for name in (CONFIG, PREPROCESSING, TOKENIZER, GRAPH, LABEL_GRAPH, GRAPH_WEIGHTS):
        for what, make in _ENDLESS.items():
            yield Attack("no file in a model folder", f"{name}: {what}", _replace(name, make))
        if name.endswith("json"):
            yield Attack("a file of 1 TB in a model folder", name, _replace(name, _make_huge))
    for engine in ("openvino", "onnxruntime"):
        swapped = {GRAPH: LABEL_GRAPH, LABEL_GRAPH: GRAPH}
        yield Attack("other graphs in a model folder", f"swapped, {engine}", _swap(swapped, engine))
        same = {LABEL_GRAPH: GRAPH}
        yield Attack("other graphs in a model folder", f"one twice, {engine}", _swap(same, engine))
        yield Attack("weights outside of a model folder", engine, _look_outside(engine))


def _copy(folder: Path, *left_out: str) -> Path:
    target = folder / "model"
    target.mkdir()
    for path in PRETRAINED.iterdir():
        if path.name not in left_out:
            shutil.copy(path, target / path.name)
    return target


def _score(folder: Path, engine: Any = "auto") -> None:
    emoscope.load(folder, ["joy"], engine).annotate(["I am happy"])


def _edit(name: str, place: tuple[Any, ...], value: Any) -> Act:
    def act(folder: Path, model: ModelSpec) -> None:
        del model
        values = inner = json.loads((PRETRAINED / name).read_text(encoding="utf-8"))
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        (target := _copy(folder, name)).joinpath(name).write_text(json.dumps(values))
        _score(target)

    return act


def _replace(name: str, make: Callable[[Path], None]) -> Act:
    def act(folder: Path, model: ModelSpec) -> None:
        del model
        target = _copy(folder, name)
        make(target / name)
        _score(target)

    return act


def _make_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _swap(names: dict[str, str], engine: str) -> Act:
    def act(folder: Path, model: ModelSpec) -> None:
        del model
        target = _copy(folder, *names)
        for name, other in names.items():
            shutil.copy(PRETRAINED / other, target / name)
        _score(target, engine)

    return act


def _look_outside(engine: str) -> Act:
    def act(folder: Path, model: ModelSpec) -> None:
        del model
        target = _copy(folder, GRAPH)
        (folder / "eight.bi").symlink_to(PRETRAINED / GRAPH_WEIGHTS)
        graph = (PRETRAINED / GRAPH).read_bytes()
        (target / GRAPH).write_bytes(graph.replace(b"weights.bin", b"../eight.bi"))
        _score(target, engine)

    return act


_METRICS: list[tuple[tuple[Any, ...], Any]] = [
    (("name",), "../../elsewhere"),
    (("seed",), "0"),
    (("final_step",), NAN),
    (("final_step",), True),
    (("final", "f1"), "high"),
    (("final", "f1"), 10**400),
    (("curves",), []),
    (("curves", "loss", "steps"), [NAN]),
    (("curves", "loss", "values", 0), None),
]


def _log_attacks() -> Iterator[Attack]:
    for place, value in _METRICS:
        shown = f"{'.'.join(map(str, place))}={value!r:.20}"
        yield Attack("metrics of other types", shown, _edit_metrics(place, value))


def _edit_metrics(place: tuple[Any, ...], value: Any) -> Act:
    def act(folder: Path, model: ModelSpec) -> None:
        del model
        log = ExperimentLog.open(folder, "Group", {"a": 1}, ("a",))
        log.add(Run("seed-0", 1, {"loss": ((1, 0.5),)}, {"f1": 0.5}, 0))
        path = log.folder / "metrics.yml"
        values = json.loads(path.read_text(encoding="utf-8"))
        inner = values["runs"][0]
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        path.write_text(json.dumps(values), encoding="utf-8")
        ExperimentLog.load(log.folder).aggregated()

    return act


_SETTINGS = (
    "name=!!python/object/apply:os.system ['touch pwned']",
    "training.epochs=!!python/name:os.system",
    "training.epochs=!unknown 3",
    "training.epochs=*anchor",
    "training.epochs=.nan",
    "training.__class__=3",
    "name=\0",
)


def _recipe_attacks() -> Iterator[Attack]:
    for setting in _SETTINGS:
        yield Attack("a setting with a tag or worse", setting[:40], _set(setting))
    for name in ("../../../etc/passwd", "/dev/zero", "nelec-sample/../../secret"):
        yield Attack("a recipe from elsewhere", name, _load_recipe(name))


def _set(setting: str) -> Act:
    def act(folder: Path, model: ModelSpec) -> None:
        del folder, model
        load_recipe("nelec-sample", [setting])

    return act


def _load_recipe(name: str) -> Act:
    def act(folder: Path, model: ModelSpec) -> None:
        del folder, model
        load_recipe(name)

    return act


_NAMES = {
    "commas": ["joy, fear", "joy", "fear"],
    "brackets": ['["joy"]', "[joy]", "joy"],
    "quotes": ['"joy"', "'fear'", '","'],
    "markup": ["<b>joy</b>", "&amp;", "]]>"],
    "formulas": ["=1+1", "@joy", "-joy"],
    "other marks": ["joy;fear", "joy|fear", "joy#fear"],
}


def _name_attacks() -> Iterator[Attack]:
    for kind, names in _NAMES.items():
        for form in READABLE:
            yield Attack(
                "odd names of labels", f"{kind} in {form}", _round_trip(names, form), False
            )
    for name in ("joy\ufffe", "\uffff", "\ufeffjoy", "joy\0", "joy\u2028"):
        yield Attack("labels that no file holds", ascii(name), _round_trip([name], "csv"))


def _round_trip(names: list[str], form: OutputFormat) -> Act:
    def act(folder: Path, model: ModelSpec) -> None:
        taxonomy = Taxonomy.of(dict.fromkeys(names, "joy"))
        annotator = model.load().with_labels(taxonomy)
        texts = [f"what a day {number}" for number in range(20)]
        (folder / "in.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
        output = folder / f"out{OUTPUT_SUFFIXES[form]}"
        options = Options(form, threshold=0.01)
        annotate_file(annotator, Source(folder / "in.txt"), output, options)
        given = sum(part.scores.given.sum(axis=0) for part in read_scores(output))
        scores = annotator.annotate(texts, threshold=0.01)
        wanted = [sum(name in {score.label for score in row} for row in scores) for name in names]
        assert list(given) == wanted, "labels are not read back as they were given"

    return act
