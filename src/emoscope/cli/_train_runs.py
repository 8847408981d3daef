"""What `emoscope train` shows of a series of runs."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from emoscope.cli._tables import print_mean_std, print_report
from emoscope.errors import InputError, require

if TYPE_CHECKING:
    from emoscope.metrics.metric import Metric
    from emoscope.recipes.schema import Recipe
    from emoscope.training.results import RunResult

TRACKERS = ("mlflow", "tensorboard")


@contextmanager
def announce_runs(total: int) -> Iterator[Callable[[Path, "RunResult"], None]]:
    """Give a function that prints a line for each finished run; with several runs, show a bar.

    Args:
        total: number of runs.
    """
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("runs"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=total == 1 or not console.is_terminal,
    )
    task = bar.add_task("", total=total)

    def announce(run: Path, result: "RunResult") -> None:
        bar.stop()
        line = (
            f"{run}: seed {result.seed}, epoch {result.best_epoch:g} of {result.epochs:g}, "
            f"{result.seconds:.0f} s"
        )
        if result.dev:
            line += f", dev micro-F1 {result.dev['micro']['f1']:.3f}"
        if result.test is not None:
            measured = "held-out" if run.name.startswith("fold-") else "test"
            line += f", {measured} micro-F1 {result.test['micro']['f1']:.3f}"
        typer.echo(line)
        bar.advance(task)
        # Only drawn between runs: during a run its own bar is shown.
        bar.refresh()

    try:
        yield announce
    finally:
        bar.stop()


def settle_tracking(track: Sequence[str], logs: Path, recipe: "Recipe") -> None:
    """Check that trackers are installed, and tell them where to write unless the user has."""
    for name in track:
        if name not in TRACKERS:
            raise InputError(f"--track {name!r}: expected one of {', '.join(TRACKERS)}.")
        require(name, "track")
    if not track:
        return
    from emoscope.training.logs import make_group_name

    logs.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{(logs / 'mlflow.db').resolve()}")
    os.environ.setdefault("MLFLOW_EXPERIMENT_NAME", make_group_name(recipe))


def show_results(
    changes: Sequence[Sequence[str]],
    folders: Sequence[Path],
    results: Sequence[Sequence["RunResult"]],
    recipe: "Recipe",
) -> None:
    """Print metrics of one run, of the runs of one configuration, or of several configurations.

    Args:
        changes: what each configuration overrides.
        folders: the folders of the configurations.
        results: the results of the runs of each.
        recipe: without these overrides.
    """
    split = recipe.dev_split or "test"
    title = f"{recipe.corpus.name}, {split}"
    if len(folders) > 1:
        print_sweep(changes, results, title)
        typer.echo(f"Compare them: emoscope compare {folders[0].parent}")
        return
    (folder,), (runs,) = folders, results
    if len(runs) == 1:
        measured = get_measured(runs[0])
        if measured:
            half = runs[0].half if runs[0].dev else runs[0].test_half
            print_report(measured | {"half": half}, title)
    else:
        print_mean_std(compute_mean_std(runs), f"{split}, {len(runs)} runs")
    typer.echo(f"Model: {folder / f'seed-{runs[0].seed}' / 'model'}")


def get_measured(run: "RunResult") -> dict[str, Any]:
    """Get the metrics on dev, or on test where the recipe has no dev split; else empty."""
    return run.dev or run.test or {}


def compute_mean_std(runs: Sequence["RunResult"]) -> "dict[Metric, str]":
    """Compute mean and standard deviation of each metric over runs, on dev if there is one."""
    from emoscope.experiments.runs import MeanStd
    from emoscope.metrics.classification import metrics_of

    rows = [metrics_of(get_measured(run)) for run in runs if get_measured(run)]
    if not rows:
        return {}
    return {metric: f"{MeanStd.of([row[metric] for row in rows]):.3f}" for metric in rows[0]}


def print_sweep(
    changes: Sequence[Sequence[str]], results: Sequence[Sequence["RunResult"]], title: str
) -> None:
    """A line for each configuration of a sweep."""
    from emoscope.metrics.metric import JACCARD, MACRO_F1, MICRO_F1

    table = Table(title=f"{title}, {len(results[0])} runs each", title_justify="left")
    for name in ("setting", "micro-F1", "macro-F1", "Jaccard"):
        table.add_column(name, justify="left" if name == "setting" else "right", overflow="fold")
    for change, runs in zip(changes, results, strict=True):
        mean_stds = compute_mean_std(runs)
        cells = (mean_stds.get(metric, "–") for metric in (MICRO_F1, MACRO_F1, JACCARD))
        table.add_row(", ".join(change), *cells)
    Console().print(table)
