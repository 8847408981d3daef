"""Which curves of a log are drawn in one plot, and their mean and deviation over the runs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import Curve, MeanStd, Run
from emoscope.metrics.metric import (
    ACCURACY,
    JACCARD,
    MACRO_F1,
    MICRO_F1,
    Metric,
    read_metric,
)

AVERAGES = (JACCARD, MICRO_F1, MACRO_F1, ACCURACY)
DEV = "eval_"
"""Prefix of the names of curves on dev."""
TRAIN = "train_"
"""Prefix of the names of metrics on the texts trained on."""
FEW = 10
"""Up to this number, runs are also drawn one by one, behind their mean."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Band:
    """The curve of one metric or loss, over several runs.

    Attributes:
        steps: the S steps at which at least one run has a value, rising.
        mean_stds: mean and standard deviation over the runs that have the step, S of them.
        curves: the finite values of each run.
        ends: for each run its final step, and the value with which it ends.
        lost: number of runs with values that are not finite; these values are left out.
    """

    steps: tuple[float, ...]
    mean_stds: tuple[MeanStd, ...]
    curves: tuple[Curve, ...]
    ends: Curve
    lost: int = 0

    @property
    def whole(self) -> int:
        """Number of steps from the start up to the last one that the most runs have."""
        most = max(mean_std.runs for mean_std in self.mean_stds)
        return 1 + max(
            place for place, mean_std in enumerate(self.mean_stds) if mean_std.runs == most
        )

    @property
    def low(self) -> float:
        """The lowest value to be shown, of a run or of the band."""
        below = (mean_std.mean - mean_std.sd for mean_std in self.mean_stds)
        return min(*below, *(value for curve in self.curves for _, value in curve))

    @property
    def high(self) -> float:
        """The highest value to be shown, of a run or of the band."""
        above = (mean_std.mean + mean_std.sd for mean_std in self.mean_stds)
        return max(*above, *(value for curve in self.curves for _, value in curve))


@dataclass(frozen=True)
class CurveGroup:
    """Curves that are drawn in one plot.

    Attributes:
        key: short name, from which the name of the file is made.
        title: title of the plot.
        lines: the band of each line, by the name of the line in the legend.
    """

    key: str
    title: str
    lines: Mapping[str, Band]


def make_band(runs: Sequence[Run], name: str) -> Band | None:
    """The band of a curve over runs, which may end at different steps; None if no run has it.

    Args:
        runs: the runs of one configuration.
        name: name of the curve.
    """
    curves: list[Curve] = []
    ends: list[Point] = []
    lost = 0
    at_step: dict[float, list[float]] = {}
    for run in runs:
        # A step may come twice, as after a resumption: the later value counts. Steps are epochs,
        # whose fractions may differ in their last digits.
        points = {round(step, 6): value for step, value in run.curves.get(name, ())}
        curve = tuple((step, value) for step, value in sorted(points.items()) if isfinite(value))
        lost += len(curve) < len(points)
        if not curve:
            continue
        curves.append(curve)
        for step, value in curve:
            at_step.setdefault(step, []).append(value)
        reached = [value for step, value in curve if step <= run.final_step + 1e-6]
        if reached:
            ends.append((run.final_step, reached[-1]))
    if not curves:
        return None
    steps = tuple(sorted(at_step))
    return Band(
        steps=steps,
        mean_stds=tuple(MeanStd.of(at_step[step]) for step in steps),
        curves=tuple(curves),
        ends=tuple(ends),
        lost=lost,
    )


def list_curve_groups(log: ExperimentLog) -> list[CurveGroup]:
    """The plots of all curves but those of labels and parts, losses first."""
    names = list_curve_names(log)
    several = {
        curve
        for group in (group_by_label(names), group_by_part(names))
        for curve in list_drawn_curves(group)
    }
    wanted: dict[str, tuple[str, dict[str, str]]] = {
        "loss": ("loss", {"training": "loss", "dev": "eval_loss"})
    }
    for average in AVERAGES:
        fixed = average.at_fixed_threshold()
        lines = {"dev, at the fitted thresholds": f"{DEV}{average}", "dev, at ½": f"{DEV}{fixed}"}
        lines |= find_training_curve(names, average)
        wanted[str(average)] = (to_readable(str(average)), lines)
    known = {line for _, lines in wanted.values() for line in lines.values()}
    for name in names:
        if name in known or name in several:
            continue
        if name.startswith("eval_"):
            # A term with a curve in training and one on dev has one plot, made below.
            if name.removeprefix("eval_") not in names:
                wanted[name] = (f"{to_readable(name)} on dev", {"dev": name})
        else:
            wanted[name] = (to_readable(name), {"training": name, "dev": f"eval_{name}"})
    found = (make_curve_group(log, key, title, lines) for key, (title, lines) in wanted.items())
    # The terms of the loss come after the loss, other curves such as the learning rate last.
    return sorted(
        (curve_group for curve_group in found if curve_group is not None),
        key=lambda item: rank_curve_group(item.key),
    )


