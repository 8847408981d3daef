"""`emoscope evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from emoscope.cli.common import (
    CorpusArgument,
    DataDir,
    IdColumn,
    LabelColumn,
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
    turns: TurnColumns = None,
    id_column: IdColumn = None,
    label: LabelColumn = None,
    turn_separator: TurnSeparator = None,
    json_file: Annotated[
        str | None, typer.Option("--json", help="Also write the figures here; - for stdout alone.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Write the confusion matrix here, as PNG.")
    ] = None,
) -> None:
    """Measure a model on a labelled corpus.

    [b]Example:[/b] emoscope evaluate sample --model sample --plot confusion.png
    """
    import json

    from emoscope.cli.common import corpus_section
    from emoscope.cli.tables import print_report
    from emoscope.errors import InputError, require

    for module in ("torch", "datasets", "matplotlib"):
        require(module, "train")
    from emoscope.corpora.registry import load_corpus
    from emoscope.evaluation.evaluate import evaluate as measure
    from emoscope.evaluation.metrics import confusion
    from emoscope.evaluation.plots import draw_confusion
    from emoscope.folder import ModelFolder, write_text
    from emoscope.runtime.annotator import load

    # A table may lack some of the labels; the model says which there are.
    known = ModelFolder.open(model).taxonomy
    section, root = corpus_section(corpus, data_dir, turns, id_column, label, None, turn_separator)
    name = section.train if section.name == "tabular" else split
    examples = load_corpus(section, root, name, taxonomy=known)
    if plot is not None and not known.exclusive:
        raise InputError("--plot draws a confusion matrix, which needs exclusive labels.")
    result = measure(load(model), examples)
    figures = result.to_dict()
    text = json.dumps(figures, indent=2)
    if json_file == "-":
        typer.echo(text)
    else:
        print_report(figures, name if section.name == "tabular" else f"{corpus}, {name}")
        if json_file is not None:
            write_text(Path(json_file), text + "\n")
    if plot is not None:
        draw_confusion(confusion(result.labels, result.decisions), known.names, plot)
