"""`emoscope annotate`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from emoscope.cli._common import (
    DomainOption,
    IdColumn,
    LabelNames,
    ModelOption,
    PluginOption,
    TurnColumns,
    TurnSeparator,
    check_files,
)
from emoscope.cli._reading import (
    DelimiterOption,
    InputFormat,
    MissingOption,
    NoHeader,
    QuotingOption,
    SheetOption,
)

OutputFormat = Literal["jsonl", "csv", "parquet", "labelstudio", "doccano"]


def annotate(
    context: typer.Context,
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Texts or conversations: CSV, TSV, Excel, JSONL, JSON, Parquet, a WhatsApp chat, "
            "or .txt with one text a line, also with .gz, .zst, .bz2, .xz, .zip; - for stdin. "
            "Several files, a folder, or a pattern such as 'dumps/*.csv', if --output is a folder.",
            show_default=False,
        ),
    ],
    model: ModelOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write; default stdout, or -. Without it a terminal shows the first rows "
            "as a table.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        OutputFormat | None,
        typer.Option(
            "--output-format",
            help="If the suffix of the output does not say it; default JSONL.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="Score these instead of the model's own: 'pride, relief, anger|rage', or a "
            "taxonomy's name or file. Demux reads its labels and takes any.",
            show_default=False,
        ),
    ] = None,
    taxonomy: Annotated[
        str | None,
        typer.Option(
            help="The same by name (see `emoscope taxonomies`) or file (.yaml, .json).",
            show_default=False,
        ),
    ] = None,
    threshold: Annotated[
        str,
        typer.Option(
            help="Probability from which a label is given: a number, a JSON or YAML file with a "
            "number for each label, or [b]fitted[/b], the model's own."
        ),
    ] = "fitted",
    top_k: Annotated[
        int | None,
        typer.Option(
            min=1, help="Write only so many labels a row, the most probable.", show_default=False
        ),
    ] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE",
            help="Rows that you have coded, a hundred or more: shift and cut the labels so that "
            "they fit them. A column for each label with 1 or 0, or one of names (--label); the "
            "text as in FILE. Or a .json file of --save-calibration.",
            show_default=False,
        ),
    ] = None,
    save_calibration: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Keep what the coded rows say, for --calibrate of later runs.",
            show_default=False,
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="Column of label names in the table of --calibrate; default "
            "labels, label, emotions, emotion or sentiment, if "
            "there is no column for each label.",
            show_default=False,
        ),
    ] = None,
    label_names: LabelNames = None,
    expect: Annotated[
        str | None,
        typer.Option(
            help="Share of the texts that you expect to have some labels: 'nostalgia=0.05, "
            "hope=0.1'. Their scores rise or fall accordingly.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            help="Column of the text; default text. A path leads into nested ones: data.text; each "
            "element of a list is a row: 'messages[].content'.",
            show_default=False,
        ),
    ] = None,
    turns: TurnColumns = None,
    id_column: IdColumn = None,
    turn_separator: TurnSeparator = None,
    format_: InputFormat = None,
    encoding: Annotated[str, typer.Option(help="Of the input.")] = "utf-8",
    delimiter: DelimiterOption = None,
    quoting: QuotingOption = "auto",
    no_header: NoHeader = False,
    sheet: SheetOption = None,
    missing: MissingOption = None,
    bad_rows: Annotated[
        Literal["stop", "keep"],
        typer.Option(
            help="At a row that cannot be annotated stop, or keep it with the reason in place of "
            "scores."
        ),
    ] = "stop",
    skip_bad_rows: Annotated[
        Path | None,
        typer.Option(
            help="Put such rows into this JSONL file instead, and go on.", show_default=False
        ),
    ] = None,
    restart: Annotated[
        bool,
        typer.Option(
            "--restart",
            help="Begin anew, and replace files that are there; without it no file that holds "
            "something is replaced, but by the job that wrote it.",
        ),
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Keep scores in this file, for texts that come again.", show_default=False
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that score.")] = 1,
    engine: Annotated[
        Literal["auto", "openvino", "onnxruntime", "torch"],
        typer.Option(help="What runs the model; auto takes the fastest that is installed."),
    ] = "auto",
    cluster: Annotated[
        Literal["ray"] | None,
        typer.Option(
            help="Annotate a folder of files or a partitioned Parquet data set with Ray Data; "
            "--output is a folder too.",
            show_default=False,
        ),
    ] = None,
    long_texts: Annotated[
        Literal["auto", "mean", "max", "truncate"],
        typer.Option(
            help="Of a text longer than the model reads at a time: the mean or the highest score "
            "of its windows, or the part that it reads; auto: mean, but conversations are cut."
        ),
    ] = "auto",
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Draw the output, JSONL, CSV or Parquet, as .html, .svg, .png or .pdf.",
            show_default=False,
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(help="Column of dates, for the picture over time.", show_default=False),
    ] = None,
    date_format: Annotated[
        str | None,
        typer.Option(help="Of the dates, where they are ambiguous: %d/%m/%Y.", show_default=False),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but what goes wrong.")
    ] = False,
    domain: DomainOption = None,
    plugin: PluginOption = None,
) -> None:
    """Score every text or conversation of a file, in order.

    With --output, a job that was ended goes on when the same command is run again.

    [b]Example:[/b] emoscope annotate chats.tsv --model sample --output scores.csv
    """
    from dataclasses import replace

    from emoscope.cli._annotate_options import (
        choose_turn_columns,
        make_model_spec,
        open_stdin,
        parse_threshold,
        run_annotation,
        silence_stderr,
    )
    from emoscope.cli._calibration import add_calibration, parse_expected_shares
    from emoscope.cli._folder import are_several, run_on_files
    from emoscope.cli._picture import JobPicture
    from emoscope.cli._preview import is_previewed, show_preview
    from emoscope.cli._reading import find_row_list, make_dialect
    from emoscope.errors import InputError
    from emoscope.jobs.annotate import Options, Source
    from emoscope.labelled.names import load_label_names
    from emoscope.labelled.table import LabelledTable
    from emoscope.reading.missing import parse_marks

    if quiet:
        silence_stderr(context)
    if skip_bad_rows is not None and bad_rows == "keep":
        raise InputError("Bad rows are kept or skipped: leave out --bad-rows or --skip-bad-rows.")
    if date is None and date_format is not None:
        raise InputError("--date-format needs --date, the column that it is the format of.")
    if plot is None and date is not None:
        raise InputError("--date is for the picture over time: name a --plot, too.")
    if calibrate is None and (save_calibration, label, label_names) != (None, None, None):
        raise InputError(
            "--save-calibration, --label and --label-names need --calibrate, the coded rows."
        )
    check_files(
        {f"the input {name}": name for name in source}
        | {"--labels": labels, "--taxonomy": taxonomy, "--calibrate": calibrate}
        | {"--label-names": label_names, "--threshold": threshold},
        {"--output": output, "--save-calibration": save_calibration, "--cache": cache}
        | {"--plot": plot, "--skip-bad-rows": skip_bad_rows},
        model=model,
        new=False,
    )
    spec = make_model_spec(model, labels, taxonomy, engine, long_texts)
    spec = replace(spec, expected=parse_expected_shares(expect), domain=domain)
    if calibrate is not None:
        coded = LabelledTable(
            calibrate,
            choose_turn_columns(text, turns),
            label=label,
            turn_separator=turn_separator,
            label_names=load_label_names(label_names),
            encoding=encoding,
        )
        spec = add_calibration(spec, coded, save_calibration, restart=restart)
    texts = Source(
        file=open_stdin() if source == ["-"] else Path(source[0]),
        turns=choose_turn_columns(text, turns),
        id=id_column,
        turn_separator=turn_separator,
        format=format_,
        encoding=encoding,
        needed=() if date is None else (date,),
        dialect=make_dialect(delimiter, quoting, no_header, sheet),
        missing=parse_marks(missing),
        each=find_row_list(text),
    )
    options = Options(
        format=output_format,
        threshold=parse_threshold(threshold),
        top_k=top_k,
        bad_rows=skip_bad_rows or bad_rows,
        workers=workers,
        cache=cache,
        restart=restart,
        pictures=() if plot is None else (plot,),
    )
    if cluster is None and are_several(source):
        if plot is not None:
            raise InputError("--plot draws one file. Leave it out, and draw outputs by themselves.")
        run_on_files(source, spec, texts, output, options)
        return
    if cluster is not None:
        if len(source) > 1:
            raise InputError("--cluster takes one folder or pattern. Quote it: 'dumps/*.csv'.")
        from emoscope.cli._cluster import run_on_cluster

        run_on_cluster(spec, texts, output, options, plot)
        return
    if output is None and is_previewed(texts, options, picture=plot is not None):
        show_preview(spec, texts, options)
        return
    picture = None if plot is None else JobPicture(plot, date, date_format)
    output = None if output == Path("-") else output
    run_annotation(spec, texts, output, options, picture)
