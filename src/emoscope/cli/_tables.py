"""Tables on the terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from emoscope.text import TextPipeline

if TYPE_CHECKING:
    from emoscope.evaluation.describe import Description
    from emoscope.metrics.metric import Metric


def print_report(report: Mapping[str, Any], title: str) -> None:
    """Precision, recall and F1 of each label, micro, macro; accuracy.

    Args:
        report: `Report.to_dict()`, with `micro_f1_interval_95` if it was computed.
        title: the title of the table.
    """
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("label")
    for name in ("precision", "recall", "F1", "texts"):
        table.add_column(name, justify="right")
    for name, row in report["labels"].items():
        table.add_row(name, *format_scores(row))
    table.add_section()
    for name in ("micro", "macro"):
        table.add_row(name, *format_scores(report[name]))
    console = Console()
    console.print(table)
    text = f"accuracy {report['accuracy']:.3f}, Jaccard {report['jaccard']:.3f}"
    text += f" of {report['texts']:,} texts"
    interval = report.get("micro_f1_interval_95")
    if interval:
        text += f"; micro-F1 {interval[0]:.3f}–{interval[1]:.3f} (95 % bootstrap over texts)"
    console.print(text, highlight=False)
    fixed = report.get("half")
    if fixed:
        console.print(
            f"at ½ instead of fitted thresholds: micro-F1 {fixed['micro']['f1']:.3f}, macro-F1 "
            f"{fixed['macro']['f1']:.3f}, Jaccard {fixed['jaccard']:.3f}",
            highlight=False,
        )
    if "languages" in report:
        print_languages(report)


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
