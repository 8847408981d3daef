"""A comparison as tables of text, and what has to be said beneath them."""

from collections.abc import Sequence
from dataclasses import dataclass

from emoscope.experiments.compare.comparison import ComparedRow, Comparison
from emoscope.experiments.compare.verdicts import LEVEL, Judged, runs_needed
from emoscope.metrics.permutation import smallest_p

NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """A cell of text, bold where it is the best and stands."""

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Grid:
    """A table of text.

    Attributes:
        title: of the table.
        header: of the columns.
        left: how many of the first columns are words, the others are numbers.
        sections: groups of rows, to be parted by a line.
    """

    title: str
    header: tuple[str, ...]
    left: int
    sections: tuple[tuple[tuple[Cell, ...], ...], ...]


def grids(comparison: Comparison) -> list[Grid]:
    """The figures of every configuration and, of several, their differences to the baseline."""
    where = f"{comparison.compared.split}, {len(comparison.compared.texts.parts):,} texts"
    header = ("configuration", "runs", *(metric.title for metric in comparison.metrics))
    ours = tuple(metrics_row(comparison, row) for row in comparison.rows)
    sections = [ours]
    theirs = published_rows(comparison)
    if theirs:
        sections.append(theirs)
    found = [Grid(f"Figures on {where}", header, 1, tuple(sections))]
    compared = [row for row in comparison.rows if row.against_baseline]
    if compared:
        header = ("configuration", "figure", "change", "95 % interval", "p texts", "p runs")
        groups = tuple(difference_rows(row) for row in compared)
        title = f"Differences to {comparison.baseline} on {where}"
        found.append(Grid(title, header, 2, groups))
    return found


def metrics_row(comparison: Comparison, row: ComparedRow) -> tuple[Cell, ...]:
    """One configuration: its runs, and mean ± sd of each figure."""
    cells = [Cell(row.name), Cell(str(len(row.configuration.log.runs)))]
    for metric in comparison.metrics:
        mean_std = row.results[metric]
        best = comparison.best.get(metric)
        bold = best is not None and best.stands and best.name == row.name
        cells.append(
            Cell(plus_minus(mean_std.mean, mean_std.sd if mean_std.runs > 1 else None), bold)
        )
    return tuple(cells)


def published_rows(comparison: Comparison) -> tuple[tuple[Cell, ...], ...]:
    """Published systems that have one of the figures; a number points at the source."""
    sources = source_numbers(comparison)
    return tuple(
        (
            Cell(f"{reference.name} [{sources[reference.source]}]"),
            Cell(NOTHING),
            *(
                Cell(
                    plus_minus(*reference.results[metric])
                    if metric in reference.results
                    else NOTHING
                )
                for metric in comparison.metrics
            ),
        )
        for reference in comparison.references
        if reference.source in sources and set(reference.results) & set(comparison.metrics)
    )


def source_numbers(comparison: Comparison) -> dict[str, int]:
    """A number for each source of the published rows shown."""
    shown = [
        reference
        for reference in comparison.references
        if set(reference.results) & set(comparison.metrics)
    ]
    return {source: n for n, source in enumerate(dict.fromkeys(item.source for item in shown), 1)}


def difference_rows(row: ComparedRow) -> tuple[tuple[Cell, ...], ...]:
    """The differences of one configuration, a row for each figure."""
    return tuple(
        tuple(map(Cell, (row.name if first else "", metric.title, *difference_text(judged))))
        for first, (metric, judged) in zip(
            (True, *[False] * len(row.against_baseline)), row.against_baseline.items(), strict=False
        )
    )


def difference_text(judged: Judged) -> tuple[str, str, str, str]:
    """Difference, interval and both corrected p-values."""
    one = judged.by_texts
    return (
        signed(one.value),
        f"{signed(one.low)} to {signed(one.high)}",
        p_text(judged.by_texts_adjusted),
        NOTHING if judged.by_runs_adjusted is None else p_text(judged.by_runs_adjusted),
    )


def plus_minus(mean: float, sd: float | None) -> str:
    """A figure with its standard deviation, if there is one."""
    return f"{mean:.3f}" if sd is None else f"{mean:.3f} ± {sd:.3f}"


def signed(value: float) -> str:
    """A difference with its sign; none of what is shown as zero."""
    text = f"{abs(value):.3f}"
    sign = "" if float(text) == 0 else "+" if value > 0 else "−"
    return sign + text


def p_text(p: float) -> str:
    """A p-value; 0.05 is only shown of one that is not below."""
    if p < 0.001:
        return "< 0.001"
    text = f"{p:.3f}"
    return f"< {LEVEL}" if p < LEVEL <= float(text) else text


def notes(comparison: Comparison) -> list[str]:
    """What the tables mean, and what could not be tested."""
    rows, runs = comparison.rows, [len(row.configuration.log.runs) for row in comparison.rows]
    lines = []
    if max(runs) > 1:
        lines.append("Mean ± standard deviation over the runs.")
    single = [row.name for row, count in zip(rows, runs, strict=True) if count == 1]
    if single:
        of = "each configuration" if len(single) == len(rows) else listing(single)
        test = ", and no permutation test" if len(rows) > 1 else ""
        lines.append(f"There is one run of {of}: no standard deviation{test}.")
    if len(rows) > 1:
        lines += notes_on_tests(comparison, runs)
    if comparison.compared.left_out:
        folders = listing([path.name for path in comparison.compared.left_out])
        lines.append(f"Left out, as they have no finished run: {folders}.")
    for source, number in source_numbers(comparison).items():
        lines.append(f"[{number}] Published: {source}.")
    if comparison.references and not published_rows(comparison):
        known = dict.fromkeys(
            name for reference in comparison.references for name in reference.results
        )
        lines.append(
            f"None of these figures is published; those that are: {', '.join(map(str, known))}."
        )
    return lines


def notes_on_tests(comparison: Comparison, runs: Sequence[int]) -> list[str]:
    """How differences were judged, and what so few runs allow."""
    others, tested = len(runs) - 1, len(comparison.metrics)
    of = f"{count(others, 'other')} and {count(tested, 'figure')}"
    lines = [
        f"Bold: the best, where it is better than {'the other' if others == 1 else 'all others'} "
        f"by both tests, p < 0.05 when corrected for {of}.",
        "p texts and the interval: paired bootstrap over the texts, "
        f"{comparison.resamples:,} resamples. p runs: permutation of the runs. Both p are "
        f"corrected for {count(comparison.tests, 'difference')} (Holm).",
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
            f"Permuting {first} runs and {second} gives p = {smallest_p(first, second):.2g} at the "
            "least, before correction."
        )
    untold = [metric.title for metric, best in comparison.best.items() if best.by_runs is None]
    if untold:
        which = "" if len(untold) == tested else f" of {listing(untold)}"
        lines.append(
            f"So few runs cannot pass the permutation test ({runs_needed(others, tested)} of each "
            f"configuration could), so the best{which} is judged by the texts alone."
        )
    return lines


def count(number: int, thing: str) -> str:
    """`1 figure`, `3 figures`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def listing(names: Sequence[str]) -> str:
    """Names as a person lists them."""
    return names[0] if len(names) == 1 else f"{'; '.join(names[:-1])} and {names[-1]}"
