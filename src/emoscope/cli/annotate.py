"""`emoscope annotate`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from emoscope.cli.common import IdColumn, TurnColumns, TurnSeparator

Format = Literal["csv", "tsv", "jsonl", "json", "parquet", "txt"]


def annotate(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Texts or conversations; - for stdin.", show_default=False
        ),
    ],
    model: Annotated[
        Path, typer.Option("--model", "-m", help="Folder of a model or of a training.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSONL file; default stdout.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="Score these instead of the model's own: 'pride, relief, anger|rage', or a "
            "taxonomy's name or file. Demux reads its labels and takes any.",
            show_default=False,
        ),
    ] = None,
    turns: TurnColumns = None,
    id_column: IdColumn = None,
    turn_separator: TurnSeparator = None,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="Of the input, if its suffix does not say it."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of the input.")] = "utf-8",
    skip_bad_rows: Annotated[
        Path | None,
        typer.Option(help="Put rows that cannot be read into this JSONL file, and go on."),
    ] = None,
) -> None:
    """Score every conversation of a file: one JSON line each, in order.

    [b]Example:[/b] emoscope annotate chats.tsv --model sample --output scores.jsonl
    """
    import sys
    from contextlib import ExitStack

    from emoscope.cli.annotating import open_output, progress
    from emoscope.cli.common import turn_columns
    from emoscope.rows import RejectFile
    from emoscope.runtime.annotator import load
    from emoscope.runtime.jobs import Source, annotate_stream

    annotator = load(model, labels)
    with ExitStack() as stack:
        rejects = stack.enter_context(RejectFile(skip_bad_rows)) if skip_bad_rows else None
        reading = Source(
            file=sys.stdin.buffer if source == "-" else Path(source),
            turns=turn_columns(turns),
            id=id_column,
            turn_separator=turn_separator,
            format=format_,
            encoding=encoding,
            bad_rows=rejects or "stop",
        )
        stream = stack.enter_context(open_output(output))
        on_progress = stack.enter_context(progress())
        annotate_stream(annotator, reading, stream, on_progress=on_progress)
    if rejects is not None and rejects.count:
        rows = "1 row" if rejects.count == 1 else f"{rejects.count:,} rows"
        typer.echo(f"{rows} could not be read; see {skip_bad_rows}.", err=True)
