"""What `emoscope annotate --cluster` does with the command's options, and what it shows."""

from collections.abc import Iterator
from pathlib import Path

import typer

from emoscope.cli._annotate_options import (
    INTERRUPTED,
    describe_guesses,
    describe_labels,
    describe_unread,
    show_progress,
)
from emoscope.errors import InputError
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.cluster.ray_data import annotate_files
from emoscope.jobs.options import Options, Summary
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
    for line in describe_cluster_job(summary, output, options):
        typer.echo(line, err=True)


def describe_cluster_job(summary: Summary, output: Path, options: Options) -> Iterator[str]:
    """Describe a job that has ended well; see `_annotate_options.describe_job`."""
    rows = "1 row" if summary.rows == 1 else f"{summary.rows:,} rows"
    if summary.resumed and summary.resumed == summary.rows:
        yield f"{output} is finished: nothing was left to do. It holds {rows}."
    else:
        before = f"; {summary.resumed:,} had been done before" if summary.resumed else ""
        yield f"Wrote {rows} to {output}{before}."
    yield from describe_labels(summary)
    if summary.bad:
        rows = "1 row" if summary.bad == 1 else f"{summary.bad:,} rows"
        yield f"{rows} of {summary.rows:,} could not be annotated; see `error` in the output."
    yield from describe_unread(summary)
    yield from describe_guesses(summary, options)
