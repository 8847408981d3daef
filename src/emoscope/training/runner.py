"""Many runs, of one or several configurations: in turn, in parallel, or on Ray."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import torch
import yaml

from emoscope.errors import EmoscopeError, InputError, require
from emoscope.plugins import list_plugin_files, load_plugins
from emoscope.recipes.schema import Recipe
from emoscope.training.logs import to_params
from emoscope.training.prepare import Prepared, prepare
from emoscope.training.results import RunOptions, RunResult
from emoscope.training.train import make_training_folder, train

Engine = Literal["local", "ray"]


@dataclass(frozen=True)
class Task:
    """One run of a series.

    Attributes:
        recipe: what to train.
        folder: the folder of the configuration.
        seed: the random seed of the run.
    """

    recipe: Recipe
    folder: Path
    seed: int

    def packed(self, root: Path, threads: int, options: RunOptions) -> dict[str, Any]:
        """The arguments of `train_task`, as plain values."""
        return {
            "params": to_params(self.recipe),
            "root": str(root.resolve()),
            "folder": str(self.folder.resolve()),
            "seed": self.seed,
            "process": {
                "threads": threads,
                "track": list(options.track),
                "picture_format": options.picture_format,
                "plugins": [str(path) for path in list_plugin_files()],
            },
        }


def expand_sweep(settings: Sequence[str]) -> Iterator[list[str]]:
    """Make the overrides for every combination of the values of some fields.

    Args:
        settings: `section.field=value,value`; a value with commas in brackets, as in YAML.

    Raises:
        InputError: not of this form.
    """
    fields = []
    for setting in settings:
        name, equals, text = setting.partition("=")
        try:
            values = yaml.safe_load(f"[{text}]")
        except yaml.YAMLError:
            values = []
        if not (name and equals and values):
            raise InputError(
                f"Cannot read the sweep {setting!r}: expected section.field=value,value, "
                "e.g. training.epochs=3,5."
            )
        fields.append([f"{name}={json.dumps(value, ensure_ascii=False)}" for value in values])
    for combination in product(*fields):
        yield list(combination)


def train_runs(
    configurations: Sequence[tuple[Recipe, Path]],
    root: Path,
    runs: int,
    *,
    jobs: int = 1,
    engine: Engine = "local",
    options: RunOptions = RunOptions(),  # noqa: B008 - it cannot change
) -> list[list[RunResult]]:
    """Train several configurations with several seeds each; what is finished is not run again.

    Args:
        configurations: recipes and their folders.
        root: folder of the corpora's files.
        runs: seeds of each configuration.
        jobs: runs at a time; the cores are shared out among them.
        engine: `"ray"` runs them on the cluster that RAY_ADDRESS names, else on a local one; its
            machines need the same folders.
        options: how the runs are watched; `after_run` is called in the order that they finish.

    Returns:
        The results of each configuration, by seed.

    Raises:
        InputError: see `train`.
        EmoscopeError: some runs failed; the others are finished and logged.
    """
    if jobs == 1 and engine == "local":
        return [train(recipe, root, folder, runs, options) for recipe, folder in configurations]
    for recipe, folder in configurations:
        make_training_folder(recipe, folder, options.restart)
    tasks = [
        Task(recipe, folder, recipe.seed + number)
        for recipe, folder in configurations
        for number in range(runs)
    ]
    threads = max(1, (os.cpu_count() or 1) // jobs)
    packed = [task.packed(root, threads, options) for task in tasks]
    execute = run_on_ray if engine == "ray" else run_in_processes
    results: dict[int, RunResult] = {}
    failures: dict[int, BaseException] = {}
    for number, outcome in execute(packed, jobs):
        if isinstance(outcome, BaseException):
            failures[number] = outcome
            continue
        results[number] = RunResult(**outcome)
        if options.after_run is not None:
            options.after_run(tasks[number].folder / f"seed-{tasks[number].seed}", results[number])
    if failures:
        raise make_failure_error([tasks[number] for number in failures], list(failures.values()))
    return [[results[at + number] for number in range(runs)] for at in range(0, len(tasks), runs)]


def make_failure_error(tasks: Sequence[Task], errors: Sequence[BaseException]) -> EmoscopeError:
    """Make the error about failed runs; each kind of failure is named once."""
    places: dict[str, list[str]] = {}
    for task, error in zip(tasks, errors, strict=True):
        places.setdefault(f"{error}", []).append(str(task.folder / f"seed-{task.seed}"))
    reasons = "; ".join(f"{', '.join(where)}: {what}" for what, where in places.items())
    kind = (
        InputError
        if all(isinstance(each_error, InputError) for each_error in errors)
        else EmoscopeError
    )
    return kind(
        f"{len(errors)} of the runs failed, the others are logged; the same command goes on. "
        f"{reasons}"
    )


def train_task(
    params: dict[str, Any], root: str, folder: str, seed: int, process: Mapping[str, Any]
) -> dict[str, Any]:
    """Train one run in its own process; takes and returns plain values.

    Args:
        params: the recipe.
        root: folder of the corpora's files.
        folder: the folder of the configuration.
        seed: the random seed of the run.
        process: `threads` of this process, `track` and `picture_format` as of `RunOptions`, files
            of `plugins`.
    """
    torch.set_num_threads(process["threads"])
    load_plugins(process["plugins"])
    recipe = Recipe.model_validate(params)
    # Without its seed, the next run of the same configuration has the same examples.
    prepared = prepare_configuration(json.dumps({**params, "seed": 0}), root)
    (result,) = train(
        recipe.model_copy(update={"seed": seed}),
        Path(root),
        Path(folder),
        options=RunOptions(
            show=False, track=process["track"], picture_format=process["picture_format"]
        ),
        prepared=prepared,
    )
    return vars(result)


@lru_cache(maxsize=1)
def prepare_configuration(params: str, root: str) -> Prepared:
    """Prepare the examples of a configuration; cached for the next run of this process."""
    return prepare(Recipe.model_validate_json(params), Path(root))


Outcomes = Iterator[tuple[int, dict[str, Any] | BaseException]]


def run_in_processes(tasks: Sequence[dict[str, Any]], jobs: int) -> Outcomes:
    """Run tasks in `jobs` processes; yields each task's number with its result or error."""
    # Spawned, because torch's threads do not survive a fork.
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=watch_parent
    ) as pool:
        waiting = {pool.submit(train_task, **task): number for number, task in enumerate(tasks)}
        try:
            for future in as_completed(waiting):
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    error = EmoscopeError(
                        "a process was ended from outside, as happens where memory runs out; "
                        "try fewer --jobs"
                    )
                yield waiting[future], future.result() if error is None else error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def watch_parent() -> None:
    """Exit this process as soon as its parent process has ended."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def run_on_ray(tasks: Sequence[dict[str, Any]], jobs: int) -> Outcomes:
    """Run tasks on Ray, see `run_in_processes`."""
    ray = require("ray", "scale")
    cluster = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": jobs}
    ray.init(include_dashboard=False, log_to_driver=False, ignore_reinit_error=True, **cluster)
    remote: Callable[..., Any] = ray.remote(num_cpus=1)(train_task).remote
    waiting = {remote(**task): number for number, task in enumerate(tasks)}
    try:
        while waiting:
            (ready,), _ = ray.wait(list(waiting), num_returns=1)
            number = waiting.pop(ready)
            try:
                yield number, ray.get(ready)
            except ray.exceptions.RayTaskError as error:
                yield number, error.cause
            except ray.exceptions.RayError as error:
                yield number, error
    finally:
        ray.shutdown()
