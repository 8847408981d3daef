"""`emoscope train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from emoscope.cli._common import DataDir, PictureFormatOption, PluginOption, require_training

if TYPE_CHECKING:
    from emoscope.training.results import RunResult


def train(
    recipe: Annotated[
        str,
        typer.Argument(help="Name of a recipe (see `emoscope recipes`), or a YAML file."),
    ],
    data_dir: DataDir = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder of the configuration and its runs, or with --sweep of all of them; "
            "default: one in experiment_logs, by model, corpus and settings.",
            show_default=False,
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Override a field: section.field=value. Repeatable.", show_default=False
        ),
    ] = None,
    name_by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PARAMETER",
            help="Parameter that the default folder is called by: [b]default[/b], a field such as "
            "training.epochs, or either as PARAMETER=TEXT. Repeatable; replaces the recipe's "
            "naming.",
            show_default=False,
        ),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="How many seeds to train with.")] = 1,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Cross-validate: train a model for each of so many stratified folds of the "
            "training split, which scores the texts that it has not seen, and one on all of it.",
            show_default=False,
        ),
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            help="Train with each of several values: section.field=value,value. Repeatable, for "
            "every combination.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="Runs at a time, each in a process of its own.")
    ] = 1,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="Where they run: on this machine, or on a Ray cluster (RAY_ADDRESS)."),
    ] = "local",
    track: Annotated[
        list[str] | None,
        typer.Option(
            help="Send the figures to [b]mlflow[/b] (SQLite, in the logs' folder) or "
            "[b]tensorboard[/b] as well. Repeatable.",
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        bool,
        typer.Option(
            "--export", help="Write each trained model as an ONNX graph too, as `emoscope export`."
        ),
    ] = False,
    restart: Annotated[
        bool,
        typer.Option("--restart", help="Begin anew instead of going on after an interruption."),
    ] = False,
    picture_format: PictureFormatOption = "png",
    plugin: PluginOption = None,
) -> None:
    """Train a model from a recipe; interrupted, the same command goes on where it was.

    [b]Example:[/b] emoscope train nelec-sample --output sample
    """
    import json
    import logging
    from dataclasses import replace

    from emoscope.cli._train_runs import announce_runs, settle_tracking, show_results
    from emoscope.errors import InputError, require
    from emoscope.recipes.load import load_recipe

    if name_by and output is not None and not sweep:
        raise InputError("--name-by: the folder is that of --output; leave one of them out.")
    changed = [*(set_ or []), *([f"naming={json.dumps(name_by)}"] if name_by else [])]
    first = load_recipe(recipe, changed)
    if first.needs_folder and data_dir is None:
        raise InputError(f"{first.name} needs --data-dir, a folder with {first.needs}.")
    require_training()
    if export:
        require("onnx", "export")
    logging.basicConfig(format="%(message)s")
    logging.getLogger("emoscope").setLevel(logging.INFO)
    from emoscope.training.results import RunOptions

    options = RunOptions(track=track or (), restart=restart, picture_format=picture_format)
    if folds is not None:
        from emoscope.cli._train_folds import cross_validate, refuse_with_folds

        refuse_with_folds(
            {
                "--runs": runs > 1,
                "--sweep": bool(sweep),
                "--jobs": jobs > 1,
                "--engine": engine != "local",
                "--export": export,
            }
        )
        settle_tracking(track or [], output or Path("experiment_logs"), first)
        cross_validate(first, data_dir or Path(), output, folds, options)
        return
    from emoscope.training.logs import LOGS, open_log
    from emoscope.training.processes import is_main
    from emoscope.training.runner import expand_sweep as combinations
    from emoscope.training.runner import train_runs

    variants = [
        (changes, load_recipe(recipe, [*changed, *changes]))
        for changes in combinations(sweep or [])
    ]
    if output is None or sweep:
        folders = [open_log(output or LOGS, variant).folder for _, variant in variants]
    else:
        folders = [output]
    settle_tracking(track or [], output or LOGS, first)
    with announce_runs(len(variants) * runs) as announce:
        results: list[list[RunResult]] = train_runs(
            [(variant, folder) for (_, variant), folder in zip(variants, folders, strict=True)],
            data_dir or Path(),
            runs,
            jobs=jobs,
            engine=engine,
            options=replace(options, after_run=announce),
        )
    if export and is_main():
        from emoscope.training.export import export_runs

        for folder, done in zip(folders, results, strict=True):
            export_runs([folder / f"seed-{result.seed}" for result in done])
    if is_main():
        show_results([changes for changes, _ in variants], folders, results, first)
