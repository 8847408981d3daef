"""A comparison as tables of text, with notes on what they mean."""

from collections.abc import Sequence
from dataclasses import dataclass

from emoscope.charts.words import format_count
from emoscope.experiments.compare.comparison import ComparedRow, Comparison
from emoscope.experiments.compare.differences import tell_all_differences
from emoscope.experiments.compare.verdicts import LEVEL, Judged, count_runs_needed
from emoscope.metrics.permutation import find_smallest_p

NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it says.
        bold: it is the best value, and significantly so.
        dim: it stands beside for comparison, such as a published figure.
    """

    text: str
    bold: bool = False
    dim: bool = False


@dataclass(frozen=True)
class Grid:
    """A table of text.

    Attributes:
        title: title of the table.
        header: names of the columns.
        left: number of columns on the left that hold words; the others hold numbers.
        sections: groups of rows, with a line between groups.
    """

    title: str
    header: tuple[str, ...]
    left: int
    sections: tuple[tuple[tuple[Cell, ...], ...], ...]


def make_grids(comparison: Comparison) -> list[Grid]:
    """The metrics of all configurations and, of several, the differences to the baseline."""
    where = f"{comparison.compared.split}, {len(comparison.compared.texts.parts):,} texts"
    header = ("configuration", "runs", *(metric.title for metric in comparison.metrics))
    ours = tuple(make_metrics_row(comparison, row) for row in comparison.rows)
    sections = [ours]
    theirs = make_published_rows(comparison)
    if theirs:
        sections.append(theirs)
    found = [Grid(f"Figures on {where}", header, 1, tuple(sections))]
    told = make_settings_grid(comparison)
    if told is not None:
        found.append(told)
    compared = [row for row in comparison.rows if row.against_baseline]
    if compared:
        header = ("configuration", "figure", "change", "95 % interval", "p texts", "p runs")
        groups = tuple(make_difference_rows(row) for row in compared)
        title = f"Differences to {comparison.baseline} on {where}"
        found.append(Grid(title, header, 2, groups))
    return found


def make_group_title(comparison: Comparison, number: int, groups: int) -> str:
    """The title of one of several groups of configurations: what they were measured on."""
    texts = comparison.compared.texts
    parts = list(dict.fromkeys(texts.parts))
    named = ", ".join(parts[:5]) + (f" and {len(parts) - 5} more" if len(parts) > 5 else "")
    return (
        f"Group {number} of {groups}: {comparison.compared.split} of {named}, "
        f"{len(texts.parts):,} texts, {len(texts.taxonomy)} labels. Figures of other groups are "
        "not to be compared with these."
    )


def make_settings_grid(comparison: Comparison) -> Grid | None:
    """All settings in which the configurations differ; None where their names tell them all."""
    told = [tell_all_differences(row.configuration.differences) for row in comparison.rows]
    if all(row.name == line for row, line in zip(comparison.rows, told, strict=True)):
        return None
    if not any(row.configuration.differences for row in comparison.rows):
        return None
    rows = tuple(
        (Cell(row.name), Cell(line)) for row, line in zip(comparison.rows, told, strict=True)
    )
    return Grid("What differs", ("configuration", "settings"), 2, (rows,))


def make_metrics_row(comparison: Comparison, row: ComparedRow) -> tuple[Cell, ...]:
    """The cells of a configuration: its name, the number of runs, mean ± sd of each metric."""
    cells = [Cell(row.name), Cell(str(len(row.configuration.log.runs)))]
    for metric in comparison.metrics:
        mean_std = row.results[metric]
        best = comparison.best.get(metric)
        bold = best is not None and best.stands and best.name == row.name
        cells.append(
            Cell(format_mean_sd(mean_std.mean, mean_std.sd if mean_std.runs > 1 else None), bold)
        )
    return tuple(cells)


def make_published_rows(comparison: Comparison) -> tuple[tuple[Cell, ...], ...]:
    """The rows of published systems that have one of the metrics, with the numbers of sources."""
    sources = number_sources(comparison)
    return tuple(
        (
            Cell(f"{reference.name} [{sources[reference.source]}]"),
            Cell(NOTHING),
            *(
                Cell(
                    format_mean_sd(*reference.results[metric])
                    if metric in reference.results
                    else NOTHING
                )
                for metric in comparison.metrics
            ),
        )
        for reference in comparison.references
        if reference.source in sources and set(reference.results) & set(comparison.metrics)
    )


def number_sources(comparison: Comparison) -> dict[str, int]:
    """Number the sources of the published rows that are shown, from 1."""
    shown = [
        reference
        for reference in comparison.references
        if set(reference.results) & set(comparison.metrics)
    ]
    return {source: n for n, source in enumerate(dict.fromkeys(item.source for item in shown), 1)}


def make_difference_rows(row: ComparedRow) -> tuple[tuple[Cell, ...], ...]:
    """The differences of a configuration to the baseline, one row for each metric."""
    return tuple(
        tuple(map(Cell, (row.name if first else "", metric.title, *format_difference(judged))))
        for first, (metric, judged) in zip(
            (True, *[False] * len(row.against_baseline)), row.against_baseline.items(), strict=False
        )
    )


def format_difference(judged: Judged) -> tuple[str, str, str, str]:
    """A difference, its interval and its two corrected p-values, as text."""
    by_texts = judged.by_texts
    return (
        format_change(by_texts.value),
        f"{format_change(by_texts.low)} to {format_change(by_texts.high)}",
        format_p(judged.by_texts_adjusted),
        NOTHING if judged.by_runs_adjusted is None else format_p(judged.by_runs_adjusted),
    )


def format_mean_sd(mean: float, sd: float | None) -> str:
    """A mean with its standard deviation, if there is one."""
    return f"{mean:.3f}" if sd is None else f"{mean:.3f} ± {sd:.3f}"


def format_change(value: float) -> str:
    """A difference with its sign; what rounds to zero has none."""
    text = f"{abs(value):.3f}"
    sign = "" if float(text) == 0 else "+" if value > 0 else "−"
    return sign + text


def format_p(p: float) -> str:
    """A p-value; one below 0.05 is never shown as 0.050."""
    if p < 0.001:
        return "< 0.001"
    text = f"{p:.3f}"
    return f"< {LEVEL}" if p < LEVEL <= float(text) else text


def make_notes(comparison: Comparison) -> list[str]:
    """Sentences on what the tables mean, and on what could not be tested."""
    rows, runs = comparison.rows, [len(row.configuration.log.runs) for row in comparison.rows]
    lines = []
    if max(runs) > 1:
        lines.append("Mean ± standard deviation over the runs.")
    single = [row.name for row, count in zip(rows, runs, strict=True) if count == 1]
    if single:
        of = "each configuration" if len(single) == len(rows) else enumerate_names(single)
        test = ", and no permutation test" if len(rows) > 1 else ""
        lines.append(f"There is one run of {of}: no standard deviation{test}.")
    if len(rows) > 1:
        lines += make_test_notes(comparison, runs)
    if comparison.compared.left_out:
        folders = enumerate_names([path.name for path in comparison.compared.left_out])
        lines.append(f"Left out, as they have no finished run: {folders}.")
    for source, number in number_sources(comparison).items():
        lines.append(f"[{number}] Published: {source}.")
    lines += comparison.remarks
    if comparison.references and not make_published_rows(comparison):
        known = dict.fromkeys(
            name for reference in comparison.references for name in reference.results
        )
        lines.append(
            f"None of these figures is published; those that are: {', '.join(map(str, known))}."
        )
    return lines


def make_test_notes(comparison: Comparison, runs: Sequence[int]) -> list[str]:
    """Sentences on how differences were tested, and whether there are enough runs."""
    others, tested = len(runs) - 1, len(comparison.metrics)
    of = f"{format_count(others, 'other')} and {format_count(tested, 'figure')}"
    lines = [
        f"Bold: the best, where it is better than {'the other' if others == 1 else 'all others'} "
        f"by both tests, p < 0.05 when corrected for {of}.",
        "p texts and the interval: paired bootstrap over the texts, "
        f"{comparison.resamples:,} resamples. p runs: permutation of the runs. Both p are "
        f"corrected for {format_count(comparison.tests, 'difference')} (Holm).",
    ]
    names = [row.name for row in comparison.rows]
    base = runs[names.index(comparison.baseline)]
    pairs = dict.fromkeys(
        (base, n)
        for name, n in zip(names, runs, strict=True)
        if name != comparison.baseline and min(base, n) > 1
    )
    for first, second in pairs:
        lines.append(
            f"Permuting {first} runs and {second} gives p = "
            f"{find_smallest_p(first, second):.2g} at the least, before correction."
        )
    untested = [metric.title for metric, best in comparison.best.items() if best.by_runs is None]
    if untested:
        which = "" if len(untested) == tested else f" of {enumerate_names(untested)}"
        needed = count_runs_needed(others, tested)
        could = "" if needed is None else f" ({needed} of each configuration could)"
        lines.append(
            f"So few runs cannot pass the permutation test{could}, so the best{which} is judged by "
            "the texts alone."
        )
    return lines


def enumerate_names(names: Sequence[str]) -> str:
    """Names as a list in a sentence: `a; b and c`."""
    return names[0] if len(names) == 1 else f"{'; '.join(names[:-1])} and {names[-1]}"
