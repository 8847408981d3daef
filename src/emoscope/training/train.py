"""Train a recipe with one or several seeds into one folder."""

import json
import logging
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import torch
import transformers

from emoscope._version import __version__
from emoscope.errors import InputError
from emoscope.folder import write_text
from emoscope.recipes.load import to_yaml
from emoscope.recipes.schema import Recipe
from emoscope.training.prepare import prepare
from emoscope.training.processes import is_main, wait
from emoscope.training.run import RunResult, train_run

logger = logging.getLogger(__name__)


def train(
    recipe: Recipe,
    root: Path,
    output: Path,
    runs: int = 1,
    restart: bool = False,
    after_run: Callable[[Path, RunResult], None] | None = None,
) -> list[RunResult]:
    """Train with the seeds `recipe.seed` and up; what is finished is not run again.

    Args:
        recipe: what to train.
        root: folder of the corpus' files.
        output: gets `recipe.yaml`, `environment.json`, `run-<n>/` and `summary.json`.
        runs: how many seeds.
        restart: delete what the folder holds of this recipe, rather than going on from it.
        after_run: called with each run's folder and result.

    Raises:
        InputError: the folder holds another configuration's runs.
    """
    check_folder(output, recipe)
    prepared = prepare(recipe, root)
    if is_main():
        claim(output, recipe, restart)
        for line in prepared.family.told:
            logger.info("%s", line)
    wait()
    results = []
    for number in range(1, runs + 1):
        folder = output / f"run-{number}"
        results.append(train_run(recipe, prepared, folder, recipe.seed + number - 1))
        if after_run is not None and is_main():
            after_run(folder, results[-1])
    summary = {
        "recipe": recipe.name,
        **prepared.family.facts,
        "runs": [vars(result) for result in results],
        "dev": aggregate([result.dev for result in results]),
    }
    halves = [result.half for result in results if result.half is not None]
    if halves:
        summary["half"] = aggregate(halves)
    if is_main():
        write_text(output / "summary.json", json.dumps(summary, indent=1))
    return results


def check_folder(output: Path, recipe: Recipe) -> None:
    """Make sure that a folder is free, or holds runs of this very configuration."""
    path = output / "recipe.yaml"
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file; expected a folder. Choose another --output.")
    # A folder without runs holds nothing yet: its training ended before it began.
    other = path.is_file() and path.read_text(encoding="utf-8") != to_yaml(recipe)
    if other and any(output.glob("run-*")):
        raise InputError(
            f"{output} holds runs of another configuration, see {path}. "
            "Choose another --output, or delete that folder."
        )
    if not path.is_file() and output.is_dir() and any(output.iterdir()):
        raise InputError(f"{output} is not empty and holds no training. Choose another --output.")


def claim(output: Path, recipe: Recipe, restart: bool) -> None:
    """Make the folder of a training, without its former runs if that is asked for."""
    output.mkdir(parents=True, exist_ok=True)
    if restart:
        for run in output.glob("run-*"):
            shutil.rmtree(run)
    write_text(output / "recipe.yaml", to_yaml(recipe))
    write_text(output / "environment.json", json.dumps(environment(), indent=1))


def environment() -> dict[str, Any]:
    """Versions and hardware that a figure depends on."""
    return {
        "emoscope": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "platform": platform.platform(),
        "threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def aggregate(reports: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation over runs of micro- and macro-F1, accuracy and each label's F1.

    Args:
        reports: `Report.to_dict()` of each run.
    """
    rows = [
        {
            "micro_f1": one["micro"]["f1"],
            "macro_f1": one["macro"]["f1"],
            "accuracy": one["accuracy"],
            "jaccard": one["jaccard"],
        }
        | {f"{name}_f1": figures["f1"] for name, figures in one["labels"].items()}
        for one in reports
    ]
    return {name: spread([row[name] for row in rows]) for name in rows[0]}


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean, standard deviation (n − 1; 0 of one value) and number of values."""
    deviation = stdev(values) if len(values) > 1 else 0.0
    return {"mean": fmean(values), "sd": deviation, "runs": len(values)}
