"""The model folder: one layout for every model, written by training and read by all else.

`config.json` (shape, taxonomy, calibration, version), `model.safetensors`, `preprocessing.json`
and what it needs (`vocabulary.json` or a tokenizer), `README.md` (the model card). No pickle.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

from emoscope._version import __version__
from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.files import read_json, write_json, write_text
from emoscope.plugins import Table, check_plugins
from emoscope.registry import ENCODERS, MODELS, STEPS
from emoscope.strict import short
from emoscope.taxonomy import Taxonomy

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
GRAPH = "model.onnx"
LABEL_GRAPH = "labels.onnx"
"""Of a model with independent labels: what reads these, where `GRAPH` reads the texts."""
GRAPH_WEIGHTS = "weights.bin"
"""Weights that both graphs use."""
PREPROCESSING = "preprocessing.json"
CARD = "README.md"
MAX_PLUGINS = 20
PLUGIN_NAME = re.compile(r"[\w.-]{1,100}")

_TEMPERATURES = (0.001, 1000)
"""Beyond these all probabilities are 0 and 1, or ½."""
_MAX_LOGIT = 10_000
"""No shift of a logit is so large."""


@dataclass(frozen=True)
class ModelFolder:
    """What a model folder says about its model, besides the weights.

    Attributes:
        path: of the folder.
        config: everything in `config.json`.
        taxonomy: the labels, in the order of the logits.
        calibration: from logits to probabilities.
        preprocessing: how texts become arrays.
        languages: codes of those that it reads, as `["en"]`; none where the folder does not say.
    """

    path: Path
    config: dict[str, Any]
    taxonomy: Taxonomy
    calibration: Calibration
    preprocessing: dict[str, Any]
    languages: tuple[str, ...] = ()

    @property
    def model_type(self) -> str:
        """Which model it is, e.g. `"nelec"`."""
        return str(self.config["model_type"])

    @classmethod
    def open(cls, path: str | Path) -> "ModelFolder":
        """Read and check a model folder, or the one inside the folder of a training.

        Raises:
            InputError: what is missing or wrong, and what to do.
        """
        folder = resolve_folder(Path(path))
        check_files(folder)
        config = read_json(folder / CONFIG)
        needed = ("model_type", "id2label", "taxonomy", "calibration")
        missing = [key for key in needed if key not in config]
        if missing:
            raise InputError(
                f"{folder / CONFIG} lacks {', '.join(missing)}: it was not written by emoscope. "
                "Train a model with `emoscope train` or save one through emoscope."
            )
        check_plugins(read_plugins(config.get("plugins", []), folder / CONFIG), f"{folder}")
        try:
            taxonomy = Taxonomy.from_dict(config["taxonomy"])
        except InputError as error:
            raise InputError(
                f"{folder / CONFIG}: {error}. The file was edited; restore it."
            ) from None
        expected = {str(k): name for k, name in enumerate(taxonomy.names)}
        if config["id2label"] != expected:
            raise InputError(
                f"{folder / CONFIG}: id2label {config['id2label']} and the taxonomy "
                f"{list(taxonomy.names)} differ. The file was edited; restore it."
            )
        return cls(
            path=folder,
            config=config,
            taxonomy=taxonomy,
            calibration=read_calibration(config["calibration"], taxonomy.names, folder / CONFIG),
            preprocessing=read_json(folder / PREPROCESSING),
            languages=read_languages(config.get("languages", []), folder / CONFIG),
        )

    def with_first_steps(self, change: Callable[[list[Any]], list[Any]]) -> "ModelFolder":
        """The same with other cleaning steps.

        Args:
            change: makes them of those that the model has.

        Raises:
            InputError: the model reads texts as they are.
        """
        steps = self.preprocessing.get("steps")
        if not isinstance(steps, list):
            raise InputError(
                f"{self.path}: this model has no cleaning steps that others could come before. "
                "Leave the domain out."
            )
        changed = {**self.preprocessing, "steps": change(steps)}
        return replace(self, preprocessing=changed)


def check_files(folder: Path) -> None:
    """Check that a model folder holds files and folders alone; links to files are files too.

    Raises:
        InputError: it holds a FIFO or a device, which may never end, or a link to nothing.
    """
    for path in sorted(folder.iterdir()):
        if not path.is_file() and not path.is_dir():
            raise InputError(
                f"{path}: expected a file, got something else, or a link to nothing. Fetch or copy "
                "the model folder again."
            )


def read_languages(values: Any, path: Path) -> tuple[str, ...]:
    """The languages in a config, checked.

    Args:
        values: what the config says.
        path: of the config, for the message.
    """
    if not isinstance(values, list) or not all(isinstance(code, str) for code in values):
        raise InputError(
            f'{path}: expected as languages a list of codes such as ["en"], got {values!r}. Mend '
            "it, or leave it out; texts are then not checked."
        )
    return tuple(values)


def read_plugins(values: Any, path: Path) -> tuple[str, ...]:
    """The plug-ins that a config says the model needs, checked.

    Args:
        values: what the config says.
        path: of the config, for the message.
    """
    if (
        not isinstance(values, list)
        or len(values) > MAX_PLUGINS
        or not all(isinstance(name, str) and PLUGIN_NAME.fullmatch(name) for name in values)
    ):
        raise InputError(
            f"{path}: expected as plugins a list of names of packages and of Python files, such as "
            f'["my_parts.py"], got {short(values)}. The file was edited; restore it.'
        )
    return tuple(values)


def find_plugins(config: Mapping[str, Any], preprocessing: Mapping[str, Any]) -> list[str]:
    """The plug-ins that bring the parts which a model folder names."""
    steps = preprocessing.get("steps") or ()
    named: list[tuple[Table[Any], Any]] = [
        (MODELS, config.get("model_type")),
        (ENCODERS, preprocessing.get("encoder")),
        *((STEPS, step if isinstance(step, str) else step.get("name")) for step in steps),
    ]
    found = [table.get_plugin(str(name)) for table, name in named]
    return list(dict.fromkeys(plugin for plugin in found if plugin is not None))


def read_calibration(values: Any, labels: Sequence[str], path: Path) -> Calibration:
    """The calibration in a config, checked.

    Args:
        values: what the config says.
        labels: names of the labels.
        path: of the config, for the message.
    """
    try:
        calibration = Calibration.from_dict(values) if _has_numbers(values) else None
    except (AttributeError, KeyError, TypeError, ValueError):
        calibration = None
    if calibration is None or not _is_calibration(calibration, labels):
        raise InputError(
            f"{path}: expected as calibration a temperature from {_TEMPERATURES[0]} to "
            f"{_TEMPERATURES[1]}, a prior_shift, thresholds and "
            f"shares of {len(labels)} numbers each or none, and groups of these labels with a "
            f"threshold each, got {values!r}. The file was edited; restore it."
        )
    return calibration


def _has_numbers(values: Any) -> bool:
    """Whether a calibration has numbers where they belong, and lists of them, and nothing else."""
    by_label = [values.get(name, []) for name in ("prior_shift", "thresholds", "shares")]
    cuts = [cut for _, cut in values.get("groups", [])]
    single = [
        value
        for name in ("temperature", "untrained_shift", "untrained_threshold", "untrained_share")
        if (value := values.get(name)) is not None
    ]
    return all(isinstance(each, list) for each in by_label) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX_LOGIT
        for value in (*chain(*by_label), *cuts, *single)
    )


def _is_calibration(calibration: Calibration, labels: Sequence[str]) -> bool:
    """Whether a calibration has numbers for these labels, and for nothing else."""
    middle = calibration.untrained_threshold
    by_label = (calibration.prior_shift, calibration.thresholds, calibration.shares)
    cuts = [cut for _, cut in calibration.groups]
    groups = [words for words, _ in calibration.groups]
    numbers = (*sum(by_label, ()), *cuts, calibration.untrained_shift, middle or 0.0)
    return (
        _TEMPERATURES[0] <= calibration.temperature <= _TEMPERATURES[1]
        and all(len(each) in (0, len(labels)) for each in by_label)
        and all(map(isfinite, numbers))
        and all(0 <= share <= 1 for share in calibration.shares)
        and 0 < calibration.untrained_share < 1
        and all(len(words) == len(set(words)) > 1 and set(words) <= set(labels) for words in groups)
        and len(groups) == len(set(groups))
    )


def resolve_folder(path: Path) -> Path:
    """The model folder that a path means: itself, a run's `model`, or a training's only run."""
    candidates = [
        path,
        path / "model",
        path / "whole" / "model",
        *sorted(path.glob("seed-*/model")),
    ]
    found = [folder for folder in candidates if (folder / CONFIG).is_file()]
    if not found:
        raise InputError(
            f"No model at {path}: expected a folder with {CONFIG}, as `emoscope train` writes it."
        )
    if len(found) > 1 and found[0] != path:
        runs = ", ".join(str(folder.parent) for folder in found)
        raise InputError(f"{path} holds several runs; name one of them: {runs}.")
    return found[0]


def complete_folder(
    folder: Path,
    taxonomy: Taxonomy,
    calibration: Calibration,
    preprocessing: dict[str, Any],
    card: str,
    languages: Sequence[str] = (),
) -> None:
    """Add to a folder with weights and the model's own `config.json` all that annotation needs.

    Args:
        folder: of the model.
        taxonomy: its labels.
        calibration: from their logits to probabilities.
        preprocessing: how texts become arrays.
        card: the model card.
        languages: codes of those that it reads; none where nobody knows.
    """
    config = read_json(folder / CONFIG)
    config |= {
        "problem_type": (
            "single_label_classification" if taxonomy.exclusive else "multi_label_classification"
        ),
        "id2label": {str(k): name for k, name in enumerate(taxonomy.names)},
        "label2id": {name: k for k, name in enumerate(taxonomy.names)},
        "taxonomy": taxonomy.to_dict(),
        "calibration": calibration.to_dict(),
        "emoscope_version": __version__,
    }
    if plugins := find_plugins(config, preprocessing):
        config["plugins"] = plugins
    if languages:
        config["languages"] = list(languages)
    write_json(folder / PREPROCESSING, preprocessing)
    write_text(folder / CARD, card)
    write_json(folder / CONFIG, config)
