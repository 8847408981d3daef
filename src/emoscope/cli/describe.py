"""`emoscope describe`."""

from pathlib import Path
from typing import Annotated

import typer

from emoscope.cli._common import (
    CorpusArgument,
    DataDir,
    IdColumn,
    LabelColumn,
    LabelNames,
    Languages,
    PluginOption,
    RestartOption,
    TaxonomyOption,
    TextColumn,
    TurnColumns,
    TurnSeparator,
    check_files,
    removed_on_failure,
)


def describe(
    corpus: CorpusArgument,
    data_dir: DataDir = None,
    languages: Languages = None,
    splits: Annotated[
        str, typer.Option(help="Splits to describe, comma-separated.")
    ] = "train,dev,test",
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Part the training split as this recipe does: what it holds out is a column of "
            "its own.",
            show_default=False,
        ),
    ] = None,
    cutoff: Annotated[int, typer.Option(min=1, help="Length to count texts within.")] = 35,
    text: TextColumn = None,
    turns: TurnColumns = None,
    id_column: IdColumn = None,
    label: LabelColumn = None,
    label_names: LabelNames = None,
    taxonomy: TaxonomyOption = None,
    turn_separator: TurnSeparator = None,
    show_cleaned: Annotated[
        int, typer.Option(min=0, help="Show so many texts before and after cleaning.")
    ] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="Write a picture here, as .png, .svg or .pdf.")
    ] = None,
    correlations: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a heat map of how the labels correlate here, as .png, .svg or .pdf, over "
            "all texts of these splits that are labelled.",
            show_default=False,
        ),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", help="Write the figures here; - for stdout alone.")
    ] = None,
    restart: RestartOption = False,
    plugin: PluginOption = None,
) -> None:
    """Shares of the labels, emoji, lengths after cleaning: what a corpus is like.

    [b]Example:[/b] emoscope describe sample --show-cleaned 2 --plot sample.png
    """
    import json

    import numpy as np

    from emoscope.cli._corpora import CorpusOptions, describe_columns, describe_unlabelled
    from emoscope.cli._tables import print_cleaned, print_descriptions
    from emoscope.errors import require
    from emoscope.evaluation.describe import describe as measure
    from emoscope.files import write_text
    from emoscope.folder import ModelFolder
    from emoscope.inference.annotator import PRETRAINED
    from emoscope.labelled.texts import Labelled
    from emoscope.taxonomy import Taxonomy
    from emoscope.text import CHAT_STEPS, TextPipeline

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
    )
    table = options.find_table()
    check_files(
        {"the corpus": corpus, "--taxonomy": taxonomy, "--label-names": label_names},
        {"--plot": plot, "--correlations": correlations, "--json": json_file},
        pictures=(plot, correlations),
        restart=restart,
    )
    for module in ("matplotlib",) if plot or correlations else ():
        require(module, "train")
    corpora: dict[str, Labelled] = {}
    if recipe is not None:
        corpora |= options.load_parted(recipe, splits.split(","))
    elif table is None:
        corpora |= {name: options.load_split(name) for name in splits.split(",")}
    else:
        # A table may be about other labels: these are those whose columns are known by their names.
        known = Taxonomy.load(taxonomy) if taxonomy else ModelFolder.open(PRETRAINED).taxonomy
        rows = table.read(known, required=False)
        texts = rows.to_texts(known)
        corpora[table.path.name] = texts
        if np.isnan(texts.labels).all():
            typer.echo(describe_unlabelled(rows), err=True)
        else:
            for line in describe_columns(rows, label, texts.taxonomy.names):
                typer.echo(line, err=True)
    pipeline = TextPipeline(CHAT_STEPS)
    described = {name: measure(split, pipeline, cutoff) for name, split in corpora.items()}
    correlated = None
    if correlations is not None:
        require("scipy", "train")
        from emoscope.evaluation.correlations import make_data_matrix

        labels = np.concatenate([split.labels for split in corpora.values()])
        correlated = make_data_matrix(next(iter(corpora.values())).taxonomy.names, labels)
    written = json.dumps({name: item.to_dict() for name, item in described.items()}, indent=2)
    with removed_on_failure(plot, correlations, json_file):
        if json_file == "-":
            typer.echo(written)
        else:
            print_descriptions(described)
            if show_cleaned:
                first = next(iter(corpora.values()))
                print_cleaned(first.turns[:show_cleaned], pipeline)
            if json_file is not None:
                write_text(Path(json_file), written + "\n")
        if plot is not None:
            from emoscope.evaluation.plots import draw_descriptions

            draw_descriptions(described, plot)
        if correlations is not None and correlated is not None:
            from emoscope.evaluation.correlation_plots import TITLES, draw_matrix

            draw_matrix(correlated, *TITLES["data"], correlations)
