"""One page about a configuration, or about several: figures, curves, settings, mistakes."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from emoscope.charts.page import Html, element, folded, joined, page, picture, table, text
from emoscope.experiments.compare.differences import differences, names
from emoscope.experiments.configurations import Split
from emoscope.experiments.log import ExperimentLog, MeanStd
from emoscope.experiments.plots import draw_log
from emoscope.experiments.report.agreement import RunAgreement, hardest, measure_agreement
from emoscope.experiments.report.measured import (
    MeasuredRuns,
    Unmeasured,
    averages,
    common_split,
    format_mean_std,
    mean_std_of_scores,
    measure_runs,
    rows,
)
from emoscope.experiments.report.parts import configuration, mistakes
from emoscope.experiments.report.reliability import reliability
from emoscope.experiments.report.reliability_plot import draw_reliability
from emoscope.metrics.classification import Report
from emoscope.metrics.metric import ACCURACY, JACCARD, MACRO_F1, MICRO_F1

FIRST, WIDE = ("loss", "micro_f1", "macro_f1", "jaccard"), ("emotions_f1", "parts")
"""Pictures that are shown, side by side or across the page; the others are folded."""
AVERAGES = (MICRO_F1, MACRO_F1, JACCARD)


@dataclass(frozen=True)
class ReportOptions:
    """What a report shall have.

    Attributes:
        split: whose texts; test where every run has it, else dev, if None.
        examples: how many of the worst mistakes.
        texts: whether they are shown, or their ids alone.
    """

    split: Split | None = None
    examples: int = 20
    texts: bool = True


def report_page(logs: Sequence[ExperimentLog], options: ReportOptions) -> str:
    """The page about some logs, at least one.

    Raises:
        InputError: files of a log are missing or damaged.
    """
    split = options.split or common_split(logs)
    sentence = differences([log.params for log in logs])
    recipes = [str(log.params.get("name") or "") for log in logs]
    titles = (
        names(sentence, recipes, [log.folder.name for log in logs])
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
                f"Written by emoscope from {places(logs)}. Figures on {split}, in [0, 1]; "
                "mean ± standard deviation over the runs."
            ),
            class_="soft",
        )
    )
    if several:
        parts.append(overview(titles, measured))
    for number, (title, found) in enumerate(zip(titles, measured, strict=True)):
        if several:
            parts.append(element("h2", text(title), id=f"c{number}"))
        parts.append(
            section(found, split, options)
            if isinstance(found, MeasuredRuns)
            else joined([element("p", text(found.reason)), configuration(found.log)])
        )
    return page(titles[0] if not several else f"{len(logs)} experiments", joined(parts))


def places(logs: Sequence[ExperimentLog]) -> str:
    """Names of the folders."""
    shown = ", ".join(log.folder.name for log in logs[:3])
    return shown if len(logs) <= 3 else f"{shown} and {len(logs) - 3} more"


def overview(titles: Sequence[str], measured: Sequence[MeasuredRuns | Unmeasured]) -> Html:
    """A line for each configuration."""
    lines: list[list[object]] = []
    for title, measurement in zip(titles, measured, strict=True):
        found = averages(measurement.reports) if isinstance(measurement, MeasuredRuns) else {}
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


def section(measured: MeasuredRuns, split: Split, options: ReportOptions) -> Html:
    """All about one configuration."""
    return joined(
        [
            metrics_section(measured, split),
            drawn(measured),
            calibration(measured),
            agreeing(measure_agreement(measured)),
            mistakes(hardest(measured, options.examples), options.texts),
            configuration(measured.log),
        ]
    )


def metrics_section(measured: MeasuredRuns, split: Split) -> Html:
    """Averages, labels, parts."""
    runs = len(measured.runs)
    texts = measured.reports[0].texts
    found = [("at the fitted thresholds", measured.reports)]
    if measured.taxonomy.exclusive:
        found = [("the most probable label", measured.reports)]
    elif measured.halves:
        found.append(("at ½ throughout", measured.halves))
    columns = (*AVERAGES, ACCURACY)
    lines = [
        [name, *(format_mean_std(averages(item)[metric]) for metric in columns)]
        for name, item in found
    ]
    caption = f"{texts:,} texts of {split}, {runs} {'run' if runs == 1 else 'runs'}"
    parts = [
        element("h3", text("Figures")),
        table(["", *(metric.title for metric in columns)], lines, caption=caption),
        labels(measured),
    ]
    if len(measured.parts) > 1:
        parts.append(of_parts(measured))
    return joined(parts)


def labels(measured: MeasuredRuns) -> Html:
    """Precision, recall and F1 of each label, and their averages."""
    lines: list[list[object]] = []
    for name, values in rows(measured.reports).items():
        mean_stds = mean_std_of_scores(values)
        left_out = " (not averaged)" if name in measured.taxonomy.ignored else ""
        cells = [format_mean_std(mean_stds[kind]) for kind in ("precision", "recall", "f1")]
        lines.append([f"{name}{left_out}", *cells, f"{values[0].support:,}"])
    count = len(lines)
    for name in ("micro", "macro"):
        mean_stds = mean_std_of_scores([getattr(report, name) for report in measured.reports])
        cells = [format_mean_std(mean_stds[kind]) for kind in ("precision", "recall", "f1")]
        lines.append([name, *cells, f"{getattr(measured.reports[0], name).support:,}"])
    return table(["label", "precision", "recall", "F1", "texts with it"], lines, apart=count)


def of_parts(measured: MeasuredRuns) -> Html:
    """Averages of each language or corpus."""

    def cells(reports: Sequence[Report]) -> list[str]:
        found = averages(reports)
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


def drawn(measured: MeasuredRuns) -> Html:
    """Curves of the training, as the log draws them."""
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


def calibration(measured: MeasuredRuns) -> Html:
    """Whether probabilities mean what they say."""
    found = reliability(measured)
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


def agreeing(found: RunAgreement) -> Html:
    """How runs that differ in their seed alone agree."""
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
