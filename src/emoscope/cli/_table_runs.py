"""What `emoscope table` runs and shows."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from emoscope.cli._common import require_training
from emoscope.errors import EmoscopeError

if TYPE_CHECKING:
    from emoscope.charts.suffix import PictureFormat
    from emoscope.experiments.published_table import Progress
    from emoscope.recipes.schema import Recipe
    from emoscope.training.results import RunOptions, RunResult

INTERRUPTED = 130
RUNS_OF_A_ROW = "seed-"


def print_tables(runs: int) -> None:
    """Print every table with what it needs and how long so many runs of all rows take."""
    from emoscope.cli.recipes import find_encoder
    from emoscope.recipes.load import load_recipe
    from emoscope.recipes.tables import find_table_recipes, list_table_keys

    tables = make_list_grid()
    # Many tables need the same data: they are told once, below.
    numbers: dict[str, int] = {}
    for key in list_table_keys():
        found = find_table_recipes(key)
        recipes = [load_recipe(name) for name in found.recipes]
        for recipe in recipes:
            if recipe.needs:
                numbers.setdefault(recipe.needs, len(numbers) + 1)
        used = sorted({numbers[recipe.needs] for recipe in recipes if recipe.needs})
        encoders = dict.fromkeys(find_encoder(recipe).rpartition("/")[2] for recipe in recipes)
        facts = Text(
            f"{describe_size(recipes, runs)}; data: {', '.join(map(str, used))}; "
            f"encoders or vectors: {', '.join(encoders)}\n"
        )
        title = Text(f"{found.title}. {found.published.source}\n")
        tables.add_row(Text(key), Text.assemble(title, facts))
    data = make_list_grid()
    for needs, number in numbers.items():
        data.add_row(Text(str(number)), Text(needs))
    console = Console(highlight=False)
    console.print(f"Published tables. Times are of {runs} runs of every row on two CPU cores.\n")
    console.print(tables)
    console.print("Data that they need, by number", style="bold")
    console.print(data)


def make_list_grid() -> Table:
    """An empty list of names with texts beside them."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    return grid


def describe_size(recipes: "Sequence[Recipe]", runs: int) -> str:
    """Say how many rows there are, and how long so many runs of all of them take."""
    from emoscope.charts.words import format_count
    from emoscope.experiments.table_progress import format_duration, read_duration

    times = [read_duration(recipe.time) for recipe in recipes]
    known = [time for time in times if time is not None]
    rows = format_count(len(recipes), "row")
    if not known:
        return f"{rows}, time not known"
    without = len(times) - len(known)
    but = f" and {format_count(without, 'row')} whose time is not known" if without else ""
    return f"{rows}, up to {format_duration(sum(known) * runs)}{but}"


def go_through(
    look: "Callable[[], Progress]",
    root: Path,
    data: Path,
    where: tuple[int, str | None],
    picture_format: "PictureFormat" = "png",
) -> EmoscopeError | None:
    """Run what is missing: the first run of every row, then the second of every row.

    Args:
        look: gives the table as it is on disk.
        root: folder of all logs.
        data: folder of the corpora's files.
        where: runs at a time, and the cluster, if any.
        picture_format: of the pictures of each row.

    Returns:
        An error that names the runs that failed; None if none did.
    """
    progress = look()
    tasks = list_tasks(progress)
    if not tasks:
        return None
    require_training()
    import logging

    from emoscope.cli._train_runs import announce_runs
    from emoscope.experiments.published_table import describe_remaining
    from emoscope.training.logs import open_log
    from emoscope.training.results import RunOptions
    from emoscope.training.runner import train_runs

    logging.basicConfig(format="%(message)s")
    logging.getLogger("emoscope").setLevel(logging.INFO)
    typer.echo(describe_remaining(progress), err=True)
    jobs, cluster = where
    try:
        with announce_runs(len(tasks)) as announce:

            def tell(run: Path, result: "RunResult") -> None:
                announce(run, result)
                typer.echo(describe_remaining(look()), err=True)

            options = RunOptions(after_run=tell, picture_format=picture_format)
            if jobs == 1 and cluster is None:
                return run_in_turn(tasks, root, data, options)
            train_runs(
                [(recipe, open_log(root, recipe).folder) for recipe in tasks],
                data,
                1,
                jobs=jobs,
                engine="ray" if cluster else "local",
                options=options,
            )
    except KeyboardInterrupt:
        typer.echo("Interrupted. The same command goes on where it was.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except EmoscopeError as error:
        return error
    return None


def list_tasks(progress: "Progress") -> "list[Recipe]":
    """The recipes of the missing runs with their seeds, all rows' first runs before the second."""
    seeds = [
        (int(name.removeprefix(RUNS_OF_A_ROW)) - row.recipe.seed, row.recipe)
        for row in progress.rows
        for name in row.missing
    ]
    # A stable sort, which keeps the order of the rows.
    return [
        recipe.model_copy(update={"seed": recipe.seed + number})
        for number, recipe in sorted(seeds, key=lambda pair: pair[0])
    ]


def run_in_turn(
    tasks: "Sequence[Recipe]", root: Path, data: Path, options: "RunOptions"
) -> EmoscopeError | None:
    """Run one after the other; a row that fails leaves the other rows alone.

    Args:
        tasks: the recipes, with their seeds.
        root: folder of all logs; a row gets its folder when its first run begins.
        data: folder of the corpora's files.
        options: how the runs are watched.
    """
    from emoscope.training.logs import open_log
    from emoscope.training.runner import Task, make_failure_error
    from emoscope.training.train import train

    failures: dict[str, tuple[Task, EmoscopeError]] = {}
    for recipe in tasks:
        if recipe.name in failures:
            continue  # The row's next seed would fail in the same way.
        folder = open_log(root, recipe).folder
        try:
            train(recipe, data, folder, 1, options)
        except EmoscopeError as error:
            typer.echo(f"{recipe.name} failed: {error}", err=True)
            failures[recipe.name] = (Task(recipe, folder, recipe.seed), error)
    if not failures:
        return None
    failed, errors = zip(*failures.values(), strict=True)
    return make_failure_error(failed, errors)


def print_progress(progress: "Progress", format_: str) -> None:
    """Print the table with its notes on stdout."""
    from emoscope.cli._tables import print_grid
    from emoscope.experiments.compare.formats import (
        escape_markdown,
        make_latex_table,
        make_markdown_table,
    )
    from emoscope.experiments.published_table import (
        make_table_grid,
        make_table_notes,
        to_json_values,
    )

    if format_ == "json":
        values = to_json_values(progress)
        typer.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    grid, notes = make_table_grid(progress), make_table_notes(progress)
    if format_ == "markdown":
        listed = "\n".join(f"- {escape_markdown(note)}" for note in notes)
        typer.echo(f"{make_markdown_table(grid)}\n\n{listed}")
    elif format_ == "latex":
        typer.echo(make_latex_table(grid, " ".join(notes)))
    else:
        console = Console(highlight=False)
        print_grid(grid, console)
        console.print()
        for note in notes:
            console.print(Text(note))
