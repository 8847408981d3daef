"""One page about a configuration, or about several: metrics, curves, settings, mistakes."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from emoscope.charts.page import Html, element, folded, joined, page, picture, table, text
from emoscope.experiments.compare.differences import find_differences, make_names
from emoscope.experiments.configurations import Split
from emoscope.experiments.log import ExperimentLog, MeanStd
from emoscope.experiments.plots import draw_log
from emoscope.experiments.report.agreement import (
    RunAgreement,
    find_hardest_texts,
    measure_agreement,
)
from emoscope.experiments.report.measured import (
    MeasuredRuns,
    Unmeasured,
    average_metrics,
    average_scores,
    collect_label_scores,
    find_common_split,
    format_mean_std,
    measure_runs,
)
from emoscope.experiments.report.parts import make_configuration, make_mistakes
from emoscope.experiments.report.reliability import measure_reliability
from emoscope.experiments.report.reliability_plot import draw_reliability
from emoscope.metrics.classification import Report
from emoscope.metrics.metric import ACCURACY, JACCARD, MACRO_F1, MICRO_F1

FIRST, WIDE = ("loss", "micro_f1", "macro_f1", "jaccard"), ("emotions_f1", "parts")
"""Plots that are shown, side by side or across the page; a click shows the others."""
AVERAGES = (MICRO_F1, MACRO_F1, JACCARD)


@dataclass(frozen=True)
class ReportOptions:
    """Options of a report.

    Attributes:
        split: the split to report on; if None, test where every run has it, else dev.
        examples: number of texts under "Most wrong".
        texts: whether these texts are shown, or only their ids.
    """

    split: Split | None = None
    examples: int = 20
    texts: bool = True


def make_report_page(logs: Sequence[ExperimentLog], options: ReportOptions) -> str:
    """Make the page about one or more logs.

    Raises:
        InputError: a file of a log is missing or damaged.
    """
    split = options.split or find_common_split(logs)
    changes = find_differences([log.params for log in logs])
    recipes = [str(log.params.get("name") or "") for log in logs]
    titles = (
        make_names(changes, recipes, [log.folder.name for log in logs])
        if len(logs) > 1
        else [recipes[0] or logs[0].folder.name]
    )
    measured = [measure_runs(log, split) for log in logs]
    several = len(logs) > 1
    parts = [element("h1", text(titles[0] if not several else "Experiments"))]
    parts.append(
        element(
            "p",
            text(
                f"Written by emoscope from {list_folders(logs)}. Figures on {split}, in [0, 1]; "
                "mean ± standard deviation over the runs."
            ),
            class_="soft",
        )
    )
    if several:
        parts.append(make_overview(titles, measured))
    for number, (title, found) in enumerate(zip(titles, measured, strict=True)):
        if several:
            parts.append(element("h2", text(title), id=f"c{number}"))
        parts.append(
            make_section(found, split, options)
            if isinstance(found, MeasuredRuns)
            else joined([element("p", text(found.reason)), make_configuration(found.log)])
        )
    return page(titles[0] if not several else f"{len(logs)} experiments", joined(parts))


def list_folders(logs: Sequence[ExperimentLog]) -> str:
    """Names of the folders in a sentence; of many, the first three."""
    shown = ", ".join(log.folder.name for log in logs[:3])
    return shown if len(logs) <= 3 else f"{shown} and {len(logs) - 3} more"


def make_overview(titles: Sequence[str], measured: Sequence[MeasuredRuns | Unmeasured]) -> Html:
    """A table with a line for each configuration."""
    lines: list[list[object]] = []
    for title, measurement in zip(titles, measured, strict=True):
        found = (
            average_metrics(measurement.reports) if isinstance(measurement, MeasuredRuns) else {}
        )
        cells = [format_mean_std(found[name]) if name in found else "" for name in AVERAGES]
        lines.append([title, len(measurement.log.runs), *cells])
    links = joined(
        element("li", Html(f'<a href="#c{number}">{text(title)}</a>'))
        for number, title in enumerate(titles)
    )
    header = ["configuration", "runs", *(metric.title for metric in AVERAGES)]
    return joined(
        [
            table(header, lines),
            element(
                "p",
                text("Which of these differences stand, `emoscope compare` tells."),
                class_="soft",
            ),
            folded("Go to a configuration", element("ul", links)),
        ]
    )


def make_section(measured: MeasuredRuns, split: Split, options: ReportOptions) -> Html:
    """The section about one configuration."""
    return joined(
        [
            make_metrics_section(measured, split),
            make_curves_section(measured),
            make_calibration_section(measured),
            make_agreement_section(measure_agreement(measured)),
            make_mistakes(find_hardest_texts(measured, options.examples), options.texts),
            make_configuration(measured.log),
        ]
    )


def make_metrics_section(measured: MeasuredRuns, split: Split) -> Html:
    """The metrics: averages, of each label, of each part."""
    runs = len(measured.runs)
    texts = measured.reports[0].texts
    found = [("at the fitted thresholds", measured.reports)]
    if measured.taxonomy.exclusive:
        found = [("the most probable label", measured.reports)]
    elif measured.fixed_threshold_reports:
        found.append(("at ½ throughout", measured.fixed_threshold_reports))
    columns = (*AVERAGES, ACCURACY)
    lines = [
        [name, *(format_mean_std(average_metrics(item)[metric]) for metric in columns)]
        for name, item in found
    ]
    caption = f"{texts:,} texts of {split}, {runs} {'run' if runs == 1 else 'runs'}"
    parts = [
        element("h3", text("Figures")),
        table(["", *(metric.title for metric in columns)], lines, caption=caption),
        make_label_table(measured),
    ]
    if len(measured.parts) > 1:
        parts.append(make_part_table(measured))
    return joined(parts)


def make_label_table(measured: MeasuredRuns) -> Html:
    """A table of precision, recall and F1 of each label, and of their averages."""
    lines: list[list[object]] = []
    for name, values in collect_label_scores(measured.reports).items():
        mean_stds = average_scores(values)
        left_out = " (not averaged)" if name in measured.taxonomy.ignored else ""
        cells = [format_mean_std(mean_stds[kind]) for kind in ("precision", "recall", "f1")]
        lines.append([f"{name}{left_out}", *cells, f"{values[0].support:,}"])
    count = len(lines)
    for name in ("micro", "macro"):
        mean_stds = average_scores([getattr(report, name) for report in measured.reports])
        cells = [format_mean_std(mean_stds[kind]) for kind in ("precision", "recall", "f1")]
        lines.append([name, *cells, f"{getattr(measured.reports[0], name).support:,}"])
    return table(["label", "precision", "recall", "F1", "texts with it"], lines, apart=count)


def make_part_table(measured: MeasuredRuns) -> Html:
    """A table of the averages of each language or corpus."""

    def cells(reports: Sequence[Report]) -> list[str]:
        found = average_metrics(reports)
        return [format_mean_std(found[name]) for name in AVERAGES]

    lines = [
        [name, *cells(reports), f"{reports[0].texts:,}"] for name, reports in measured.parts.items()
    ]
    means = [
        format_mean_std(
            MeanStd.of(
                [
                    sum(part[run].metrics()[metric] for part in measured.parts.values())
                    / len(measured.parts)
                    for run in range(len(measured.runs))
                ]
            )
        )
        for metric in AVERAGES
    ]
    lines.append(["mean of the parts", *means, ""])
    header = ["part", *(metric.title for metric in AVERAGES), "texts"]
    return table(header, lines, apart=len(lines) - 1)


def make_curves_section(measured: MeasuredRuns) -> Html:
    """The training curves."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_log(measured.log, folder)
        found = {path.stem: path for path in sorted(folder.glob("*.png"))}
        first, wide = (
            [picture(found.pop(key), f"{key} over training") for key in keys if key in found]
            for keys in (FIRST, WIDE)
        )
        others = [picture(path, f"{key} over training") for key, path in found.items()]
    if not first and not wide and not others:
        return Html("")
    parts = [element("h3", text("Training")), element("div", joined(first), class_="pictures")]
    parts += wide
    if others:
        parts.append(folded("More curves", element("div", joined(others), class_="pictures")))
    return joined(parts)


