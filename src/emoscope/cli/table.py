"""`emoscope table`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from emoscope.cli._common import DataDir, PictureFormatOption, PluginOption


def table(
    name: Annotated[
        str | None,
        typer.Argument(help="Key of a published table, see --list.", show_default=False),
    ] = None,
    list_: Annotated[
        bool,
        typer.Option(
            "--list", help="List the tables: rows, data, encoders, and time for so many --runs."
        ),
    ] = False,
    data_dir: DataDir = None,
    runs: Annotated[int, typer.Option(min=1, help="How many seeds of each row.")] = 10,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Only rows whose recipe has such a name: 'demux-*'. Repeatable.",
            show_default=False,
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Override a field in every row: section.field=value. Repeatable.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="Runs at a time, each in a process of its own.")
    ] = 1,
    cluster: Annotated[
        Literal["ray"] | None,
        typer.Option(
            help="Run them on a Ray cluster (RAY_ADDRESS), else on a local one.",
            show_default=False,
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the table as far as it is there; run nothing.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder of all logs; default experiment_logs.",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[
        Literal["terminal", "markdown", "latex", "json"],
        typer.Option("--format", "-f", help="How to write the table."),
    ] = "terminal",
    picture_format: PictureFormatOption = "png",
    plugin: PluginOption = None,
) -> None:
    """Run every row of a published table, or go on, and print it beside the published figures.

    First each row gets one run, then a second … Interrupted, the same command goes on.

    [b]Example:[/b] emoscope table emocontext --show
    """
    from emoscope.cli._table_runs import go_through, print_progress, print_tables
    from emoscope.errors import EmoscopeError, InputError, require

    if list_:
        if name is not None:
            raise InputError("--list tells about all tables; leave it, or the name, out.")
        print_tables(runs)
        return
    require("pyarrow", "train")
    if name is None:
        raise InputError("Expected the key of a table; `emoscope table --list` tells them.")
    from emoscope.experiments.published_table import Progress
    from emoscope.experiments.table_progress import TableRow
    from emoscope.recipes.load import load_recipe
    from emoscope.recipes.tables import find_table_recipes
    from emoscope.training.logs import LOGS, find_log

    found = find_table_recipes(name, only or ())
    recipes = [load_recipe(recipe, set_ or []) for recipe in found.recipes]
    root = output or LOGS
    if root.exists() and not root.is_dir():
        raise InputError(f"--output {root}: expected a folder, found a file.")

    def look() -> Progress:
        rows = [
            TableRow(
                recipe,
                find_log(root, recipe),
                tuple(f"seed-{recipe.seed + number}" for number in range(runs)),
            )
            for recipe in recipes
        ]
        return Progress(found, tuple(rows), jobs, tuple(set_ or ()))

    failed: EmoscopeError | None = None
    if not show:
        needs = dict.fromkeys(recipe.needs for recipe in recipes if recipe.needs_folder)
        if needs and data_dir is None:
            raise InputError(
                f"{name} needs --data-dir, a folder with {'; and '.join(needs)}. --show prints "
                "the table without running it."
            )
        where = (jobs, cluster)
        failed = go_through(look, root, data_dir or Path(), where, picture_format)
    print_progress(look(), format_)
    if failed is not None:
        raise failed
