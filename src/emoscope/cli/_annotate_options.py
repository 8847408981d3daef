"""Parse the options of `emoscope annotate`, run the job, and report on stderr."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO, Literal

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from emoscope.cli._common import choose_labels, parse_turn_columns
from emoscope.cli._picture import JobPicture
from emoscope.cli._terminal import LONGEST_LABEL, to_line
from emoscope.errors import InputError
from emoscope.files import is_stream
from emoscope.inference.backend import Engine
from emoscope.inference.long_texts import LongTexts
from emoscope.jobs.annotate import (
    ModelSpec,
    Options,
    Source,
    Status,
    Summary,
    annotate_file,
    annotate_stream,
)
from emoscope.reading.errors import RowError
from emoscope.taxonomy import Taxonomy
from emoscope.text.language import name_languages

INTERRUPTED = 130
SHOWN = 10
"""Labels that a message names."""

COUNTED = 5
"""Labels whose counts a message has."""


def make_model_spec(
    model: Path | None,
    labels: str | None,
    taxonomy: str | None,
    engine: Engine = "auto",
    long_texts: LongTexts = "auto",
) -> ModelSpec:
    """Make the model spec: the model, its labels, and how it runs."""
    named = choose_labels(labels, taxonomy)
    return ModelSpec(model, None if named is None else Taxonomy.load(named), engine, long_texts)


def choose_turn_columns(text: str | None, turns: str | None) -> tuple[str, ...] | None:
    """Choose the columns that hold the turns."""
    if text is not None and turns is not None:
        raise InputError("--text names one column and --turns several: give only one of them.")
    return parse_turn_columns(turns) if text is None else (text,)


def parse_threshold(text: str) -> float | Path | Literal["fitted"]:
    """Parse a threshold: `fitted`, a number, or else a file."""
    if text == "fitted":
        return "fitted"
    try:
        return float(text)
    except ValueError:
        if not Path(text).is_file():
            raise InputError(
                f"--threshold {text}: expected fitted, a number from 0 to 1 such as 0.3, or a JSON "
                "or YAML file; there is no such file."
            ) from None
        return Path(text)


def open_stdin() -> BinaryIO:
    """The bytes of stdin, in a reader of their own.

    The interpreter cannot end while a thread waits for what `sys.stdin` reads from.
    """
    try:
        raw = FileIO(os.dup(sys.stdin.fileno()))
    except OSError:
        # It is none of the operating system's, as in a test.
        return sys.stdin.buffer
    raw.name = "<stdin>"
    return BufferedReader(raw)


def silence_stderr(context: typer.Context) -> None:
    """Say nothing on stderr until a command ends; the error that ends it is printed after that."""
    nothing = context.with_resource(Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    context.with_resource(redirect_stderr(nothing))


def run_annotation(
    model: ModelSpec,
    source: Source,
    output: Path | None,
    options: Options,
    picture: JobPicture | None = None,
) -> None:
    """Annotate, draw the picture, and print notes for the user on stderr."""
    if picture is not None:
        picture.check(output, options)
    through = output is not None and is_stream(output)
    if through:
        typer.echo(
            f"{output} is no file but a device or a pipe: rows are written straight into it, and a "
            "job that is ended begins anew.",
            err=True,
        )
    shown = not through if output is not None else not sys.stdout.isatty()
    try:
        with show_progress(shown) as on_status:
            if output is None:
                stream = sys.stdout.buffer
                summary = annotate_stream(model, source, stream, options, on_status)
            else:
                summary = annotate_file(model, source, output, options, on_status)
    except RowError as error:
        if error.whole_file:
            raise
        raise InputError(
            f"{error} To go on past such rows: --bad-rows keep, or --skip-bad-rows FILE."
        ) from error
    except KeyboardInterrupt:
        if output is not None and not through:
            typer.echo("Interrupted. The same command goes on where it was.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    for line in describe_job(summary, output, options):
        typer.echo(line, err=True)
    if picture is not None and output is not None:
        picture.draw(output, source.name)


def describe_job(summary: Summary, output: Path | None, options: Options) -> Iterator[str]:
    """Describe a job that has ended well: the lines that go to stderr.

    Args:
        summary: the summary of the job.
        output: its file.
        options: the options of the job.
    """
    written = summary.rows - (summary.bad if options.reject_file is not None else 0)
    rows = "1 row" if written == 1 else f"{written:,} rows"
    if summary.resumed and summary.resumed == summary.rows:
        yield f"{output} is finished: nothing was left to do. It holds {rows}."
    else:
        if summary.resumed:
            yield f"Went on after row {summary.resumed:,}."
        yield f"Wrote {rows} to {output or 'stdout'}."
    yield from describe_labels(summary)
    if summary.bad:
        rows = "1 row" if summary.bad == 1 else f"{summary.bad:,} rows"
        where = options.reject_file or "`error` in the output"
        yield f"{rows} of {summary.rows:,} could not be annotated; see {where}."
    yield from describe_missing(summary)
    yield from describe_unread(summary)
    yield from describe_guesses(summary, options)


def describe_missing(summary: Summary) -> Iterator[str]:
    """Say that some rows have no text, if there are any."""
    if not summary.missing or (summary.bad and not summary.marked):
        return
    rows = "1 row" if summary.missing == 1 else f"{summary.missing:,} rows"
    marked = f", {summary.marked:,} of them a mark such as NA or [removed] in its place" * bool(
        summary.marked
    )
    advice = " If such marks are texts: --missing none." if summary.marked else ""
    have = "has" if summary.missing == 1 else "have"
    yield f"{rows} of {summary.rows:,} {have} no text{marked}: no scores there.{advice}"


def describe_folder_job(summary: Summary, output: Path, options: Options) -> Iterator[str]:
    """Describe a job of several files that has ended well; see `describe_job`."""
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
    yield from describe_missing(summary)
    yield from describe_unread(summary)
    yield from describe_guesses(summary, options)


def describe_labels(summary: Summary) -> Iterator[str]:
    """Say which labels were given how often, if any row was scored."""
    scored = summary.rows - summary.unscored
    if not scored:
        return
    counts = [
        f"{to_line(name, LONGEST_LABEL)} {count:,} ({format_share(count, scored)})"
        for name, count in summary.given.items()
    ]
    more = f" and {len(counts) - COUNTED} more" if len(counts) > COUNTED else ""
    parts = [", ".join(counts[:COUNTED]) + more] if counts else []
    if summary.unlabelled or not counts:
        share = format_share(summary.unlabelled, scored)
        parts.append(f"none in {summary.unlabelled:,} ({share})")
    yield f"Labels: {'; '.join(parts)}."


def format_share(count: int, total: int) -> str:
    """`41 %`, or `under 1 %`."""
    percent = 100 * count / total
    return f"{percent:.0f} %" if percent >= 1 or not count else "under 1 %"


def describe_unread(summary: Summary) -> Iterator[str]:
    """Say that some texts are in a language that the model does not read, if there are any."""
    if summary.unread:
        yield say_unread(
            summary.unread, summary.rows, summary.first_unread, name_languages(summary.languages)
        )


def say_unread(unread: int, rows: int, first: int | None, language: str) -> str:
    """Say how many rows are in another language.

    Args:
        unread: how many.
        rows: of so many.
        first: the number of the first of them, if it is known.
        language: the name of what the model reads.
    """
    look = "looks" if unread == 1 else "look"
    example = "" if first is None else f", e.g. row {first:,}"
    return (
        f"{unread:,} of {rows:,} rows ({format_share(unread, rows)}) {look} like another language "
        f"than {language}, which this model reads{example}: such scores mean nothing, so leave "
        "these rows out or take a model of their language."
    )


def describe_guesses(summary: Summary, options: Options) -> Iterator[str]:
    """Say that the thresholds of some labels are guesses, if there are any."""
    labels = summary.labels
    if not labels.guessed or options.threshold != "fitted" or labels.exclusive:
        return
    yield (
        f"The model has no threshold of its own for {join_names(labels.guessed)}: it goes by the "
        "words alone, and from which score such a label is given is a guess. Code a hundred rows "
        "by hand and name them with --calibrate, which also says how good the labels are; or say "
        "with --expect how many texts have them."
    )
    yield from describe_groups(labels.groups)


def describe_groups(groups: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Say of labels that a built-in taxonomy makes of others how to ask for them so.

    Args:
        groups: names of labels, each with the taxonomy.
    """
    for taxonomy in dict.fromkeys(taxonomy for _, taxonomy in groups):
        names = join_names([name for name, each in groups if each == taxonomy])
        yield f"{names}: --taxonomy {taxonomy} makes this of labels that the model was trained on."


def join_names(names: Sequence[str]) -> str:
    """Join names for a message; a long list is cut."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


class RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        """The rate of this run, over all of its time."""
        new, seconds = task.fields["new"], task.elapsed
        return Text(f"{new / seconds:,.0f} rows/s" if new and seconds else "")


@contextmanager
def show_progress(shown: bool = True) -> Iterator[Callable[[Status], None]]:
    """Show rows, rate and time left on stderr; nothing if stderr is not a terminal."""
    console = Console(stderr=True)
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        RateColumn(),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not (shown and console.is_terminal),
    )
    with bars:
        task = bars.add_task("", total=None, rows=0, new=0)

        def show(status: Status) -> None:
            bars.update(
                task,
                total=status.total,
                completed=status.read if status.total else None,
                rows=status.rows,
                new=status.rows - status.resumed,
            )

        yield show
