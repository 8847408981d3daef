"""A comparison in the formats that papers, spreadsheets and programs read."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from emoscope.experiments.compare.comparison import ComparedRow, Comparison
from emoscope.experiments.compare.tables import Cell, Grid, grids, notes
from emoscope.experiments.compare.verdicts import Judged
from emoscope.metrics.metric import Metric

DIGITS = 6
"""Of numbers for programs: more would differ from one processor to another."""
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
    # At the start of a row these would be an option of the line break before.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def to_markdown(comparison: Comparison) -> str:
    """Tables with the notes beneath, as GitHub and Pandoc read them."""
    parts = [markdown_table(grid) for grid in grids(comparison)]
    parts.append("\n".join(f"- {escape_markdown(note)}" for note in notes(comparison)))
    return "\n\n".join(parts) + "\n"


def markdown_table(grid: Grid) -> str:
    """One table beneath its title."""
    rules = ["---" if at < grid.left else "--:" for at in range(len(grid.header))]
    lines = [map(escape_markdown, grid.header), rules]
    lines += [map(markdown_cell, row) for section in grid.sections for row in section]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"**{escape_markdown(grid.title)}**\n\n{table}"


def markdown_cell(cell: Cell) -> str:
    """Text, bold with asterisks."""
    text = escape_markdown(cell.text)
    return f"**{text}**" if cell.bold else text


def escape_markdown(text: str) -> str:
    """Text that means itself; underscores within words do so anyway."""
    text = re.sub(r"([\\`*|<\[\]])", r"\\\1", text)
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)


def to_latex(comparison: Comparison) -> str:
    r"""Floating tables for a document that loads `booktabs`, the notes under the first one."""
    tables = grids(comparison)
    said = [" ".join(notes(comparison)), *[""] * len(tables)]
    parts = [latex_table(grid, note) for grid, note in zip(tables, said, strict=False)]
    return "\n\n".join(["% \\usepackage{booktabs}", *parts]) + "\n"


def latex_table(grid: Grid, note: str) -> str:
    """One floating table."""
    columns = "l" * grid.left + "r" * (len(grid.header) - grid.left)
    sections = [
        "\n".join(f"{' & '.join(map(latex_cell, row))} \\\\" for row in section)
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


def latex_cell(cell: Cell) -> str:
    """Text, bold where it is."""
    text = escape_latex(cell.text)
    return f"\\textbf{{{text}}}" if cell.bold else text


def escape_latex(text: str) -> str:
    """Text that means itself; Greek letters as mathematics, which need no font of their own."""
    return "".join(LATEX.get(sign) or greek(sign) for sign in text)


def greek(sign: str) -> str:
    """`ρ` as a command of LaTeX; other signs as they are."""
    name = unicodedata.name(sign, "")
    small = re.fullmatch(r"GREEK SMALL LETTER (\w+)", name)
    if small is None:
        return sign
    return f"$\\{small[1].lower().replace('lamda', 'lambda')}$"


def to_json(comparison: Comparison) -> str:
    """Everything, with the values of each run."""
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
                    str(metric): figure(row, metric) | {"values": list(row.values[metric])}
                    for metric in row.results
                },
                "against_baseline": {
                    str(metric): difference(judged)
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
        "notes": notes(comparison),
    }
    return json.dumps(rounded(values), indent=2, ensure_ascii=False) + "\n"


def figure(row: ComparedRow, metric: Metric) -> dict[str, Any]:
    """Mean and standard deviation; the latter None of a single run."""
    mean_std = row.results[metric]
    return {"mean": mean_std.mean, "sd": mean_std.sd if mean_std.runs > 1 else None}


def difference(judged: Judged) -> dict[str, Any]:
    """A difference with all that was tested."""
    one = judged.by_texts
    return {
        "difference": one.value,
        "low": one.low,
        "high": one.high,
        "p_texts": one.p,
        "p_texts_adjusted": judged.by_texts_adjusted,
        "p_runs": judged.by_runs,
        "p_runs_adjusted": judged.by_runs_adjusted,
    }


def rounded(value: Any) -> Any:
    """The same with numbers of a few digits."""
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0
    if isinstance(value, dict):
        return {key: rounded(each_item) for key, each_item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def to_csv(comparison: Comparison) -> str:
    """A line for each configuration, or published system, and figure."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(rounded, csv_rows(comparison)))
    return file.getvalue()


def csv_rows(comparison: Comparison) -> Sequence[dict[str, Any]]:
    """The lines of `to_csv`; a standing best is `yes`, one that does not stand `no`."""
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
                    **figure(row, metric),
                    "best": ("yes" if best.stands else "no") if best and mine else "",
                    **(difference(against) if against else {}),
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


FORMATS = {"markdown": to_markdown, "latex": to_latex, "csv": to_csv, "json": to_json}
