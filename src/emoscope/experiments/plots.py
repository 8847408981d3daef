"""The curves of an experiment log: each metric and loss during training, over the runs."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from emoscope.charts.palette import COLOURS, SOFT, THEME
from emoscope.charts.plotting import quiet_axes, save
from emoscope.charts.suffix import PictureFormat, make_picture_path
from emoscope.charts.words import format_count, shorten_name
from emoscope.experiments.bands import (
    DEV,
    FEW,
    Band,
    CurveGroup,
    find_training_curve,
    list_curve_groups,
    list_label_groups,
    list_part_groups,
    make_band,
)
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.naming import to_safe_name
from emoscope.experiments.runs import MeanStd, Run
from emoscope.metrics.metric import ACCURACY, MICRO_F1


def draw_log(log: ExperimentLog, folder: Path, picture_format: PictureFormat = "png") -> None:
    """Draw every curve of a log: mean over the runs, with a band of ± sd.

    From the first step that not all runs have reached, the mean is over those that have, and the
    line is dotted. If there are few runs, each is drawn as well. A dot marks the final step of each
    run, whose value is the result. Without a run nothing is drawn.

    Args:
        log: the log.
        folder: where the files go: `loss.png` and one for each of its terms, `jaccard.png`,
            `micro_f1.png`, `macro_f1.png`, `accuracy.png`, `emotions_f1.png`, `parts.png` if dev
            has several, and one for every other curve.
        picture_format: of all of them.
    """
    for picture in list_curve_groups(log):
        path = make_picture_path(folder, to_safe_name(picture.key), picture_format)
        draw_curve_group(picture, path, len(log.runs))
    for name, grid in (("emotions_f1", list_label_groups(log)), ("parts", list_part_groups(log))):
        if grid:
            draw_grid(grid, make_picture_path(folder, name, picture_format))


def draw_curve_group(picture: CurveGroup, path: Path, runs: int) -> None:
    """Draw one plot with a line for each curve.

    Args:
        picture: the curves.
        path: the file.
        runs: number of runs of the log.
    """
    figure = Figure(figsize=(7, 4.2))
    # Fixed margins: a layout engine takes as long as all the rest, and this runs after every run.
    axes: Axes = figure.add_axes((0.1, 0.12, 0.87, 0.78))
    for index, (name, band) in enumerate(picture.lines.items()):
        draw_band(axes, band, COLOURS[index])
        axes.plot([], [], color=COLOURS[index], label=f"{name}{describe_lost(band)}", linewidth=2)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if max(band.high for band in picture.lines.values()) < 0.002:
        # Learning rates: only the short form `2e-05` fits into the margin.
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    quiet_axes(axes)
    count = format_count(runs, "run") + (": mean ± sd" if runs > 1 else "")
    axes.set_title(picture.title, loc="left", fontsize=11)
    axes.set_title(f"{count}; dots: final step", loc="right", fontsize=8, color=THEME[SOFT])
    if len(picture.lines) > 1 or any(band.lost for band in picture.lines.values()):
        axes.legend(frameon=False, fontsize=9, loc="best")
    save(figure, path)


def draw_overview(run: Run) -> Figure:
    """Loss, micro-F1 and accuracy of one run side by side, on the training texts and on dev."""
    panels = {"loss": {"training": "loss", "dev": "eval_loss"}}
    for metric in (MICRO_F1, ACCURACY):
        on_training = find_training_curve(run.curves, metric)
        panels[metric.title] = on_training | {"dev": f"{DEV}{metric}"}
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    for axes, (title, lines) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        for label, name in lines.items():
            band = make_band([run], name)
            if band is not None:
                # Dev has the second colour, whether training has a curve or not.
                colour = COLOURS[label == "dev"]
                draw_band(axes, band, colour)
                axes.plot([], [], color=colour, label=label, linewidth=2)
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        quiet_axes(axes)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, fontsize=9, loc="best")
    return figure


def draw_band(axes: Axes, band: Band, colour: str, width: float = 2.0) -> None:
    """Draw the mean, the band of ± sd, the runs if they are few, and a dot at the end of each."""
    means = [mean_std.mean for mean_std in band.mean_stds]
    several = len(band.curves) > 1
    if several:
        axes.fill_between(
            band.steps,
            [mean_std.mean - mean_std.sd for mean_std in band.mean_stds],
            [item.mean + item.sd for item in band.mean_stds],
            color=colour,
            alpha=0.16,
            linewidth=0,
        )
    if several and len(band.curves) <= FEW:
        for curve in band.curves:
            axes.plot(*zip(*curve, strict=True), color=colour, linewidth=width / 3, alpha=0.5)
    whole = band.whole
    axes.plot(band.steps[:whole], means[:whole], color=colour, linewidth=width)
    if whole < len(means):
        axes.plot(band.steps[whole - 1 :], means[whole - 1 :], ":", color=colour, linewidth=width)
    if band.ends:
        axes.plot(
            *zip(*band.ends, strict=True),
            "o",
            color=colour,
            markersize=2.6 * width,
            markeredgecolor="white",
            markeredgewidth=0.7,
        )


def draw_grid(pictures: Sequence[CurveGroup], path: Path) -> None:
    """Draw a small plot for each label or part, all on the same scales, with its result as title.

    Args:
        pictures: the plots, of metrics in [0, 1].
        path: the file.
    """
    columns = min(len(pictures), 4 if len(pictures) <= 12 else 6)
    rows = ceil(len(pictures) / columns)
    # Columns of text that fit above a plot, the name on the left and its result on the right.
    size, room = (2.2, 28) if columns < 6 else (1.75, 22)
    width, height = max(columns * size + 0.5, 4.5), rows * size * 0.72 + 0.75
    figure = Figure(figsize=(width, height))
    grid = figure.subplots(
        rows,
        columns,
        sharex=True,
        sharey=True,
        squeeze=False,
        gridspec_kw={
            "left": 0.45 / width,
            "right": 1 - 0.08 / width,
            "bottom": 0.4 / height,
            "top": 1 - 0.6 / height,
            "hspace": 0.36,
            "wspace": 0.1,
        },
    )
    lines = list(dict.fromkeys(name for picture in pictures for name in picture.lines))
    for axes, item in zip(grid.flat, pictures, strict=False):
        for name, band in reversed(list(item.lines.items())):
            index = lines.index(name)
            draw_band(axes, band, COLOURS[index], 0.9 if index else 1.4)
        end = format_end(next(iter(item.lines.values())))
        name = shorten_name(item.title, room - len(end))
        axes.set_title(name, loc="left", fontsize=8, pad=3)
        axes.set_title(end, loc="right", fontsize=8, pad=3)
        quiet_axes(axes)
        axes.tick_params(labelsize=7, length=2)
    for axes in grid.flat[len(pictures) :]:
        axes.set_axis_off()
    for column in range(columns):
        lowest = (len(pictures) - 1 - column) // columns
        grid[lowest, column].tick_params(labelbottom=True)
    top = max(band.high for picture in pictures for band in picture.lines.values())
    grid[0, 0].set_ylim(0, min(1.02, 1.05 * top) if top > 0 else 1)
    grid[0, 0].xaxis.set_major_locator(MaxNLocator(4, integer=True))
    figure.text(0.45 / width, 1 - 0.18 / height, "F1 on dev", fontsize=11, va="center")
    figure.text(0.5, 0.07 / height, "epoch", fontsize=8, ha="center", va="bottom")
    if len(lines) > 1:
        handles = [Line2D([], [], color=COLOURS[place]) for place in range(len(lines))]
        figure.legend(handles, lines, loc="upper right", ncols=2, frameon=False, fontsize=8)
    save(figure, path)


def format_end(band: Band) -> str:
    """The result of a metric at the end of the runs, as text."""
    if not band.ends:
        return ""
    mean_std = MeanStd.of([value for _, value in band.ends])
    return f"{mean_std.mean:.2f}" + (f"±{mean_std.sd:.2f}" if mean_std.runs > 1 else "")


def describe_lost(band: Band) -> str:
    """A remark for the legend on runs with values that are not finite."""
    if not band.lost:
        return ""
    return f" (not finite in {format_count(band.lost, 'run')})"
