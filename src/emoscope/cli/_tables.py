"""Tables on the terminal."""

import textwrap
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from emoscope.text import TextPipeline

if TYPE_CHECKING:
    from emoscope.evaluation.describe import Description
    from emoscope.experiments.compare.tables import Cell, Grid
    from emoscope.metrics.metric import Metric


SHOWN_CONFUSIONS = 5
TITLE_WIDTH = 8
"""Characters on a line of a column's title where its cells are narrower than the title."""


def print_grid(grid: "Grid", console: Console) -> None:
    """Print a table of text, as narrow as the terminal asks; names are folded, never cut.

    Args:
        grid: the table.
        console: where it is printed.
    """
    table = make_table(grid, tight=False)
    anywhere = console.options.update_width(10_000)
    if console.measure(table, options=anywhere).maximum > console.width:
        table = make_table(grid, tight=True)
    console.print(table)


def make_table(grid: "Grid", *, tight: bool) -> Table:
    """Make the table that is printed.

    Args:
        grid: the table as text.
        tight: with as little space between columns and around ± as can be read.
    """

    def format_cell(cell: "Cell") -> Text:
        text = cell.text.replace(" ± ", "±") if tight else cell.text
        if cell.bold:  # Bold may not show, and is lost in a file.
            return Text(f"{text}*", style="bold")
        return Text(text, style="dim" if cell.dim else "")

    table = Table(
        title=Text(grid.title),
        title_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0 if tight else 1),
    )
    columns = zip(*(row for section in grid.sections for row in section), strict=True)
    for at, (header, cells) in enumerate(zip(grid.header, columns, strict=True)):
        words = at < grid.left
        # A figure stays on its line; its title may take two.
        if not words and len(header) > max(len(format_cell(cell)) for cell in cells):
            header = "\n".join(textwrap.wrap(header, TITLE_WIDTH, break_long_words=False))
        table.add_column(
            Text(header),
            justify="left" if words else "right",
            overflow="fold",
            no_wrap=not words,
        )
    for section in grid.sections:
        for row in section:
            table.add_row(*map(format_cell, row))
        table.add_section()
    return table


def print_report(report: Mapping[str, Any], title: str) -> None:
    """Precision, recall, F1 and κ of each label, micro, macro; accuracy, frequent confusions.

    Args:
        report: `Evaluation.to_dict()`, or `Report.to_dict()`, which has less.
        title: the title of the table.
    """
    kappas = report.get("label_kappas")
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("label")
    # Runs that older versions finished have no counts.
    counts = report.get("counts")
    columns = ("precision", "recall", "F1", "texts", *(("TP", "FP", "FN") if counts else ()))
    for name in (*columns, *(("κ",) if kappas else ())):
        table.add_column(name, justify="right")
    for name, row in report["labels"].items():
        errors = format_counts([counts[name]]) if counts else []
        table.add_row(Text(name), *format_scores(row), *errors, *format_kappa(kappas, name))
    table.add_section()
    for name in ("micro", "macro"):
        errors = []
        if counts and name == "micro":
            errors = format_counts([counts[label] for label in averaged_labels(report)])
        table.add_row(name, *format_scores(report[name]), *errors)
    harmonic = report.get("harmonic_macro_f1")
    console = Console()
    console.print(table)
    text = f"accuracy {report['accuracy']:.3f}, Jaccard {report['jaccard']:.3f}"
    text += f" of {report['texts']:,} texts"
    if report.get("kappa") is not None:
        text += f"; Cohen's κ {report['kappa']:.3f}"
    if harmonic is not None:
        text += f"; F1 of macro precision and recall {harmonic:.3f}"
    console.print(text, highlight=False)
    intervals = [
        f"{name}-F1 {low:.3f}–{high:.3f}"
        for name in ("micro", "macro")
        for low, high in [report.get(f"{name}_f1_interval_95", (None, None))]
        if low is not None
    ]
    if intervals:
        console.print(f"{', '.join(intervals)} (95 % bootstrap over texts)", highlight=False)
    fixed = report.get("half")
    if fixed:
        console.print(
            f"at ½ instead of fitted thresholds: micro-F1 {fixed['micro']['f1']:.3f}, macro-F1 "
            f"{fixed['macro']['f1']:.3f}, Jaccard {fixed['jaccard']:.3f}",
            highlight=False,
        )
    if report.get("confusions"):
        print_confusions(report["confusions"][:SHOWN_CONFUSIONS], report["labels"])
    if "languages" in report:
        print_languages(report)


def averaged_labels(report: Mapping[str, Any]) -> list[str]:
    """The labels whose counts the micro averages sum, as far as `Report.to_dict()` tells."""
    ignored = report.get("ignored", ())
    return [name for name in report["labels"] if name not in ignored]


