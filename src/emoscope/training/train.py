"""Train a recipe with one or several seeds into one folder, which is their log."""

import json
import logging
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers

from emoscope._version import __version__
from emoscope.experiments.log import LOCK, PARAMS, ExperimentLog, read_yaml, to_yaml
from emoscope.experiments.plots import draw_log
from emoscope.files import acquire_lock, write_text
from emoscope.recipes.schema import Recipe
from emoscope.training.logs import RESULT, check_folder, log_finished, params_of, same
from emoscope.training.prepare import Prepared, prepare
from emoscope.training.processes import is_alone, is_main, wait
from emoscope.training.run import RunResult, train_run

logger = logging.getLogger(__name__)
AfterRun = Callable[[Path, RunResult], None]


def train(
    recipe: Recipe,
    root: Path,
    output: Path,
    runs: int = 1,
    restart: bool = False,
    after_run: AfterRun | None = None,
    *,
    show: bool = True,
    track: Sequence[str] = (),
    prepared: Prepared | None = None,
) -> list[RunResult]:
    """Train with the seeds `recipe.seed` and up; what is finished is not run again.

    Several processes may train the same recipe into the same folder at the same time: each takes
    the runs that no other is at.

    Args:
        recipe: what to train.
        root: folder of the corpus' files.
        output: gets `params.yml`, `environment.json`, a folder `seed-<s>/` a run, and of all runs
            `metrics.yml`, `aggregated_metrics.yml` and `plots/`; see `ExperimentLog`.
        runs: how many seeds.
        restart: delete what the folder holds of this recipe, rather than going on from it.
        after_run: called with each run's folder and result.
        show: progress bars, where stderr is a terminal.
        track: where else the figures go, see `train_run`.
        prepared: the recipe's examples, if they have been loaded before.

    Raises:
        InputError: the folder holds another configuration's runs.
    """
    check_folder(output, recipe)
    prepared = prepared or prepare(recipe, root)
    if is_main():
        start(recipe, output, restart, {**environment(), **prepared.family.facts})
        for line in prepared.family.notes:
            logger.info("%s", line)
    wait()
    seeds = range(recipe.seed, recipe.seed + runs)
    results: dict[int, RunResult] = {}
    # First what nobody is at; then what others were at, which is read back or, if they died, run.
    for blocking in (False, True):
        for seed in seeds:
            if seed in results:
                continue
            folder = output / f"seed-{seed}"
            with taken(folder, blocking) as mine:
                if not mine:
                    continue
                fresh = not (folder / RESULT).is_file()
                results[seed] = train_run(recipe, prepared, folder, seed, show=show, track=track)
            if is_main():
                log_finished(output)
                # Not again for each run that is only read back.
                if fresh or not (output / "plots").is_dir():
                    draw(output)
                if after_run is not None:
                    after_run(folder, results[seed])
    return [results[seed] for seed in seeds]


@contextmanager
def taken(folder: Path, blocking: bool) -> Iterator[bool]:
    """Hold a run, so that no other process trains it; a kill lets go of it.

    Args:
        folder: of the run.
        blocking: wait for another process that holds it.

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


def start(
    recipe: Recipe, output: Path, restart: bool, facts: Mapping[str, Any] | None = None
) -> None:
    """Make the folder of a training, without its former runs if that is asked for.

    Args:
        recipe: what is trained.
        output: the folder.
        restart: forget former runs.
        facts: for `environment.json`.

    Raises:
        InputError: the folder holds something else.
    """
    check_folder(output, recipe)
    output.mkdir(parents=True, exist_ok=True)
    if restart:
        for run in output.glob("seed-*"):
            shutil.rmtree(run)
        if (output / PARAMS).is_file():
            ExperimentLog.load(output).without_runs()
    with ExperimentLog(output, {}).locked():
        if not (output / PARAMS).is_file() or not same(read_yaml(output / PARAMS), recipe):
            write_text(output / PARAMS, to_yaml(params_of(recipe)))
        if facts is not None:
            write_text(output / "environment.json", json.dumps(facts, indent=1))


def draw(output: Path) -> None:
    """Draw the log as it is now; one process at a time, as they write to the same files."""
    with ExperimentLog(output, {}).locked():
        draw_log(ExperimentLog.load(output), output / "plots")


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
