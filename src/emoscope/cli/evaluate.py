"""`emoscope evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from emoscope.cli._common import (
    CorpusArgument,
    DataDir,
    DomainOption,
    IdColumn,
    LabelColumn,
    LabelNames,
    LanguageColumn,
    Languages,
    ModelOption,
    PictureFormatOption,
    PluginOption,
    RestartOption,
    TextColumn,
    TurnColumns,
    TurnSeparator,
    check_files,
    check_picture_format,
    removed_on_failure,
)


def evaluate(
    context: typer.Context,
    corpus: CorpusArgument,
    model: ModelOption = None,
    split: Annotated[
        str, typer.Option(help="train, dev or test; a table of your own has no splits.")
    ] = "test",
    data_dir: DataDir = None,
    languages: Languages = None,
    taxonomy: Annotated[
        str | None,
        typer.Option(
            help="Ask the model for these labels instead of those it was trained on: a taxonomy's "
            "name or file, or a list. Demux reads its labels and takes any.",
            show_default=False,
        ),
    ] = None,
    text: TextColumn = None,
    turns: TurnColumns = None,
    id_column: IdColumn = None,
    label: LabelColumn = None,
    label_names: LabelNames = None,
    language: LanguageColumn = None,
    turn_separator: TurnSeparator = None,
    json_file: Annotated[
        str | None, typer.Option("--json", help="Also write the figures here; - for stdout alone.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Write the confusion matrix here, as .png, .svg or .pdf.")
    ] = None,
    correlations: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write here how labels go together: heat maps of the model's label "
            "representations (learned, and centred: less what all labels share), of its "
            "predictions, of the data and of Plutchik's wheel; the model's labels as points on "
            "the wheel (plutchik.png); and all of it as correlations.json. What the model or its "
            "labels do not allow is left out.",
            show_default=False,
        ),
    ] = None,
    picture_format: PictureFormatOption = "png",
    domain: DomainOption = None,
    plugin: PluginOption = None,
    restart: RestartOption = False,
) -> None:
    """Measure a model on labelled texts: rows that you have coded, or a corpus.

    [b]Example:[/b] emoscope evaluate sample --model sample --plot confusion.png
    """
    import json

    from emoscope.cli._corpora import CorpusOptions
    from emoscope.cli._evaluate_table import TableEvaluation, describe_left_out
    from emoscope.cli._tables import print_report
    from emoscope.errors import InputError, require
    from emoscope.evaluation.evaluate import evaluate as measure
    from emoscope.evaluation.evaluate import with_groups
    from emoscope.files import write_text
    from emoscope.folder import ModelFolder
    from emoscope.inference.annotator import PRETRAINED, load
    from emoscope.labelled.texts import Labelled
    from emoscope.metrics.classification import confusion
    from emoscope.taxonomy import Taxonomy

    options = CorpusOptions(
        corpus,
        data_dir,
        text=text,
        turns=turns,
        id=id_column,
        label=label,
        label_names=label_names,
        turn_separator=turn_separator,
        languages=languages,
        language=language,
    )
    table = options.find_table()
    source = context.get_parameter_source("split")
    if table is not None and source is not None and source.name == "COMMANDLINE":
        raise InputError(
            f"--split {split}: a table has no splits, and all its rows are measured. Leave it out; "
            "to measure some, write them into a file of their own."
        )
    check_files(
        {"the corpus": corpus, "--taxonomy": taxonomy, "--label-names": label_names},
        {"--json": json_file, "--plot": plot, "--correlations": correlations},
        model=model,
        pictures=(plot,),
        restart=restart,
    )
    check_picture_format(picture_format, correlations, "--correlations")
    for module in ("matplotlib", "scipy", "torch") if plot or correlations else ():
        require(module, "train")
    wanted = None if taxonomy is None else Taxonomy.load(taxonomy)
    folder = PRETRAINED if model is None else model
    # A table may lack some of the labels; the model says which there are.
    known = wanted or ModelFolder.open(folder).taxonomy
    title = f"{corpus}, {split}" if table is None else table.path.name
    read = None if table is None else TableEvaluation.read(table, known)
    examples: Labelled = options.load_split(split) if read is None else read.texts
    examples = examples.only_labelled(title)
    if plot is not None and not known.exclusive:
        raise InputError("--plot draws a confusion matrix, which needs exclusive labels.")
    if correlations is not None and correlations.exists() and not correlations.is_dir():
        raise InputError(f"--correlations {correlations}: expected a folder, found a file.")
    annotator = load(folder, wanted, domain=domain)
    if read is not None and wanted is None:
        annotator = read.ask_others(annotator)
    examples = with_groups(examples, annotator.taxonomy)
    result = measure(annotator, examples)
    left = describe_left_out(annotator.taxonomy.names, examples.taxonomy.names, result)
    for line in (*(() if read is None else read.describe(annotator, result)), *left):
        typer.echo(line, err=True)
    values = result.to_dict()
    written = json.dumps(values, indent=2)
    with removed_on_failure(json_file, plot, correlations):
        if json_file == "-":
            typer.echo(written)
        else:
            print_report(values, title)
            if json_file is not None:
                write_text(Path(json_file), written + "\n")
            given = {
                "--model": model,
                "--taxonomy": taxonomy,
                "--text": text,
                "--turns": turns,
                "--turn-separator": turn_separator,
                "--label": label,
                "--label-names": label_names,
                "--domain": domain,
            }
            for line in () if read is None else read.advise(annotator, result, given):
                typer.echo(line, err=True)
        if plot is not None:
            from emoscope.evaluation.plots import draw_confusion

            draw_confusion(confusion(result.labels, result.decisions), known.names, plot)
        if correlations is not None:
            from emoscope.evaluation.correlation_plots import draw_correlations
            from emoscope.evaluation.correlations import measure_correlations

            found = measure_correlations(annotator, examples, result)
            draw_correlations(found, correlations, picture_format)
            content = json.dumps(found.to_dict(), indent=2, ensure_ascii=False)
            write_text(correlations / "correlations.json", content + "\n")
            for line in found.describe():
                # With --json - the figures are alone on stdout.
                typer.echo(line, err=json_file == "-")