def format_counts(counts: Sequence[Mapping[str, int]]) -> list[str]:
    """Format the sums of true positives, false positives and false negatives."""
    names = ("true_positives", "false_positives", "false_negatives")
    return [f"{sum(each[name] for each in counts):,}" for name in names]


def format_kappa(kappas: Mapping[str, float | None] | None, label: str) -> list[str]:
    """Format the κ of a label, if there are any; a dash where it has none."""
    if kappas is None:
        return []
    value = kappas[label]
    return ["–" if value is None else f"{value:.3f}"]


def print_confusions(confusions: Sequence[Mapping[str, Any]], known: Container[str]) -> None:
    """Print the most frequent confusions.

    Args:
        confusions: each of `Confusion.to_dict()`.
        known: names of the labels that the other figures are about.
    """
    table = Table(title="most frequent confusions", title_justify="left", header_style="bold")
    table.add_column("coded")
    table.add_column("predicted instead")
    table.add_column("texts", justify="right")
    for row in confusions:
        predicted = "nothing" if row["predicted"] is None else row["predicted"]
        if row["predicted"] is not None and predicted not in known:
            predicted += " (left out)"
        table.add_row(Text(row["label"]), Text(predicted), f"{row['texts']:,}")
    Console().print(table)


def print_languages(report: Mapping[str, Any]) -> None:
    """Print averaged metrics of each language, and their averages over the languages.

    Args:
        report: with `languages` and `over_languages`.
    """
    table = Table(header_style="bold")
    table.add_column("language")
    for name in ("micro-F1", "macro-F1", "Jaccard", "accuracy", "texts"):
        table.add_column(name, justify="right")
    for language, item in report["languages"].items():
        values = (item["micro"]["f1"], item["macro"]["f1"], item["jaccard"], item["accuracy"])
        table.add_row(language, *(f"{value:.3f}" for value in values), f"{item['texts']:,}")
    table.add_section()
    for name, average in report["over_languages"].items():
        values = tuple(average[key] for key in ("micro_f1", "macro_f1", "jaccard", "accuracy"))
        table.add_row(f"{name} average", *(f"{value:.3f}" for value in values), "")
    Console().print(table)


def format_scores(row: Mapping[str, Any]) -> list[str]:
    """Format one row of the table as text."""
    return [
        f"{row['precision']:.3f}",
        f"{row['recall']:.3f}",
        f"{row['f1']:.3f}",
        f"{row['support']:,}",
    ]


def print_mean_std(mean_stds: "Mapping[Metric, str]", title: str) -> None:
    """Print the mean and the standard deviation of each metric over runs."""
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("figure")
    table.add_column("mean ± sd", justify="right")
    for metric, shown in mean_stds.items():
        table.add_row(metric.title, shown)
    Console().print(table)


def print_descriptions(described: Mapping[str, "Description"]) -> None:
    """The statistics of several splits side by side."""
    table = Table(header_style="bold")
    table.add_column("")
    for name in described:
        table.add_column(name, justify="right")
    for row in zip(*(make_description_rows(item) for item in described.values()), strict=True):
        table.add_row(row[0][0], *(value for _, value in row))
    Console().print(table)


def make_description_rows(description: "Description") -> list[tuple[str, str]]:
    """Make the rows of one split: the name and the value of each statistic."""
    shares = [(f"{name} (%)", f"{share:.1f}") for name, share in description.class_shares.items()]
    several = (
        "" if description.labels_per_example is None else f"{description.labels_per_example:.2f}"
    )
    return [
        ("texts", f"{description.conversations:,}"),
        ("labelled", f"{description.labelled:,}"),
        *shares,
        ("labels a text", several),
        ("turns a text", f"{description.turns_per_example:.2f}"),
        ("with emoji (%)", f"{description.emoji_share:.1f}"),
        ("words, mean", f"{description.token_mean:.1f}"),
        ("words, median", f"{description.token_median:.0f}"),
        ("words, 99 % within", f"{description.token_p99}"),
        ("words, longest", f"{description.token_max}"),
        (f"within {description.cutoff} words (%)", f"{description.within_cutoff:.1f}"),
        ("distinct words", f"{description.types:,}"),
    ]


def print_cleaned(conversations: Sequence[Sequence[str]], pipeline: TextPipeline) -> None:
    """Turns as they came and as the model reads them, side by side."""
    table = Table(header_style="bold", show_lines=True)
    table.add_column("original", ratio=1)
    table.add_column("cleaned", ratio=1)
    for turns in conversations:
        table.add_row(Text("\n".join(turns)), Text("\n".join(pipeline(turns))))
    Console().print(table)
