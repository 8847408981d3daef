"""A published table with one's own figures beside it: rows, columns, notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emoscope.experiments.compare.tables import NOTHING, Cell, Grid, format_mean_sd
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.published_data import explain_other_data
from emoscope.experiments.runs import MeanStd
from emoscope.experiments.table_progress import (
    TableRow,
    estimate_seconds,
    format_duration,
    sum_remaining,
)
from emoscope.files import read_json
from emoscope.metrics.metric import (
    AVERAGES,
    JACCARD,
    MACRO_F1,
    MICRO_F1,
    Metric,
    read_metric,
)
from emoscope.recipes.published import PublishedRow
from emoscope.recipes.tables import TableRecipes


@dataclass(frozen=True)
class Progress:
    """A table with the runs that there are.

    Attributes:
        table: the recipes and the published figures.
        rows: a row for each recipe.
        jobs: runs at a time, for the time that is left.
        changed: what the user has set in all rows, as `field=value`.
    """

    table: TableRecipes
    rows: tuple[TableRow, ...]
    jobs: int = 1
    changed: tuple[str, ...] = ()


def choose_columns(progress: Progress) -> tuple[Metric, ...]:
    """The metrics of a table: those published of all labels, else the usual three."""
    published = progress.table.published
    found = dict.fromkeys(
        metric.at_fixed_threshold() if row.half else metric
        for row in published.rows
        for name in row.metrics
        # Precision and recall would need more columns than a terminal has; `compare` shows them.
        if (metric := read_metric(name)) in {*AVERAGES, *map(Metric.at_fixed_threshold, AVERAGES)}
    )
    if any(metric.fixed for metric in found) and published.half:
        # Systems of other papers, measured at other thresholds, have no column of their own.
        found = {metric: None for metric in found if metric.fixed}
    return tuple(found) or (MICRO_F1, MACRO_F1, JACCARD)


def find_result(row: TableRow, metric: Metric, split: str) -> MeanStd | None:
    """The mean of a metric over the wanted runs that are finished; None if there is none."""
    if row.log is None:
        return None
    kept = [run for run in row.log.runs if run.name in row.wanted]
    name = f"{'test' if split == 'test' else 'eval'}_{metric}"
    finals = [run.at_final_step() for run in kept]
    values = [final[name] for final in finals if name in final]
    return MeanStd.of(values) if values else None


def find_published_row(progress: Progress, recipe: str) -> PublishedRow | None:
    """The published row of a recipe; None if its figures are not published."""
    rows = progress.table.published.rows
    return next((row for row in rows if row.recipe == recipe), None)


def choose_split(row: TableRow, published: PublishedRow | None) -> str:
    """The split of a row: that of the publication, else test where the recipe names one."""
    if published is not None:
        return published.split
    return "test" if any(section.test is not None for section in row.recipe.corpora) else "dev"


def count_texts(log: ExperimentLog | None, split: str) -> int | None:
    """The number of texts that the first finished run was measured on."""
    if log is None or not log.runs:
        return None
    path = log.folder / log.runs[0].name / "result.json"
    measured: Any = read_json(path).get(split) if path.is_file() else None
    return measured.get("texts") if isinstance(measured, dict) else None


def make_table_grid(progress: Progress) -> Grid:
    """The table: each row's runs, figures and the time of a run, the published figures below."""
    columns = choose_columns(progress)
    estimates = estimate_seconds(progress.rows)
    splits = {row.recipe.name: find_split(progress, row) for row in progress.rows}
    alike = len(set(splits.values())) == 1
    lines = []
    for row in progress.rows:
        published = find_published_row(progress, row.recipe.name)
        split = splits[row.recipe.name]
        found = [find_result(row, metric, split) for metric in columns]
        each = estimates[row.recipe.name]
        lines.append(
            (
                Cell(row.recipe.name if alike else f"{row.recipe.name} ({split})"),
                Cell(f"{row.done}/{len(row.wanted)}"),
                *(Cell(NOTHING if value is None else format_result(value)) for value in found),
                Cell(NOTHING if each is None else format_duration(each)),
            )
        )
        if published is not None and explain_row(row, published) is None:
            lines.append(make_published_line(f"  published: {published.name}", published, columns))
    others = make_other_systems(progress, columns)
    sections = (tuple(lines), others) if others else (tuple(lines),)
    where = f", {next(iter(splits.values()))}" if alike else ""
    header = ("recipe", "runs", *(metric.title for metric in columns), "a run")
    return Grid(f"{progress.table.title}{where}", header, 1, sections)


def find_split(progress: Progress, row: TableRow) -> str:
    """The split that a row is shown on."""
    return choose_split(row, find_published_row(progress, row.recipe.name))


def make_published_line(
    name: str, published: PublishedRow, columns: Sequence[Metric]
) -> tuple[Cell, ...]:
    """The line of a published row."""
    figures = (format_published(published, metric) for metric in columns)
    return tuple(Cell(text, dim=True) for text in (name, "", *figures, ""))


