"""What `emoscope annotate FILE` shows where its stdout is a terminal: a table of the first rows."""

import shlex
import sys
from pathlib import Path

import typer

from emoscope.cli._annotate_options import describe_guesses, describe_labels, describe_unread
from emoscope.cli._terminal import make_console, make_preview_table
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, Source
from emoscope.jobs.preview import preview_file

ROWS = 10


def is_previewed(source: Source, options: Options, *, picture: bool) -> bool:
    """Whether rows are to be looked at, not to be written: a file's, on a terminal, as no format.

    Args:
        source: the source of the texts.
        options: the options of the command.
        picture: a picture was asked for, which needs all rows.
    """
    wants_data = options.format is not None or options.reject_file is not None or picture
    return sys.stdout.isatty() and isinstance(source.file, Path) and not wants_data


def show_preview(model: ModelSpec, source: Source, options: Options) -> None:
    """Annotate the first rows, show them, and say how to save all."""
    preview = preview_file(model, source, options, ROWS)
    if preview.items:
        console = make_console()
        console.print(make_preview_table(preview, console.width))
    rows = "1 row" if len(preview.items) == 1 else f"{len(preview.items)} rows"
    which = f"The first {rows}" if preview.more else f"All {rows}"
    typer.echo(f"\n{which} of {source.name}.", err=True)
    if not preview.more:
        for line in describe_labels(preview.summary):
            typer.echo(line, err=True)
    for line in (*describe_unread(preview.summary), *describe_guesses(preview.summary, options)):
        typer.echo(line, err=True)
    typer.echo(f"To annotate all of it and save it:\n  {make_saving_command(source)}", err=True)


def make_saving_command(source: Source) -> str:
    """The command that was given, with a file for its output that is not there yet."""
    stem = Path(source.name).name.split(".")[0] or "texts"
    names = (f"{stem}-emotions{number or ''}.csv" for number in range(1_000))
    name = next((each for each in names if not Path(each).exists()), "emotions.csv")
    return shlex.join(["emoscope", *sys.argv[1:], "--output", name])
