"""`emoscope train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emoscope.cli.common import DataDir

if TYPE_CHECKING:
    from emoscope.training.run import RunResult


def train(
    recipe: Annotated[
        str,
        typer.Argument(help="Name of a recipe (see `emoscope recipes`), or a YAML file."),
    ],
    data_dir: DataDir = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the training; default runs/RECIPE."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override a field: section.field=value. Repeatable."),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="How many seeds to train with.")] = 1,
    restart: Annotated[
        bool,
        typer.Option("--restart", help="Begin anew instead of going on after an interruption."),
    ] = False,
) -> None:
    """Train a model from a recipe; interrupted, the same command goes on where it was.

    [b]Example:[/b] emoscope train nelec-sample --output sample
    """
    import json
    import logging

    from emoscope.cli.tables import print_report, print_spread
    from emoscope.errors import InputError, require
    from emoscope.recipes.load import load_recipe

    checked = load_recipe(recipe, set_ or [])
    if checked.needs and data_dir is None:
        raise InputError(f"{checked.name} needs --data-dir, a folder with {checked.needs}.")
    for module in ("torch", "transformers", "datasets", "sklearn", "matplotlib", "accelerate"):
        require(module, "train")
    from emoscope.training.processes import is_main
    from emoscope.training.train import train as run_training

    logging.basicConfig(format="%(message)s")
    logging.getLogger("emoscope").setLevel(logging.INFO)
    folder = output or Path("runs") / checked.name

    def announce(run: Path, result: "RunResult") -> None:
        typer.echo(
            f"{run}: seed {result.seed}, epoch {result.best_epoch:g} of {result.epochs:g}, "
            f"{result.seconds:.0f} s, dev micro-F1 {result.dev['micro']['f1']:.3f}"
        )

    results = run_training(checked, data_dir or Path(), folder, runs, restart, announce)
    if not is_main():
        return
    if runs == 1:
        figures = results[0].dev | {"half": results[0].half}
        print_report(figures, f"{checked.corpus.name}, {checked.corpus.dev}")
    else:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        print_spread(summary["dev"], f"{checked.corpus.dev}, {runs} runs")
    typer.echo(f"Model: {folder / 'run-1' / 'model'}")
