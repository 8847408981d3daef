"""One page about a configuration, or about several: what matters first.

It opens with the headline figures and a table of contents; then come the runs, how far they agree,
which labels are confused, the worst mistakes, and at last curves, calibration and settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from emoscope.charts.page import Html, element, folded, joined, page, table, text
from emoscope.charts.svg import to_inline_svg
from emoscope.experiments.bands import (
    CurveGroup,
    list_curve_groups,
    list_label_groups,
    list_part_groups,
)
from emoscope.experiments.compare.differences import (
    find_differences,
    make_names,
    tell_all_differences,
)
from emoscope.experiments.configurations import Split, choose_splits
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.report.agreement import (
    RunAgreement,
    find_hardest_texts,
    measure_agreement,
)
from emoscope.experiments.report.confusions import make_confusions
from emoscope.experiments.report.measured import (
    MeasuredRuns,
    average_metrics,
    average_scores,
    collect_label_scores,
    format_mean_std,
    measure_runs,
)
from emoscope.experiments.report.overview import (
    AVERAGES,
    MANY,
    SECTIONS,
    Reported,
    make_contents,
    make_links,
    make_overview,
)
from emoscope.experiments.report.parts import make_configuration, make_mistakes, make_runs
from emoscope.experiments.report.reliability import measure_reliability
from emoscope.experiments.report.scenes import make_curve_scene, make_reliability_scene
from emoscope.experiments.runs import MeanStd
from emoscope.metrics.classification import Report
from emoscope.metrics.metric import ACCURACY

FIRST = ("loss", "micro_f1", "macro_f1", "jaccard", "regularization_loss")
"""Plots that are shown; a click shows the others."""
BRIEF_EXAMPLES = 5


@dataclass(frozen=True)
class ReportOptions:
    """Options of a report.

    Attributes:
        split: the split to report on; if None, test where every run has it, else dev where every
            run has it, else for each configuration test if it has one.
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
    finished = [log for log in logs if log.runs]
    splits = dict(zip(map(id, finished), choose_splits(finished, options.split), strict=True))
    changes = find_differences([log.params for log in logs])
    recipes = [str(log.params.get("name") or "") for log in logs]
    several = len(logs) > 1
    titles = (
        make_names(changes, recipes, [log.folder.name for log in logs])
        if several
        else [recipes[0] or logs[0].folder.name]
    )
    reported = []
    for number, (log, title, change) in enumerate(zip(logs, titles, changes, strict=True)):
        split = splits.get(id(log), options.split or "dev")
        found = measure_runs(log, split)
        told = tell_all_differences(change)
        reported.append(Reported(f"c{number}", title, split, found, told))
    parts = [element("h1", text("Experiments" if several else titles[0]))]
    parts.append(
        element(
            "p",
            text(
                f"Written by emoscope from {list_folders(logs)}. Figures in [0, 1]; mean ± "
                "standard deviation over the runs."
            ),
            class_="soft",
        )
    )
    brief = len(logs) > MANY
    opening = [make_overview(reported), make_contents(reported)]
    parts += reversed(opening) if brief else opening
    for each in reported:
        if several:
            parts.append(element("h2", text(each.title), id=each.mark))
            parts.append(element("p", make_links(each), class_="soft"))
        parts.append(
            make_section(each, each.found, options, brief)
            if isinstance(each.found, MeasuredRuns)
            else joined([element("p", text(each.found.reason)), make_configuration(each.found.log)])
        )
    return page(titles[0] if not several else f"{len(logs)} experiments", joined(parts))


def list_folders(logs: Sequence[ExperimentLog]) -> str:
    """The folder of the only log, or those that hold several, in a sentence."""
    if len(logs) == 1:
        return logs[0].folder.name
    holding = dict.fromkeys(log.folder.parent.name for log in logs)
    return f"{len(logs)} configurations in {', '.join(holding)}"


def make_section(
    each: Reported, measured: MeasuredRuns, options: ReportOptions, brief: bool
) -> Html:
    """The section about one configuration.

    Args:
        each: the configuration.
        measured: its runs.
        options: what is shown.
        brief: whether the page has many configurations, so that each is shown in brief.
    """
    examples = min(options.examples, BRIEF_EXAMPLES) if brief else options.examples
    parts = {
        "figures": make_metrics_section(measured, each.split),
        "runs": make_runs(measured),
        "agreement": make_agreement_section(measure_agreement(measured)),
        "confusion": make_confusions(measured),
        "mistakes": make_mistakes(find_hardest_texts(measured, examples), options.texts),
        "training": make_curves_section(measured, brief),
        "calibration": make_calibration_section(measured),
        "configuration": make_configuration(measured.log),
    }
    return joined(
        element("section", parts[mark], id=f"{each.mark}-{mark}")
        for mark, _ in SECTIONS
        if parts[mark]
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


def make_curves_section(measured: MeasuredRuns, brief: bool) -> Html:
    """The training curves; in brief, the most important ones without the single runs."""
    groups = list_curve_groups(measured.log)
    first = [group for group in groups if group.key in FIRST]
    others = [] if brief else [group for group in groups if group.key not in FIRST]
    of_labels = [] if brief else list_label_groups(measured.log)
    of_parts = [] if brief else list_part_groups(measured.log)
    if not first and not others:
        return Html("")
    parts = [element("h3", text("Training")), draw_groups(first, not brief)]
    for summary, folded_groups in (
        ("F1 of each label", of_labels),
        ("Each part of dev", of_parts),
        ("More curves", others),
    ):
        if folded_groups:
            parts.append(folded(summary, draw_groups(folded_groups, not brief)))
    if brief:
        note = "More curves, and more mistakes: `emoscope report` on this configuration alone."
        parts.append(element("p", text(note), class_="soft"))
    return joined(parts)


def draw_groups(groups: Sequence[CurveGroup], runs: bool) -> Html:
    """Plots side by side.

    Args:
        groups: the curves of each plot.
        runs: whether the runs are drawn one by one.
    """
    drawn = (element("figure", to_inline_svg(make_curve_scene(group, runs))) for group in groups)
    return element("div", joined(drawn), class_="pictures")


def make_calibration_section(measured: MeasuredRuns) -> Html:
    """How well the probabilities are calibrated."""
    found = measure_reliability(measured)
    lines = [
        ["expected calibration error", format_mean_std(found.error)],
        ["Brier score", format_mean_std(found.brier)],
        ["log loss", format_mean_std(found.log_loss)],
    ]
    sentence = (
        "Of all that is given a probability of, say, 0.7, seven in ten should be so: then the "
        "curve follows the diagonal, and the error is 0."
    )
    return joined(
        [
            element("h3", text("Calibration")),
            element("p", text(sentence), class_="soft"),
            table(["", "lower is better"], lines),
            element("figure", to_inline_svg(make_reliability_scene(found)), class_="small"),
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
    sentence = f"Two runs decide {found.pairs.mean:.1%} of the texts alike."
    # Where every run, or none, gives a label to every text, there is nothing to agree on.
    if kappas:
        low = ", ".join(f"{name} {value:.2f}" for name, value in kappas[:5])
        sentence += f" Fleiss' kappa is lowest for: {low}."
    return joined(
        [
            element("h3", text("Agreement of the runs")),
            element("p", text(sentence)),
            table(["runs with every label right", "texts"], lines),
        ]
    )
