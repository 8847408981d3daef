"""Plots of a comparison: training curves, F1 of each label, metrics by the size of the data.

Configurations differ in colour and also in line style, marker or hatching, so that the plots can be
read without colour.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from emoscope.charts.palette import COLOURS, INK, SOFT, THEME
from emoscope.charts.plotting import quiet_axes, save
from emoscope.charts.suffix import PictureFormat, make_picture_path
from emoscope.charts.words import format_round_percent, wrap_name
from emoscope.experiments.bands import DEV, Band, make_band
from emoscope.experiments.compare.comparison import ComparedRow, Comparison
from emoscope.experiments.compare.matrices import draw_matrices
from emoscope.experiments.runs import MeanStd
from emoscope.metrics.metric import f1_of
from emoscope.metrics.paired import measure_systems

DASHES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "////", "....", "xxxx", "----", "\\\\\\\\", "++++")
HOLDOUT = "corpus.holdout"


def draw_comparison(
    comparison: Comparison, folder: Path, picture_format: PictureFormat = "png"
) -> list[Path]:
    """Draw every plot that the configurations allow.

    Args:
        comparison: the comparison.
        folder: where the files go: `curves.png`, `labels.png`, a matrix of predicted and gold
            labels for each configuration, and `sizes.png` where configurations differ in the share
            of the training data that is held out.
        picture_format: of all of them.

    Returns:
        The files written.
    """

    def name(picture: str) -> Path:
        return make_picture_path(folder, picture, picture_format)

    written = []
    if any(run.curves for row in comparison.rows for run in row.configuration.log.runs):
        written.append(draw_curves(comparison, name("curves")))
    written.append(draw_labels(comparison, name("labels")))
    written += draw_matrices(comparison, folder, picture_format)
    if group_by_size(comparison.rows):
        written.append(draw_sizes(comparison, name("sizes")))
    return written


def choose_style(index: int) -> tuple[str, str, str]:
    """Colour, line style and marker; no two of the first 28 have the same line style and marker."""
    kinds = COLOURS, DASHES, MARKERS
    colour, dash, marker = (kind[index % len(kind)] for kind in kinds)
    return colour, dash, marker


def make_panels(count: int) -> tuple[Figure, list[Axes]]:
    """Make a figure with `count` small plots, at most three side by side."""
    columns = min(count, 3)
    rows = ceil(count / columns)
    figure = Figure(figsize=(max(3.9 * columns, 6), 3.1 * rows + 0.7), layout="constrained")
    every = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in every[count:]:
        axes.set_axis_off()
    return figure, every[:count]


def name_lines(figure: Figure, axes: Axes, title: str) -> None:
    """Put a legend with the names of the configurations, and a title, above all plots."""
    handles, names = axes.get_legend_handles_labels()
    width = figure.get_figwidth() * 72
    longest = max((len(name) for name in names), default=0) * 5.2 + 50
    columns = max(1, min(len(names), int(width // longest)))
    figure.legend(
        handles,
        names,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        fontsize=9,
        title=title,
        alignment="left",
        handlelength=3.5,
    )


def draw_curves(comparison: Comparison, path: Path) -> Path:
    """Draw the losses, and the compared metrics on dev, over training: mean and a band of ± sd."""
    logs = [row.configuration.log for row in comparison.rows]
    titles = {"loss": "loss in training", "eval_loss": "loss on dev"}
    titles |= {f"{DEV}{metric}": f"{metric.title} on dev" for metric in comparison.metrics}
    bands = {name: [make_band(log.runs, name) for log in logs] for name in titles}
    shown = {name: lines for name, lines in bands.items() if any(lines)}
    figure, places = make_panels(len(shown))
    for axes, (name, lines) in zip(places, shown.items(), strict=True):
        for index, line in enumerate(lines):
            colour, dash, marker = choose_style(index)
            label = comparison.rows[index].name
            if line is None:
                axes.plot([], [], dash, marker=marker, color=colour, label=label)
                continue
            draw_line(axes, line, index, label)
        axes.set_title(titles[name], loc="left", fontsize=10)
        axes.set_xlabel("epoch", fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.tick_params(labelsize=8)
        quiet_axes(axes)
    said = "Mean over the runs, band ± standard deviation; pale: not all runs went on as long"
    name_lines(figure, places[0], said)
    save(figure, path)
    return path


def draw_line(axes: Axes, line: Band, index: int, label: str) -> None:
    """Draw the mean and the band of a configuration, pale where only some of its runs went on."""
    colour, dash, marker = choose_style(index)
    steps = np.array(line.steps)
    means = np.array([mean_std.mean for mean_std in line.mean_stds])
    sds = np.array([mean_std.sd for mean_std in line.mean_stds])
    axes.fill_between(steps, means - sds, means + sds, color=colour, alpha=0.15, linewidth=0)
    whole = line.whole
    axes.plot(steps[whole - 1 :], means[whole - 1 :], dash, color=colour, alpha=0.4)
    # Each line has its markers at other steps, so that lines on top of each other can be seen.
    every = max(1, whole // 8)
    axes.plot(
        steps[:whole],
        means[:whole],
        dash,
        marker=marker,
        markevery=(min(index % every, whole - 1), every),
        markersize=4.5,
        color=colour,
        linewidth=1.6,
        label=label,
    )


def measure_labels(comparison: Comparison) -> dict[str, list[MeanStd]]:
    """F1 of each annotated label for each configuration, over its runs; frequent labels first."""
    texts = comparison.compared.texts
    counts = np.nansum(texts.gold >= 0.5, axis=0)
    known = [k for k in range(len(counts)) if not np.isnan(texts.gold[:, k]).all()]
    order = sorted(known, key=lambda k: -counts[k])
    names = [texts.taxonomy.names[k] for k in order]
    systems = [row.configuration.predictions for row in comparison.rows]
    found = measure_systems(texts, systems, list(map(f1_of, names)), resamples=0)
    return {
        f"{name} ({counts[k]:,})": [MeanStd.of(runs[:, at].tolist()) for runs in found.runs]
        for at, (k, name) in enumerate(zip(order, names, strict=True))
    }


def draw_labels(comparison: Comparison, path: Path) -> Path:
    """Draw F1 of each label as a group of bars, with ± sd over the runs."""
    scores = measure_labels(comparison)
    labels, bars = list(scores), len(comparison.rows)
    columns = 1 if len(labels) <= 14 else 2
    rows = ceil(len(labels) / columns)
    thick = 0.2 if bars <= 2 else 0.15 if bars <= 5 else 0.11
    height = rows * (bars * thick + 0.14) + 1.3 + 0.1 * bars
    figure = Figure(figsize=(6.5 * columns, height), layout="constrained")
    places = list(figure.subplots(1, columns, squeeze=False, sharex=True).flat)
    top = max(score.mean + score.sd for row_scores in scores.values() for score in row_scores)
    step = 0.86 / bars
    for column, axes in enumerate(places):
        mine = labels[column * rows : (column + 1) * rows]
        for index, row in enumerate(comparison.rows):
            mean_stds = [scores[label][index] for label in mine]
            means = [mean_std.mean for mean_std in mean_stds]
            at = np.arange(len(mine)) - 0.43 + step * (index + 0.5)
            axes.barh(
                at,
                means,
                step * 0.92,
                color=COLOURS[index % len(COLOURS)],
                hatch=HATCHES[(index + index // len(COLOURS)) % len(HATCHES)],
                edgecolor="white",
                linewidth=0,
                label=row.name,
            )
            if len(row.configuration.predictions) > 1:
                axes.errorbar(
                    means,
                    at,
                    xerr=[mean_std.sd for mean_std in mean_stds],
                    fmt="none",
                    ecolor=THEME[INK],
                    elinewidth=1,
                    capsize=2,
                )
            for y, item in zip(at, mean_stds, strict=True):
                place = item.mean + item.sd + 0.012 * top
                axes.text(place, y, f"{item.mean:.2f}", va="center", fontsize=7, color=THEME[SOFT])
        axes.set_yticks(range(len(mine)), [wrap_name(label) for label in mine], fontsize=9)
        axes.set_ylim(rows - 0.5, -0.5)
        axes.set_xlim(0, 1.09 * top if top > 0 else 1)
        axes.set_xlabel("F1", fontsize=9)
        axes.tick_params(axis="x", labelsize=8)
        axes.tick_params(axis="y", length=0)
        quiet_axes(axes, "x")
    several = any(len(row.configuration.predictions) > 1 for row in comparison.rows)
    what = "mean ± standard deviation over the runs; " if several else ""
    split = comparison.compared.split
    name_lines(figure, places[0], f"F1 of each label on {split}, {what}(texts with it)")
    save(figure, path)
    return path


def find_trained_share(row: ComparedRow) -> float:
    """The share of the training data that a configuration trains on; 1 without a holdout."""
    holdout = (row.configuration.log.params.get("corpus") or {}).get("holdout")
    return 1.0 - float(holdout["share"]) if holdout else 1.0


def group_by_size(rows: Sequence[ComparedRow]) -> dict[str, list[ComparedRow]]:
    """Group the configurations that differ only in the share of the training data.

    Args:
        rows: the rows of a comparison.

    Returns:
        The rows of each group, by rising share; the key says what else differs between groups.
        Empty if no two configurations of a group differ in the share.
    """
    groups: dict[str, list[ComparedRow]] = {}
    for row in rows:
        others: Mapping[str, str] = {
            key.rpartition(".")[2]: value
            for key, value in row.configuration.differences.items()
            if not key.startswith(HOLDOUT)
        }
        name = ", ".join(f"{key}={value}" for key, value in others.items())
        groups.setdefault(name, []).append(row)
    if all(len({find_trained_share(row) for row in group}) < 2 for group in groups.values()):
        return {}
    return {name: sorted(group, key=find_trained_share) for name, group in groups.items()}


def draw_sizes(comparison: Comparison, path: Path) -> Path:
    """Draw learning curves: each metric by the share of the training data, ± sd over the runs."""
    groups = group_by_size(comparison.rows)
    figure, places = make_panels(len(comparison.metrics))
    for axes, metric in zip(places, comparison.metrics, strict=True):
        for index, (name, rows) in enumerate(groups.items()):
            colour, dash, marker = choose_style(index)
            shares = [find_trained_share(row) for row in rows]
            mean_stds = [row.results[metric] for row in rows]
            for share, row in zip(shares, rows, strict=True):
                values = row.values[metric]
                axes.plot([share] * len(values), values, marker, color=colour, ms=3, alpha=0.35)
            axes.errorbar(
                shares,
                [mean_std.mean for mean_std in mean_stds],
                yerr=[mean_std.sd for mean_std in mean_stds],
                fmt=f"{marker}{dash}",
                color=colour,
                capsize=3,
                markersize=5.5,
                linewidth=1.6,
                label=name or "all configurations",
            )
        axes.set_title(f"{metric.title} on {comparison.compared.split}", loc="left", fontsize=10)
        axes.set_xlabel("share of the training data", fontsize=9)
        axes.set_xlim(0, 1.04)
        axes.xaxis.set_major_formatter(lambda share, _: format_round_percent(round(share, 3)))
        axes.tick_params(labelsize=8)
        quiet_axes(axes)
    name_lines(figure, places[0], "Mean ± standard deviation over the runs; small: each run")
    save(figure, path)
    return path
