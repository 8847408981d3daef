"""What `emoscope train --folds` does and shows."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from emoscope.cli._train_runs import announce_runs
from emoscope.errors import InputError

if TYPE_CHECKING:
    from emoscope.recipes.schema import Recipe
    from emoscope.training.folds import FoldResults
    from emoscope.training.results import RunOptions


AT_ONCE = "Start the same command in another terminal too: each takes folds that no other trains"
ONE_BY_ONE = "For other seeds or settings start it once for each: --set seed=1, without --output"
INSTEAD = {
    "--jobs": AT_ONCE,
    "--engine": AT_ONCE,
    "--export": "Export the model that is trained on all of the texts afterwards: "
    "`emoscope export FOLDER/whole --output NEW`",
    "--runs": ONE_BY_ONE,
    "--sweep": ONE_BY_ONE,
}
"""What to do in place of the options that have no meaning beside --folds."""


def refuse_with_folds(given: Mapping[str, bool]) -> None:
    """Refuse the options that have no meaning beside --folds.

    Args:
        given: whether each option was given.

    Raises:
        InputError: one was.
    """
    for option in (name for name, was_given in given.items() if was_given):
        raise InputError(f"{option} does not go with --folds. {INSTEAD[option]}.")


def cross_validate(
    recipe: "Recipe",
    root: Path,
    output: Path | None,
    folds: int,
    given: "RunOptions",
) -> None:
    """Train the folds of a recipe and print their figures.

    Args:
        recipe: what to train.
        root: folder of the corpora's files.
        output: folder of the folds; one in the experiment logs if None.
        folds: how many.
        given: how the runs are watched.
    """
    from emoscope.training.folds import train_folds
    from emoscope.training.folds_folder import find_folds_folder
    from emoscope.training.logs import LOGS
    from emoscope.training.processes import is_main

    folder = output or find_folds_folder(LOGS, recipe, folds)
    with announce_runs(folds + 1) as announce:
        options = replace(given, after_run=announce)
        results = train_folds(recipe, root, folder, folds, options)
    if is_main():
        show_folds(folder, results, recipe)


def show_folds(folder: Path, results: "FoldResults", recipe: "Recipe") -> None:
    """Print mean and standard deviation over the folds, and where the files are."""
    from emoscope.cli._tables import print_mean_std
    from emoscope.metrics.metric import read_metric
    from emoscope.training.folds import summarise
    from emoscope.training.folds_folder import HELD_OUT, WHOLE

    shown = {
        metric: f"{value:.3f}"
        for name, value in summarise(results.folds).items()
        if (metric := read_metric(name)) is not None
    }
    print_mean_std(shown, f"held out, {len(results.folds)} folds")
    dev = results.whole.dev
    typer.echo(
        f"All held-out texts together: micro-F1 {results.pooled['micro']['f1']:.3f}, macro-F1 "
        f"{results.pooled['macro']['f1']:.3f} of {results.pooled['texts']:,} texts"
    )
    if dev:
        typer.echo(
            f"Trained on all of it, {recipe.dev_split}: micro-F1 {dev['micro']['f1']:.3f}, "
            f"macro-F1 {dev['macro']['f1']:.3f}"
        )
    typer.echo(f"Held-out scores: {folder / HELD_OUT}")
    typer.echo(f"Model: {folder / WHOLE / 'model'}")
