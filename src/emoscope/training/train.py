"""Train a recipe with one or several seeds into one folder, which is their log."""

import json
import logging
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers

from emoscope._version import __version__
from emoscope.charts.suffix import FORMATS, PictureFormat
from emoscope.errors import InputError, telling_saves
from emoscope.experiments.log import LOCK, PARAMS, ExperimentLog
from emoscope.experiments.plots import draw_log
from emoscope.experiments.runs import read_yaml, to_yaml
from emoscope.files import acquire_lock, write_text
from emoscope.plugins import hash_plugins, list_plugin_files
from emoscope.recipes.schema import Recipe
from emoscope.training.logs import (
    check_folder,
    is_same_configuration,
    log_finished,
    to_params,
)
from emoscope.training.prepare import Prepared, prepare
from emoscope.training.processes import is_alone, is_main, wait
from emoscope.training.results import RunOptions, RunResult
from emoscope.training.run import train_run

logger = logging.getLogger(__name__)


def train(
    recipe: Recipe,
    root: Path,
    output: Path,
    runs: int = 1,
    options: RunOptions = RunOptions(),  # noqa: B008 - it cannot change
    prepared: Prepared | None = None,
) -> list[RunResult]:
    """Train with the seeds `recipe.seed` and up; what is finished is not run again.

    Several processes may train the same recipe into the same folder at the same time: each takes
    the runs that no other process has locked.

    Args:
        recipe: what to train.
        root: folder of the corpus' files.
        output: gets `params.yml`, `environment.json`, a folder `seed-<s>/` a run, and of all runs
            `metrics.yml`, `aggregated_metrics.yml` and `plots/`; see `ExperimentLog`.
        runs: how many seeds.
        options: how progress is shown, and whether previous runs are deleted.
        prepared: the recipe's examples, if they have been loaded before.

    Raises:
        InputError: the folder holds another configuration's runs.
    """
    check_folder(output, recipe)
    prepared = prepared or prepare(recipe, root)
    if is_main():
        make_training_folder(
            recipe, output, options.restart, {**describe_environment(), **prepared.family.facts}
        )
        for line in prepared.family.notes:
            logger.info("%s", line)
    wait()
    seeds = range(recipe.seed, recipe.seed + runs)
    results: dict[int, RunResult] = {}
    # First the runs that no process holds. Then those that another process held: they are read
    # back, or trained here if that process died.
    for blocking in (False, True):
        for seed in seeds:
            if seed in results:
                continue
            folder = output / f"seed-{seed}"
            with hold_run(folder, blocking) as mine:
                if not mine:
                    continue
                with telling_saves(folder):
                    results[seed] = train_run(recipe, prepared, folder, seed, options)
            if is_main():
                # Drawn first: a run that is in the log is in its pictures, whenever a kill came.
                draw_finished(output, options.picture_format)
                if options.after_run is not None:
                    options.after_run(folder, results[seed])
    return [results[seed] for seed in seeds]


def draw_finished(output: Path, picture_format: PictureFormat) -> None:
    """Add finished runs to the log and its pictures; draw it where it has none of the format."""
    plots = output / "plots"

    def draw(log: ExperimentLog) -> None:
        # Also in the formats that are there, so that no picture lacks a run.
        there = {known for known in FORMATS.values() if any(plots.glob(f"*.{known}"))}
        for each in sorted(there | {picture_format}):
            draw_log(log, plots, each)

    log = log_finished(output, draw)
    if not any(plots.glob(f"*.{picture_format}")):
        with log.locked():
            draw_log(log, plots, picture_format)


@contextmanager
def hold_run(folder: Path, blocking: bool) -> Iterator[bool]:
    """Lock a run, so that no other process trains it; a kill releases the lock.

    Args:
        folder: the folder of the run.
        blocking: whether to wait for another process that holds the lock.

    Returns:
        Whether it is held. Processes that train one run together do not hold it against each other.
    """
    if not is_alone():
        yield True
        return
    folder.mkdir(parents=True, exist_ok=True)
    held = acquire_lock(folder / LOCK, wait=blocking)
    if held is None:
        yield False
        return
    try:
        yield True
    finally:
        held.release()


def make_training_folder(
    recipe: Recipe, output: Path, restart: bool, facts: Mapping[str, Any] | None = None
) -> None:
    """Make the folder of a training; with `restart`, delete its previous runs.

    Args:
        recipe: what is trained.
        output: the folder.
        restart: delete previous runs.
        facts: values for `environment.json`.

    Raises:
        InputError: the folder holds something else.
    """
    check_folder(output, recipe)
    output.mkdir(parents=True, exist_ok=True)
    if restart:
        runs = sorted(output.glob("seed-*"))
        check_free(runs)
        # The log first: killed in between, no figures are left of runs that are gone.
        if (output / PARAMS).is_file():
            ExperimentLog.load(output).without_runs()
        for run in runs:
            shutil.rmtree(run)
    with ExperimentLog(output, {}).locked():
        if not (output / PARAMS).is_file() or not is_same_configuration(
            read_yaml(output / PARAMS), recipe
        ):
            write_text(output / PARAMS, to_yaml(to_params(recipe)))
        if facts is not None:
            write_text(output / "environment.json", json.dumps(facts, indent=1))


def check_free(runs: Iterable[Path]) -> None:
    """Check, before the first of them is deleted, that no process trains one of these runs.

    Raises:
        InputError: one does.
    """
    for run in runs:
        held = acquire_lock(run / LOCK, wait=False)
        if held is None:
            raise InputError(f"Another process trains {run}. End it before --restart.")
        held.release()


def describe_environment() -> dict[str, Any]:
    """Describe the versions and the hardware that results depend on."""
    return {
        "emoscope": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "platform": platform.platform(),
        "threads": torch.get_num_threads(),
        **({"plugins": hash_plugins()} if list_plugin_files() else {}),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }
