"""How a report opens: the headline figures of each configuration, and a table of contents."""

from collections.abc import Sequence
from dataclasses import dataclass

from emoscope.charts.page import Html, element, folded, joined, table, text
from emoscope.experiments.configurations import Split
from emoscope.experiments.report.measured import (
    MeasuredRuns,
    Unmeasured,
    average_metrics,
    format_mean_std,
)
from emoscope.metrics.metric import JACCARD, MACRO_F1, MICRO_F1

AVERAGES = (MICRO_F1, MACRO_F1, JACCARD)
MANY = 10
"""With more configurations on a page, each is shown in brief."""
SECTIONS = (
    ("figures", "Figures"),
    ("runs", "Runs"),
    ("agreement", "Agreement of the runs"),
    ("confusion", "Confusion"),
    ("mistakes", "Most wrong"),
    ("training", "Training"),
    ("calibration", "Calibration"),
    ("configuration", "Configuration"),
)
"""The parts about one configuration, in their order: their marks, and their names."""


@dataclass(frozen=True)
class Reported:
    """One configuration on the page.

    Attributes:
        mark: of its heading, to which links lead.
        title: its name.
        split: whose texts.
        found: its runs.
        differences: all that tells it apart from the others.
    """

    mark: str
    title: str
    split: Split
    found: MeasuredRuns | Unmeasured
    differences: str = ""


def make_contents(reported: Sequence[Reported]) -> Html:
    """The table of contents: the parts of the only configuration, or several configurations."""
    if len(reported) == 1:
        return element("p", make_links(reported[0]))
    items = [
        element("li", Html(f'<a href="#{each.mark}">{text(each.title)}</a>')) for each in reported
    ]
    listed = element("ol", joined(items))
    return folded("Contents", listed) if len(reported) > MANY else listed


def make_links(each: Reported) -> Html:
    """Links to the parts about a configuration; none where nothing was measured."""
    if isinstance(each.found, Unmeasured):
        return Html("")
    shown = [
        Html(f'<a href="#{each.mark}-{mark}">{text(name)}</a>')
        for mark, name in SECTIONS
        if mark != "agreement" or len(each.found.runs) > 1
    ]
    return Html(" · ".join(shown))


def make_overview(reported: Sequence[Reported]) -> Html:
    """The headline figures, a table for each set of texts and labels, and what differs."""
    groups: dict[tuple[object, ...], list[Reported]] = {}
    for each in reported:
        groups.setdefault(find_group(each), []).append(each)
    header = ["configuration", "runs", *(metric.title for metric in AVERAGES)]
    tables = [
        table(header, list(map(make_headline, members)), caption=describe_texts(members[0]))
        for members in groups.values()
    ]
    if len(reported) == 1:
        return joined(tables)
    notes = "Which of these differences stand, `emoscope compare` tells."
    if len(groups) > 1:
        notes = (
            "Figures in different tables are of other texts or labels, and not to be compared. "
            + notes
        )
    differing = [[each.title, each.differences] for each in reported]
    return joined(
        [
            *tables,
            element("p", text(notes), class_="soft"),
            folded("What differs", table(["configuration", "settings"], differing, left=2)),
        ]
    )


def find_group(each: Reported) -> tuple[object, ...]:
    """What configurations share whose figures stand in one table: split, texts and labels."""
    if isinstance(each.found, Unmeasured):
        return ("nothing measured",)
    texts = each.found.texts
    ids = hash(tuple(sorted(zip(texts.parts, texts.ids, strict=True))))
    return (each.split, frozenset(texts.labels), ids)


def describe_texts(each: Reported) -> str:
    """The texts of a table, in its caption."""
    if isinstance(each.found, Unmeasured):
        return "Nothing measured"
    parts = list(dict.fromkeys(each.found.texts.parts))
    named = ", ".join(parts[:5]) + (f" and {len(parts) - 5} more" if len(parts) > 5 else "")
    return (
        f"{len(each.found.texts.ids):,} texts of {each.split}, {named}; "
        f"{len(each.found.taxonomy)} labels"
    )


def make_headline(each: Reported) -> list[object]:
    """A line of the first table."""
    measured = isinstance(each.found, MeasuredRuns)
    found = average_metrics(each.found.reports) if isinstance(each.found, MeasuredRuns) else {}
    cells = [format_mean_std(found[name]) if measured else "" for name in AVERAGES]
    return [each.title, len(each.found.log.runs), *cells]
