"""A comparison as Markdown, LaTeX, CSV or JSON."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from emoscope.experiments.compare.comparison import ComparedRow, Comparison
from emoscope.experiments.compare.tables import Cell, Grid, make_grids, make_group_title, make_notes
from emoscope.experiments.compare.verdicts import Judged
from emoscope.metrics.metric import Metric

DIGITS = 6
"""Decimals of the numbers in CSV and JSON; further ones would differ between processors."""
COLUMNS = (
    "configuration",
    "recipe",
    "folder",
    "source",
    "split",
    "figure",
    "runs",
    "mean",
    "sd",
    "best",
    "difference",
    "low",
    "high",
    "p_texts",
    "p_texts_adjusted",
    "p_runs",
    "p_runs_adjusted",
)
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "−": "$-$",
    "–": "--",
    "—": "---",
    "½": r"$\frac{1}{2}$",
    "<": "$<$",
    ">": "$>$",
    # At the start of a row LaTeX would take these for an option of the line break before.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def to_markdown(comparison: Comparison) -> str:
    """Tables with notes below them, in the Markdown of GitHub and Pandoc."""
    parts = [make_markdown_table(grid) for grid in make_grids(comparison)]
    parts.append("\n".join(f"- {escape_markdown(note)}" for note in make_notes(comparison)))
    return "\n\n".join(parts) + "\n"


def make_markdown_table(grid: Grid) -> str:
    """One table below its title."""
    rules = ["---" if at < grid.left else "--:" for at in range(len(grid.header))]
    lines = [map(escape_markdown, grid.header), rules]
    lines += [map(make_markdown_cell, row) for section in grid.sections for row in section]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"**{escape_markdown(grid.title)}**\n\n{table}"


def make_markdown_cell(cell: Cell) -> str:
    """A cell as Markdown."""
    text = escape_markdown(cell.text)
    return f"**{text}**" if cell.bold else text


def escape_markdown(text: str) -> str:
    """Escape what Markdown would read as markup; underscores within words need no escape."""
    text = re.sub(r"([\\`*|<\[\]])", r"\\\1", text)
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)


def to_latex(comparison: Comparison) -> str:
    r"""Floating tables for a document that loads `booktabs`; the notes are in the first caption."""
    tables = make_grids(comparison)
    said = [" ".join(make_notes(comparison)), *[""] * len(tables)]
    parts = [make_latex_table(grid, note) for grid, note in zip(tables, said, strict=False)]
    return "\n\n".join(["% \\usepackage{booktabs}", *parts]) + "\n"


def make_latex_table(grid: Grid, note: str) -> str:
    """One floating table."""
    columns = "l" * grid.left + "r" * (len(grid.header) - grid.left)
    sections = [
        "\n".join(f"{' & '.join(map(make_latex_cell, row))} \\\\" for row in section)
        for section in grid.sections
    ]
    caption = f"{escape_latex(grid.title)}.{' ' if note else ''}{escape_latex(note)}"
    return "\n".join(
        [
            "\\begin{table}",
            "\\centering",
            f"\\caption{{{caption}}}",
            f"\\begin{{tabular}}{{{columns}}}",
            "\\toprule",
            f"{' & '.join(map(escape_latex, grid.header))} \\\\",
            "\\midrule",
            "\n\\midrule\n".join(sections),
            "\\bottomrule",
            "\\end{tabular}",
            "\\end{table}",
        ]
    )


def make_latex_cell(cell: Cell) -> str:
    """A cell as LaTeX."""
    text = escape_latex(cell.text)
    return f"\\textbf{{{text}}}" if cell.bold else text


def escape_latex(text: str) -> str:
    """Escape what LaTeX would read as markup; Greek letters become formulas, which any font has."""
    return "".join(LATEX.get(sign) or to_latex_letter(sign) for sign in text)


def to_latex_letter(sign: str) -> str:
    r"""`ρ` as `$\rho$`; other characters stay as they are."""
    name = unicodedata.name(sign, "")
    small = re.fullmatch(r"GREEK SMALL LETTER (\w+)", name)
    if small is None:
        return sign
    return f"$\\{small[1].lower().replace('lamda', 'lambda')}$"


def to_json(comparison: Comparison) -> str:
    """The whole comparison as JSON, with the values of each run."""
    texts = comparison.compared.texts
    values = {
        "split": comparison.compared.split,
        "texts": len(texts.parts),
        "labels": list(texts.taxonomy.names),
        "ignored": list(texts.taxonomy.ignored),
        "figures": list(map(str, comparison.metrics)),
        "baseline": comparison.baseline,
        "resamples": comparison.resamples,
        "seed": comparison.seed,
        "differences_tested": comparison.tests,
        "configurations": [
            {
                "name": row.name,
                "folder": row.configuration.log.folder.as_posix(),
                "recipe": row.configuration.recipe or None,
                "parameters": row.configuration.differences,
                "runs": [run.name for run in row.configuration.log.runs],
                "figures": {
                    str(metric): describe_metric(row, metric) | {"values": list(row.values[metric])}
                    for metric in row.results
                },
                "against_baseline": {
                    str(metric): describe_difference(judged)
                    for metric, judged in row.against_baseline.items()
                },
            }
            for row in comparison.rows
        ],
        "best": {
            str(metric): {
                "name": best.name,
                "p_texts_adjusted": best.by_texts,
                "p_runs_adjusted": best.by_runs,
                "stands": best.stands,
            }
            for metric, best in comparison.best.items()
        },
        "published": [
            {
                "name": reference.name,
                "source": reference.source,
                "figures": {
                    str(metric): {"mean": m, "sd": sd}
                    for metric, (m, sd) in reference.results.items()
                },
            }
            for reference in comparison.references
        ],
        "notes": make_notes(comparison),
    }
    return json.dumps(round_numbers(values), indent=2, ensure_ascii=False) + "\n"


def describe_metric(row: ComparedRow, metric: Metric) -> dict[str, Any]:
    """Mean and standard deviation of a metric; the standard deviation of a single run is None."""
    mean_std = row.results[metric]
    return {"mean": mean_std.mean, "sd": mean_std.sd if mean_std.runs > 1 else None}


def describe_difference(judged: Judged) -> dict[str, Any]:
    """A difference with the results of its tests."""
    by_texts = judged.by_texts
    return {
        "difference": by_texts.value,
        "low": by_texts.low,
        "high": by_texts.high,
        "p_texts": by_texts.p,
        "p_texts_adjusted": judged.by_texts_adjusted,
        "p_runs": judged.by_runs,
        "p_runs_adjusted": judged.by_runs_adjusted,
    }


def round_numbers(value: Any) -> Any:
    """Round all numbers inside a value to `DIGITS` decimals."""
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0
    if isinstance(value, dict):
        return {key: round_numbers(each_item) for key, each_item in value.items()}
    return [round_numbers(item) for item in value] if isinstance(value, list) else value


def to_csv(comparison: Comparison) -> str:
    """A row for each metric of each configuration and published system."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(round_numbers, list_csv_rows(comparison)))
    return file.getvalue()


