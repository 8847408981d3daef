"""Plots of a corpus and of an evaluation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emoscope.charts.heat_map import HeatMap, draw_heat_map
from emoscope.charts.palette import COLOURS, SOFT, THEME
from emoscope.charts.plotting import quiet_axes, save
from emoscope.charts.words import format_round_percent, wrap_name
from emoscope.errors import InputError
from emoscope.evaluation.describe import Description

MAX_SPLITS = len(COLOURS) - 1
"""Splits that have colours of their own; black is not used for splits."""
MAX_STEPS = 120
"""Bins of a histogram of lengths, at most."""
MAX_NUMBERED = 30
"""Up to this number, bars have their values beside them."""


def draw_confusion(counts: NDArray[np.integer[Any]], names: Sequence[str], path: Path) -> None:
    """Draw a confusion matrix: colours for shares of the gold label, numbers for counts.

    Args:
        counts: number of texts with label i for which label j is predicted, (K, K).
        names: names of the K labels.
        path: the file, a PNG, SVG or PDF by its suffix.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    numbers = [
        [
            f"{count:,}\n{format_round_percent(round(share, 2))}"
            for count, share in zip(*row, strict=True)
        ]
        for row in zip(counts, shares, strict=True)
    ]
    heat_map = HeatMap(
        shares,
        names,
        names,
        "share",
        numbers,
        unit="share of the gold label",
        row_title="gold (texts)",
        column_title="predicted",
    )
    save(draw_heat_map(heat_map), path)


def draw_descriptions(descriptions: Mapping[str, Description], path: Path) -> None:
    """Draw the class shares of splits side by side, and their lengths with the cut-off.

    Args:
        descriptions: the description of each split, by name; at most six.
        path: the file; its suffix is the format: PNG, SVG or PDF.

    Raises:
        InputError: if there is no description, or more than there are colours, or the file cannot
            be written.
    """
    if not 1 <= len(descriptions) <= MAX_SPLITS:
        raise InputError(
            f"Expected 1 to {MAX_SPLITS} descriptions to draw, got {len(descriptions)}."
        )
    labels = list(dict.fromkeys(x for each in descriptions.values() for x in each.class_shares))
    bars = len(labels) * len(descriptions)
    height = max(3.6, 1.4 + (0.25 if bars <= MAX_NUMBERED else 0.1) * bars)
    figure = Figure(figsize=(10.5, height), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    _draw_shares(left, descriptions, labels)
    _draw_lengths(right, descriptions)
    handles, names = right.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside upper center", ncols=len(descriptions), frameon=False
    )
    try:
        save(figure, path)
    except ValueError as error:
        raise InputError(f"{path}: the figure cannot be written ({error}).") from error


def _draw_shares(
    axes: Axes, descriptions: Mapping[str, Description], labels: Sequence[str]
) -> None:
    thickness = 0.8 / len(descriptions)
    for number, (description, colour) in enumerate(
        zip(descriptions.values(), COLOURS, strict=False)
    ):
        shares = [description.class_shares.get(label, 0.0) for label in labels]
        if not description.class_shares:
            continue
        places = np.arange(len(labels)) + (number - (len(descriptions) - 1) / 2) * thickness
        drawn = axes.barh(places, shares, height=thickness * 0.9, color=colour)
        if len(labels) * len(descriptions) <= MAX_NUMBERED:
            axes.bar_label(drawn, fmt="%.1f", padding=3, fontsize=8, color=THEME[SOFT])
    axes.set_title("Labels")
    if not labels:
        axes.text(0.5, 0.5, "no labels", transform=axes.transAxes, ha="center", color=THEME[SOFT])
        axes.set_axis_off()
        return
    axes.set_xlabel("share of the texts (%)")
    axes.set_yticks(range(len(labels)), [wrap_name(label) for label in labels])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.margins(x=0.14, y=0.02)
    quiet_axes(axes, "x")


def _draw_lengths(axes: Axes, descriptions: Mapping[str, Description]) -> None:
    cutoffs = sorted({each.cutoff for each in descriptions.values()})
    # The longest thousandth is not shown, as it would compress the rest; the cut-off always is.
    ends = [_quantile(each.length_counts, 0.999) for each in descriptions.values()]
    end = max(*ends, *cutoffs) + 2
    width = -(-end // MAX_STEPS)
    edges = np.arange(0, end + width + 1, width) - 0.5
    for (name, description), colour in zip(descriptions.items(), COLOURS, strict=False):
        lengths = np.arange(len(description.length_counts))
        counts, _ = np.histogram(lengths, edges, weights=description.length_counts)
        shares = 100 * counts / description.conversations
        axes.stairs(shares, edges, color=colour, linewidth=1.8, label=name)
    for place, cutoff in enumerate(cutoffs):
        axes.axvline(cutoff + 0.5, color=THEME[SOFT], linestyle="--", linewidth=1)
        within = [each.within_cutoff for each in descriptions.values() if each.cutoff == cutoff]
        share = f"{min(within):.1f}"
        if f"{max(within):.1f}" != share:
            share += f"–{max(within):.1f}"
        axes.annotate(
            f"{share} % within\n{cutoff} words",
            (cutoff + 0.5, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-6 if cutoff > end / 2 else 6, -4 - 30 * place),
            textcoords="offset points",
            ha="right" if cutoff > end / 2 else "left",
            va="top",
            fontsize=9,
            color=THEME[SOFT],
        )
    axes.set_title("Lengths")
    axes.set_xlabel("words of a text" + (f", in steps of {width}" if width > 1 else ""))
    axes.set_ylabel("share of the texts (%)")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(bottom=0)
    quiet_axes(axes)


def _quantile(counts: Sequence[int], share: float) -> int:
    reached = np.cumsum(counts)
    return int(np.searchsorted(reached, share * reached[-1]))
