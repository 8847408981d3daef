"""`emoscope evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from emoscope.cli._common import (
    CorpusArgument,
    DataDir,
    IdColumn,
    LabelColumn,
    LanguageColumn,
    Languages,
    TurnColumns,
    TurnSeparator,
)


def evaluate(
    corpus: CorpusArgument,
    model: Annotated[
        Path, typer.Option("--model", "-m", help="Folder of a model or of a training.")
    ],
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
    turns: TurnColumns = None,
    id_column: IdColumn = None,
    label: LabelColumn = None,
    language: LanguageColumn = None,
    turn_separator: TurnSeparator = None,
    json_file: Annotated[
        str | None, typer.Option("--json", help="Also write the figures here; - for stdout alone.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Write the confusion matrix here, as PNG.")
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
) -> None:
    """Measure a model on a labelled corpus.

    [b]Example:[/b] emoscope evaluate sample --model sample --plot confusion.png
    """
    import json

    from emoscope.cli._common import CorpusOptions, make_corpus_section
    from emoscope.cli._tables import print_report
    from emoscope.errors import InputError, require

    for module in ("torch", "datasets", "matplotlib", "scipy"):
        require(module, "train")
    from emoscope.corpora.registry import load_corpus
    from emoscope.evaluation.evaluate import evaluate as measure
    from emoscope.evaluation.evaluate import with_groups
    from emoscope.evaluation.plots import draw_confusion
    from emoscope.files import write_text
    from emoscope.folder import ModelFolder
    from emoscope.inference.annotator import load
    from emoscope.metrics.classification import confusion
    from emoscope.taxonomy import Taxonomy

    wanted = None if taxonomy is None else Taxonomy.load(taxonomy)
    # A table may lack some of the labels; the model says which there are.
    known = wanted or ModelFolder.open(model).taxonomy
    section, root = make_corpus_section(
        CorpusOptions(
            corpus,
            data_dir,
            turns=turns,
            id=id_column,
            label=label,
            turn_separator=turn_separator,
            languages=languages,
            language=language,
        )
    )
    name = (section.train or split) if section.name == "tabular" else split
    title = name if section.name == "tabular" else f"{corpus}, {name}"
    examples = load_corpus(section, root, name, taxonomy=known).only_labelled(title)
    if plot is not None and not known.exclusive:
        raise InputError("--plot draws a confusion matrix, which needs exclusive labels.")
    if correlations is not None and correlations.exists() and not correlations.is_dir():
        raise InputError(f"--correlations {correlations}: expected a folder, found a file.")
    annotator = load(model, wanted)
    examples = with_groups(examples, known)
    result = measure(annotator, examples)
    values = result.to_dict()
    left = sorted(set(known.names) ^ set(examples.taxonomy.names))
    if left:
        typer.echo(f"Left out, as only one side has them: {', '.join(left)}.", err=True)
    text = json.dumps(values, indent=2)
    if json_file == "-":
        typer.echo(text)
    else:
        print_report(values, title)
        if json_file is not None:
            write_text(Path(json_file), text + "\n")
    if plot is not None:
        draw_confusion(confusion(result.labels, result.decisions), known.names, plot)
    if correlations is not None:
        from emoscope.evaluation.correlation_plots import draw_correlations
        from emoscope.evaluation.correlations import measure_correlations

        found = measure_correlations(annotator, examples, result)
        draw_correlations(found, correlations)
        content = json.dumps(found.to_dict(), indent=2, ensure_ascii=False)
        write_text(correlations / "correlations.json", content + "\n")
        for line in found.describe():
            # With --json - the figures are alone on stdout.
            typer.echo(line, err=json_file == "-")
