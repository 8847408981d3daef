"""The reliability diagram as PNG."""

import warnings
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emoscope.charts.palette import COLOURS, SOFT, THEME
from emoscope.charts.plotting import quiet_axes, save
from emoscope.experiments.report.reliability import Reliability
from emoscope.metrics.calibration_error import BINS


def draw_reliability(found: Reliability, path: Path) -> None:
    """Draw the share of gold labels against probability, a line a run, and the counts of the bins.

    Args:
        found: the calibration of the runs.
        path: the file.
    """
    figure = Figure(figsize=(5.2, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
    axes: Axes = upper
    axes.plot([0, 1], [0, 1], ":", color=THEME[SOFT], linewidth=1, label="perfect calibration")
    if len(found.confidence) > 1:
        for confidence, observed in zip(found.confidence, found.observed, strict=True):
            axes.plot(confidence, observed, color=COLOURS[0], linewidth=0.7, alpha=0.5)
    with warnings.catch_warnings():
        # The mean of a bin that is empty in all runs is NaN, with a warning.
        warnings.simplefilter("ignore", RuntimeWarning)
        means = np.nanmean(found.confidence, axis=0), np.nanmean(found.observed, axis=0)
    axes.plot(*means, "o-", color=COLOURS[0], linewidth=1.8, label="mean of the runs")
    axes.set(ylabel="observed frequency", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, loc="upper left")
    lower.bar((np.arange(BINS) + 0.5) / BINS, found.counts, 0.9 / BINS, color=THEME[SOFT])
    lower.set(xlabel="probability", ylabel="count")
    if found.counts.max() > 0:
        lower.set_yscale("symlog", linthresh=1)
    for item in (upper, lower):
        quiet_axes(item)
    save(figure, path)