def find_training_curve(names: Collection[str], average: Metric) -> dict[str, str]:
    """The curve of a metric on the texts trained on, by its name in a legend; empty if none.

    Of labels that do not exclude each other it is at a threshold of ½.
    """
    fixed = average.at_fixed_threshold()
    for legend, metric in (("training, at ½", fixed), ("training", average)):
        if f"{TRAIN}{metric}" in names:
            return {legend: f"{TRAIN}{metric}"}
    return {}


def rank_curve_group(key: str) -> int:
    """Rank of a plot in the order in which plots are shown."""
    if key == "loss":
        return 0
    if key.endswith(("_loss", "cross_entropy")):
        return 1
    return 2 if read_metric(key) in AVERAGES else 3


def list_label_groups(log: ExperimentLog) -> list[CurveGroup]:
    """A plot for each label: F1 on dev, and F1 at ½ where the log has it."""
    return make_curve_groups(log, group_by_label(list_curve_names(log)))


def list_part_groups(log: ExperimentLog) -> list[CurveGroup]:
    """A plot for each part of dev, if there are several: macro- and micro-F1."""
    return make_curve_groups(log, group_by_part(list_curve_names(log)))


def make_curve_groups(
    log: ExperimentLog, groups: Mapping[str, Mapping[str, str]]
) -> list[CurveGroup]:
    """A plot for each group of curves that the log has."""
    found = (make_curve_group(log, name, name, lines) for name, lines in groups.items())
    return [item for item in found if item is not None]


def make_curve_group(
    log: ExperimentLog, key: str, title: str, lines: Mapping[str, str]
) -> CurveGroup | None:
    """A plot of those curves that the log has; None if it has none."""
    bands = {called: make_band(log.runs, name) for called, name in lines.items()}
    there = {called: each_band for called, each_band in bands.items() if each_band is not None}
    return CurveGroup(key, title, there) if there else None


def list_curve_names(log: ExperimentLog) -> list[str]:
    """Names of all curves, in the order of the first run that has them."""
    return list(dict.fromkeys(name for run in log.runs for name in run.curves))


def read_dev_metric(name: str) -> Metric | None:
    """The metric on dev that a curve shows; None for other curves, such as a loss."""
    return read_metric(name.removeprefix(DEV)) if name.startswith(DEV) else None


def group_by_label(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The curves of each label, such as `eval_joy_f1` and `eval_half_joy_f1`."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        metric = read_dev_metric(name)
        if metric is None or metric.label is None or metric.part is not None or metric.fixed:
            continue
        found[metric.label] = {"at the fitted thresholds": name}
        at_fixed = f"{DEV}{metric.at_fixed_threshold()}"
        if at_fixed in names:
            found[metric.label]["at ½"] = at_fixed
    return found


def group_by_part(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The curves of each language or corpus, such as `eval_es_macro_f1` and `eval_es_micro_f1`."""
    found: dict[str, dict[str, str]] = {}
    for average in (MACRO_F1, MICRO_F1):
        for name in names:
            metric = read_dev_metric(name)
            if metric is not None and metric.part and metric == average.of_part(metric.part):
                found.setdefault(metric.part, {})[average.title] = name
    return found


def list_drawn_curves(groups: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The names of all curves of all groups."""
    return [name for lines in groups.values() for name in lines.values()]


def to_readable(name: str) -> str:
    """`eval_micro_f1` → `micro-F1`, `intra_loss` → `intra loss`."""
    words = name.removeprefix("eval_")
    return words.replace("_f1", "-F1").replace("_", " ").replace("jaccard", "Jaccard index")
