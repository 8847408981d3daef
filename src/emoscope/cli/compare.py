"""`emoscope compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

from emoscope.cli._common import (
    PictureFormatOption,
    PluginOption,
    RestartOption,
    check_files,
    check_picture_format,
    removed_on_failure,
)

if TYPE_CHECKING:
    from emoscope.experiments.compare.comparison import Comparison
    from emoscope.experiments.configurations import Compared


def compare(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER",
            help="Folder of a configuration's runs, as `emoscope train` writes it, or one that "
            "holds several.",
            show_default=False,
        ),
    ],
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="Figure to compare: micro_f1, macro_f1, jaccard, accuracy, LABEL_f1; precision "
            "and recall in place of f1; harmonic_macro_f1, of macro precision and recall; after "
            "half_ at a threshold of ½; after a language and _ on its texts alone. Repeatable. "
            "Default: micro_f1, macro_f1 and jaccard, or accuracy of exclusive labels.",
            show_default=False,
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Configuration that differences are to; default the first.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Literal["dev", "test"] | None,
        typer.Option(
            help="Whose texts; default test if all configurations were measured on it, else dev.",
            show_default=False,
        ),
    ] = None,
    reference: Annotated[
        Literal["published"] | None,
        typer.Option(help="Put the figures published for the recipes beside.", show_default=False),
    ] = None,
    format_: Annotated[
        Literal["terminal", "markdown", "latex", "csv", "json"],
        typer.Option("--format", "-f", help="How to write the tables."),
    ] = "terminal",
    output: Annotated[
        str, typer.Option("--output", "-o", help="File to write them to; - for stdout.")
    ] = "-",
    plots: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write here curves of the training, bars of each label, a matrix of decisions and "
            "labels for each configuration, and figures by the size of the training data where "
            "configurations differ in it.",
            show_default=False,
        ),
    ] = None,
    picture_format: PictureFormatOption = "png",
    resamples: Annotated[int, typer.Option(min=100, help="Of the bootstrap.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of everything drawn at random.")] = 0,
    plugin: PluginOption = None,
    restart: RestartOption = False,
) -> None:
    """Compare configurations over their runs: mean ± sd, differences, and whether these stand.

    [b]Example:[/b] emoscope compare sample --split dev
    """
    import io

    from emoscope.errors import InputError, require
    from emoscope.files import write_text

    require("pyarrow", "train")
    check_picture_format(picture_format, plots, "--plots")
    if plots is not None:
        require("matplotlib", "train")
        if plots.exists() and not plots.is_dir():
            raise InputError(f"--plots {plots}: expected a folder, found a file.")
    if output != "-" and (Path(output).is_dir() or not Path(output).parent.is_dir()):
        raise InputError(f"--output {output}: expected a file in a folder that is there.")
    check_files({}, {"--output": output, "--plots": plots}, restart=restart)
    from emoscope.experiments.compare.formats import FORMATS
    from emoscope.experiments.configurations import gather_groups

    # A baseline that is not among them comes first.
    groups = gather_groups(folders, split, baseline=baseline)
    comparisons = [
        compare_group(group, metric or (), (resamples, seed), reference is not None, len(groups))
        for group in groups
    ]
    with removed_on_failure(output, plots):
        if format_ != "terminal":
            text = FORMATS[format_](comparisons)
            if output == "-":
                typer.echo(text, nl=False)
        elif output == "-":
            print_comparisons(comparisons)
        else:
            file = io.StringIO()
            print_comparisons(comparisons, file)
            text = file.getvalue()
        if output != "-":
            write_text(Path(output), text)
        if plots is not None:
            from emoscope.experiments.compare.plots import draw_comparison

            for number, comparison in enumerate(comparisons, start=1):
                place = plots if len(groups) == 1 else plots / f"group-{number}"
                draw_comparison(comparison, place, picture_format)


def compare_group(
    group: "Compared",
    metrics: Sequence[str],
    drawing: tuple[int, int],
    published: bool,
    groups: int,
) -> "Comparison":
    """Compare the configurations of one group, which share their texts and labels.

    Args:
        group: the configurations.
        metrics: names of metrics; some others if empty.
        drawing: number of bootstrap resamples, and the random seed.
        published: whether published figures are put beside.
        groups: number of all groups.
    """
    from dataclasses import replace

    from emoscope.errors import InputError
    from emoscope.experiments.compare.comparison import compare as compare_them
    from emoscope.experiments.compare.references import References, find_references

    references = References()
    if published:
        params = [configuration.log.params for configuration in group.configurations]
        try:
            references = find_references(params, group.split, len(group.texts.parts))
        except InputError as error:
            if groups == 1:
                raise
            # The other groups may have published figures.
            references = References(left_out=(str(error),))
    resamples, seed = drawing
    compared = compare_them(
        group, metrics, resamples=resamples, seed=seed, references=references.rows
    )
    return replace(compared, remarks=references.left_out)


def print_comparisons(comparisons: "Sequence[Comparison]", file: TextIO | None = None) -> None:
    """The tables of each group of configurations, below the title of the group if it has several.

    Args:
        comparisons: to be shown.
        file: instead of the terminal.
    """
    from emoscope.experiments.compare.tables import make_group_title

    for number, comparison in enumerate(comparisons, start=1):
        if len(comparisons) > 1:
            title = make_group_title(comparison, number, len(comparisons))
            typer.echo(f"{title}\n", file=file)
        print_comparison(comparison, file)
        if number < len(comparisons):
            typer.echo("", file=file)


def print_comparison(comparison: "Comparison", file: TextIO | None = None) -> None:
    """The tables on the terminal, or in a file; where a best stands it has a star as well.

    Args:
        comparison: to be shown.
        file: instead of the terminal.
    """
    from rich.console import Console
    from rich.text import Text

    from emoscope.cli._tables import print_grid
    from emoscope.experiments.compare.tables import make_grids, make_notes

    console = (
        Console(highlight=False)
        if file is None
        else Console(file=file, width=120, highlight=False, force_terminal=False)
    )
    for grid in make_grids(comparison):
        print_grid(grid, console)
        console.print()
    for note in make_notes(comparison):
        console.print(Text(note.replace("Bold:", "* in bold:")))
