"""`emoscope describe`."""

from pathlib import Path
from typing import Annotated

import typer

from emoscope.cli._common import (
    CorpusArgument,
    DataDir,
    IdColumn,
    LabelColumn,
    Languages,
    TaxonomyOption,
    TurnColumns,
    TurnSeparator,
)


def describe(
    corpus: CorpusArgument,
    data_dir: DataDir = None,
    languages: Languages = None,
    splits: Annotated[
        str, typer.Option(help="Splits to describe, comma-separated.")
    ] = "train,dev,test",
    cutoff: Annotated[int, typer.Option(min=1, help="Length to count texts within.")] = 35,
    turns: TurnColumns = None,
    id_column: IdColumn = None,
    label: LabelColumn = None,
    taxonomy: TaxonomyOption = None,
    turn_separator: TurnSeparator = None,
    show_cleaned: Annotated[
        int, typer.Option(min=0, help="Show so many texts before and after cleaning.")
    ] = 0,
    plot: Annotated[Path | None, typer.Option(help="Write a picture here, as PNG.")] = None,
    correlations: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a heat map of how the labels correlate here, as PNG, over all texts of "
            "these splits that are labelled.",
            show_default=False,
        ),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", help="Write the figures here; - for stdout alone.")
    ] = None,
) -> None:
    """Shares of the labels, emoji, lengths after cleaning: what a corpus is like.

    [b]Example:[/b] emoscope describe sample --show-cleaned 2 --plot sample.png
    """
    import json

    import numpy as np

    from emoscope.cli._common import CorpusOptions, make_corpus_section
    from emoscope.cli._tables import print_cleaned, print_descriptions
    from emoscope.errors import require

    require("datasets", "train")
    require("matplotlib", "train")
    from emoscope.corpora.registry import load_corpus
    from emoscope.evaluation.describe import describe as measure
    from emoscope.evaluation.plots import draw_descriptions
    from emoscope.files import write_text
    from emoscope.text import CHAT_STEPS, TextPipeline

    # A table without labels can be described too, with any taxonomy.
    if label is None and taxonomy is None:
        taxonomy = "emocontext"
    section, root = make_corpus_section(
        CorpusOptions(
            corpus,
            data_dir,
            turns=turns,
            id=id_column,
            label=label,
            taxonomy=taxonomy,
            turn_separator=turn_separator,
            languages=languages,
        )
    )
    table = section.train if section.name == "tabular" else None
    names = splits.split(",") if table is None else [table]
    corpora = {name: load_corpus(section, root, name) for name in names}
    pipeline = TextPipeline(CHAT_STEPS)
    described = {name: measure(split, pipeline, cutoff) for name, split in corpora.items()}
    correlated = None
    if correlations is not None:
        require("scipy", "train")
        from emoscope.evaluation.correlations import make_data_matrix

        labels = np.concatenate([split.labels for split in corpora.values()])
        correlated = make_data_matrix(corpora[names[0]].taxonomy.names, labels)
    text = json.dumps({name: item.to_dict() for name, item in described.items()}, indent=2)
    if json_file == "-":
        typer.echo(text)
    else:
        print_descriptions(described)
        if show_cleaned:
            first = next(iter(corpora.values()))
            print_cleaned(first.turns[:show_cleaned], pipeline)
        if json_file is not None:
            write_text(Path(json_file), text + "\n")
    if plot is not None:
        draw_descriptions(described, plot)
    if correlations is not None and correlated is not None:
        from emoscope.evaluation.correlation_plots import TITLES, draw_matrix

        draw_matrix(correlated, *TITLES["data"], correlations)