def make_other_systems(
    progress: Progress, columns: Sequence[Metric]
) -> tuple[tuple[Cell, ...], ...]:
    """Rows of published systems that no recipe repeats, of the same data as some row of ours."""
    lines = []
    for published in progress.table.published.rows:
        line = make_published_line(f"published: {published.name}", published, columns)
        alike = any(explain_row(row, published) is None for row in progress.rows)
        empty = all(cell.text == NOTHING for cell in line[2:-1])
        if published.recipe is None and alike and not empty:
            lines.append(line)
    return tuple(lines)


def explain_row(row: TableRow, published: PublishedRow) -> str | None:
    """Explain why a published row must not stand beside a row; None if it may."""
    params = row.recipe.model_dump(mode="json")
    return explain_other_data(params, published, count_texts(row.log, published.split))


def format_result(value: MeanStd) -> str:
    """Mean ± sd over the runs; of one run the value alone."""
    return format_mean_sd(value.mean, value.sd if value.runs > 1 else None)


def format_published(row: PublishedRow, metric: Metric) -> str:
    """A published figure, if the row has this metric."""
    for name, figure in row.metrics.items():
        known = read_metric(name)
        if known is not None and (known.at_fixed_threshold() if row.half else known) == metric:
            return format_mean_sd(figure.mean, figure.sd)
    return NOTHING


def make_table_notes(progress: Progress) -> list[str]:
    """Sentences below the table: the time that is left, sources, and what is not comparable."""
    notes = [describe_remaining(progress)]
    if progress.changed:
        notes.append(f"Changed in all rows: {', '.join(progress.changed)}.")
    published = progress.table.published
    if not published.rows:
        notes.append(f"Figures of this table are not at hand; they are in {published.source}.")
        return notes
    names_by_reason: dict[str, list[str]] = {}
    for row in progress.rows:
        reasons = [explain_row(row, theirs) for theirs in choose_compared(progress, row)]
        if None not in reasons:
            reason = str(reasons[0])
            names_by_reason.setdefault(reason, []).append(row.recipe.name)
    notes.append(f"Published: {published.source}.")
    notes += [
        f"No published figures beside {', '.join(names)}: {reason}."
        for reason, names in names_by_reason.items()
    ]
    return notes


def choose_compared(progress: Progress, row: TableRow) -> list[PublishedRow]:
    """The published rows that a row is compared with: its own, else those of other systems."""
    own = find_published_row(progress, row.recipe.name)
    return [own] if own is not None else list(progress.table.published.rows)


def describe_remaining(progress: Progress) -> str:
    """One sentence on what is still to run and for how long."""
    missing = [row for row in progress.rows if row.missing]
    if not missing:
        return "All runs are finished."
    runs = sum(len(row.missing) for row in missing)
    seconds, unknown = sum_remaining(progress.rows, estimate_seconds(progress.rows), progress.jobs)
    measured = any(row.seconds is not None for row in progress.rows)
    basis = "as the finished runs took" if measured else "as the recipes say, on two CPU cores"
    if progress.changed and not measured:
        basis += " and without what is changed here"
    at_a_time = f", {progress.jobs} at a time" if progress.jobs > 1 else ""
    sentence = f"Still to run: {runs:,} runs of {len(missing)} rows"
    if seconds:
        sentence += f", about {format_duration(seconds)}{at_a_time}, {basis}"
    if unknown:
        sentence += f"; of {unknown:,} runs the time is not known"
    return f"{sentence}. The same command goes on."


def to_json_values(progress: Progress) -> dict[str, Any]:
    """The table as plain values."""
    columns = choose_columns(progress)
    estimates = estimate_seconds(progress.rows)
    rows = []
    for row in progress.rows:
        published = find_published_row(progress, row.recipe.name)
        split = choose_split(row, published)
        reason = None if published is None else explain_row(row, published)
        found = {str(metric): find_result(row, metric, split) for metric in columns}
        figures = {} if published is None or reason else published.metrics
        rows.append(
            {
                "recipe": row.recipe.name,
                "folder": None if row.log is None else Path(row.log.folder).as_posix(),
                "split": split,
                "runs": row.done,
                "wanted": len(row.wanted),
                "seconds_a_run": estimates[row.recipe.name],
                "figures": {
                    name: {"mean": value.mean, "sd": value.sd, "runs": value.runs}
                    for name, value in found.items()
                    if value is not None
                },
                "published": {
                    name: {"mean": figure.mean, "sd": figure.sd} for name, figure in figures.items()
                },
                "not_comparable": reason,
            }
        )
    notes = make_table_notes(progress)
    return {
        "table": progress.table.key,
        "title": progress.table.title,
        "rows": rows,
        "notes": notes,
    }
