"""The `emoscope` program: its commands and how it ends."""

import sys

import typer

from emoscope._version import __version__
from emoscope.cli._advice import complete_advice
from emoscope.cli._ending import EXIT_CODES, run_program
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
    epilog=EXIT_CODES,
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
    """Run the command line; for how it ends see `emoscope.cli._ending`."""
    if code := run_program(run_command):
        sys.exit(code)


def run_command() -> None:
    """Run the command that the arguments of the program name."""
    try:
        with show_notes(complete):
            app()
    except EmoscopeError as error:
        error.args = (complete(str(error)), *error.args[1:])
        raise


def complete(text: str) -> str:
    """A message of the command that runs, see `complete_advice`."""
    name = next((each for each in sys.argv[1:] if not each.startswith("-")), "")
    found = getattr(typer.main.get_command(app), "commands", {}).get(name)
    if found is None:
        return text
    options = [option for parameter in found.params for option in parameter.opts]
    return complete_advice(text, f"emoscope {name}", options)
