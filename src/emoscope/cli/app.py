"""The `emoscope` program: its commands and how it ends."""

import os
import sys

import typer
from rich.console import Console
from rich.markup import escape

from emoscope._version import __version__
from emoscope.cli._notes import show_notes
from emoscope.cli.annotate import annotate
from emoscope.cli.compare import compare
from emoscope.cli.describe import describe
from emoscope.cli.evaluate import evaluate
from emoscope.cli.explain import explain
from emoscope.cli.export import export
from emoscope.cli.info import info
from emoscope.cli.recipes import recipes
from emoscope.cli.report import report
from emoscope.cli.score import score
from emoscope.cli.serve import serve
from emoscope.cli.table import table
from emoscope.cli.taxonomies import taxonomies
from emoscope.cli.train import train
from emoscope.errors import EmoscopeError

app = typer.Typer(
    name="emoscope",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Recognise emotion in text with any set of labels: train, evaluate, annotate, serve.",
)
NEED_ARGUMENTS = (
    annotate,
    score,
    explain,
    train,
    table,
    evaluate,
    compare,
    report,
    export,
    describe,
)
for command in (*NEED_ARGUMENTS, serve, recipes, taxonomies, info):
    app.command(no_args_is_help=command in NEED_ARGUMENTS)(command)


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"emoscope {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Recognise emotion in text with any set of labels."""


def main() -> None:
    """Run the command line; exit 0 on success, 1 on failure, 2 on bad usage or input."""
    try:
        with show_notes():
            app()
    except EmoscopeError as error:
        message = f"[bold red]Error:[/] {escape(str(error))}"
        # Whole lines, so that a command in a message can be copied.
        Console(stderr=True, highlight=False, soft_wrap=True).print(message)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        # Typer and Rich end with 1 when the reader of our output has closed it, as `head` does;
        # nothing is wrong. Pointing stdout elsewhere keeps the interpreter from complaining when
        # it flushes at exit.
        if not isinstance(ended.__context__, BrokenPipeError) or sys.__stdout__ is None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
        sys.exit(0)