def list_csv_rows(comparison: Comparison) -> Sequence[dict[str, Any]]:
    """The rows of `to_csv`; `best` is `yes` for a best value that is significant, else `no`."""
    rows = []
    for row in comparison.rows:
        for metric in comparison.metrics:
            best = comparison.best.get(metric)
            mine = best is not None and best.name == row.name
            against = row.against_baseline.get(metric)
            rows.append(
                {
                    "configuration": row.name,
                    "recipe": row.configuration.recipe,
                    "folder": row.configuration.log.folder.as_posix(),
                    "source": "",
                    "split": comparison.compared.split,
                    "figure": str(metric),
                    "runs": len(row.configuration.log.runs),
                    **describe_metric(row, metric),
                    "best": ("yes" if best.stands else "no") if best and mine else "",
                    **(describe_difference(against) if against else {}),
                }
            )
    rows += [
        {
            "configuration": reference.name,
            "source": reference.source,
            "split": comparison.compared.split,
            "figure": str(metric),
            "mean": mean,
            "sd": sd,
        }
        for reference in comparison.references
        for metric, (mean, sd) in reference.results.items()
        if metric in comparison.metrics
    ]
    return rows


def join_markdown(comparisons: Sequence[Comparison]) -> str:
    """The Markdown of each group, below its title if there are several."""
    if len(comparisons) == 1:
        return to_markdown(comparisons[0])
    return "\n".join(
        f"{escape_markdown(make_group_title(comparison, at, len(comparisons)))}\n\n"
        f"{to_markdown(comparison)}"
        for at, comparison in enumerate(comparisons, start=1)
    )


def join_latex(comparisons: Sequence[Comparison]) -> str:
    """The LaTeX of each group, below a comment with its title if there are several."""
    if len(comparisons) == 1:
        return to_latex(comparisons[0])
    return "\n".join(
        f"% {make_group_title(comparison, at, len(comparisons))}\n{to_latex(comparison)}"
        for at, comparison in enumerate(comparisons, start=1)
    )


def join_json(comparisons: Sequence[Comparison]) -> str:
    """The JSON of a group; of several, an object with a list `groups`."""
    if len(comparisons) == 1:
        return to_json(comparisons[0])
    groups = [json.loads(to_json(comparison)) for comparison in comparisons]
    return json.dumps({"groups": groups}, indent=2, ensure_ascii=False) + "\n"


def join_csv(comparisons: Sequence[Comparison]) -> str:
    """The rows of every group, numbered in a column `group` if there are several."""
    if len(comparisons) == 1:
        return to_csv(comparisons[0])
    file = io.StringIO()
    writer = csv.DictWriter(file, ("group", *COLUMNS), restval="", lineterminator="\n")
    writer.writeheader()
    for number, comparison in enumerate(comparisons, start=1):
        for row in list_csv_rows(comparison):
            writer.writerow(round_numbers({"group": number, **row}))
    return file.getvalue()


FORMATS = {"markdown": join_markdown, "latex": join_latex, "csv": join_csv, "json": join_json}
"""Each takes the comparisons of all groups."""
