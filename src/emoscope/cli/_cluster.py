"""What `emoscope annotate --cluster` does with the command's options, and what it shows."""

from pathlib import Path

import typer

from emoscope.cli._annotate_options import INTERRUPTED, describe_folder_job, show_progress
from emoscope.errors import InputError
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.cluster.ray_data import annotate_files
from emoscope.jobs.options import Options
from emoscope.jobs.source import Source


def run_on_cluster(
    model: ModelSpec, source: Source, output: Path | None, options: Options, plot: Path | None
) -> None:
    """Annotate many files, and print notes for the user on stderr."""
    if output is None:
        raise InputError("On a cluster the output is a folder. Name one with --output.")
    if plot is not None:
        raise InputError(
            "--plot draws one file. Leave it out with --cluster, and draw parts by themselves."
        )
    try:
        with show_progress() as on_status:
            summary = annotate_files(model, source, output, options, on_status)
    except KeyboardInterrupt:
        typer.echo("Interrupted. The same command goes on where it was.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    for line in describe_folder_job(summary, output, options):
        typer.echo(line, err=True)