def make_calibration_section(measured: MeasuredRuns) -> Html:
    """How well the probabilities are calibrated."""
    found = measure_reliability(measured)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "reliability.png"
        draw_reliability(found, path)
        curve = picture(path, "share of gold labels against probability")
    lines = [
        ["expected calibration error", format_mean_std(found.error)],
        ["Brier score", format_mean_std(found.brier)],
        ["log loss", format_mean_std(found.log_loss)],
    ]
    return joined(
        [
            element("h3", text("Calibration")),
            element(
                "p",
                text(
                    "Of all that is given a probability of, say, 0.7, seven in ten should be so: "
                    "then the curve follows the diagonal, and the error is 0."
                ),
                class_="soft",
            ),
            table(["", "lower is better"], lines),
            element("div", curve, class_="small"),
        ]
    )


def make_agreement_section(found: RunAgreement) -> Html:
    """How far runs that differ only in their seed agree."""
    if found.pairs is None:
        return Html("")
    runs = len(found.right) - 1
    lines = [[f"{right} of {runs}", f"{count:,}"] for right, count in enumerate(found.right)]
    kappas = sorted(
        ((name, value) for name, value in found.kappa.items() if not isnan(value)),
        key=lambda pair: pair[1],
    )
    low = ", ".join(f"{name} {value:.2f}" for name, value in kappas[:5])
    sentence = (
        f"Two runs decide {found.pairs.mean:.1%} of the texts alike. Fleiss' kappa is lowest for: "
        f"{low}."
    )
    return joined(
        [
            element("h3", text("Agreement of the runs")),
            element("p", text(sentence)),
            table(["runs with every label right", "texts"], lines),
        ]
    )
