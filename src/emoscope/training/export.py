"""Models written as graphs that run without torch, whatever kind they are of."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from emoscope.errors import InputError, require
from emoscope.folder import CARD, ModelFolder
from emoscope.inference.backend import find_model
from emoscope.registry import MODELS, resolve

Precision = Literal["int8", "float16", "float32"]


def export_model(folder: Path, output: Path, precision: Precision = "int8") -> None:
    """Write the folder of a model again with graphs in place of its weights.

    Args:
        folder: the folder of the model, or of its training.
        output: gets the new folder; it must not exist.
        precision: the precision of the stored weights.

    Raises:
        InputError: a kind of model that cannot be exported, or a folder in the way.
        MissingExtraError: the packages that write graphs are not installed.
    """
    opened = ModelFolder.open(folder)
    export = find_model(opened).export
    if export is None:
        able = " or ".join(name for name, entry in MODELS.items() if entry.export is not None)
        raise InputError(
            f"{opened.path} holds a model of type {opened.model_type}; expected {able}, the one "
            "kind that can be exported. The others run on torch."
        )
    if not (opened.path / CARD).is_file():
        raise InputError(f"{opened.path / CARD} is missing: the model folder is incomplete.")
    if output.exists():
        raise InputError(f"{output} exists. Name another folder, or delete it.")
    require("onnx", "export")
    require("onnxscript", "export")
    resolve(export)(opened, output, precision)


def export_runs(runs: Iterable[Path]) -> None:
    """Export the model of each run into its folder `exported`, unless it is there."""
    for run in runs:
        if not (run / "exported").exists():
            export_model(run, run / "exported")
