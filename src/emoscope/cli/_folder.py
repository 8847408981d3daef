"""What `emoscope annotate` does with several files."""

from collections.abc import Sequence
from pathlib import Path

import typer

from emoscope.cli._annotate_options import INTERRUPTED, describe_folder_job, show_progress
from emoscope.errors import InputError
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.folders import annotate_folder, find_files
from emoscope.jobs.input_files import is_pattern_or_folder
from emoscope.jobs.options import Options
from emoscope.jobs.outputs import has_known_suffix
from emoscope.jobs.source import Source


def are_several(names: Sequence[str]) -> bool:
    """Whether inputs are several files, or a folder or a pattern that may be."""
    return len(names) > 1 or is_pattern_or_folder(names[0])


def run_on_files(
    names: Sequence[str], model: ModelSpec, source: Source, output: Path | None, options: Options
) -> None:
    """Annotate files into a folder, and print notes for the user on stderr."""
    if "-" in names:
        raise InputError("- is stdin, which cannot be one of several files. Annotate it by itself.")
    folder = check_output_folder(names, output)
    files = find_files(names, source, folder, options.format)
    try:
        with show_progress() as on_status:
            summary = annotate_folder(model, source, files, folder, options, on_status)
    except KeyboardInterrupt:
        typer.echo("Interrupted. The same command goes on where it was.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    count = "1 file" if len(files) == 1 else f"{len(files):,} files"
    typer.echo(f"{count} read, each has an output in {folder}.", err=True)
    for line in describe_folder_job(summary, folder, options):
        typer.echo(line, err=True)


def check_output_folder(names: Sequence[str], output: Path | None) -> Path:
    """The folder of the outputs.

    Raises:
        InputError: there is none, or it is a file or is called like one.
    """
    inputs = names[0] if len(names) == 1 else f"{len(names):,} files"
    advice = f"Name a folder, which is made if it is not there: --output {suggest_folder(output)}"
    if output is None or output == Path("-"):
        raise InputError(f"{inputs}: each file has an output of its own. {advice}")
    if not output.is_dir() and (output.exists() or has_known_suffix(output)):
        raise InputError(
            f"{inputs}: each file has an output of its own, and {output} is one file. {advice}"
        )
    return output


def suggest_folder(output: Path | None) -> str:
    """A folder that is not there yet, or is one."""
    stem = "" if output is None else output.name.split(".")[0].strip("-")
    names = (f"{stem or 'out'}{number or ''}" for number in range(1_000))
    return next(name for name in names if not Path(name).exists() or Path(name).is_dir()) + "/"
