"""Which curves of a log belong in one picture, and what they are over several runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from emoscope.experiments.log import Curve, ExperimentLog, MeanStd, Run
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
"""What names of curves on dev begin with."""
FEW = 10
"""So many runs, at most, are drawn one by one beneath their mean."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Band:
    """One figure over training and over runs.

    Attributes:
        steps: where at least one run has a value, S of them, rising.
        spreads: over the runs that have the step, S of them.
        curves: of each run, what is finite.
        ends: the final step of each run, and the figure as the run ends with it.
        lost: runs with values that are no numbers, which count nowhere here.
    """

    steps: tuple[float, ...]
    mean_stds: tuple[MeanStd, ...]
    curves: tuple[Curve, ...]
    ends: Curve
    lost: int = 0

    @property
    def whole(self) -> int:
        """How many of the first steps all runs have, or as many runs as any later step."""
        most = max(mean_std.runs for mean_std in self.mean_stds)
        return 1 + max(
            place for place, mean_std in enumerate(self.mean_stds) if mean_std.runs == most
        )

    @property
    def low(self) -> float:
        """The lowest value to be shown, that of a run or of the band."""
        below = (mean_std.mean - mean_std.sd for mean_std in self.mean_stds)
        return min(*below, *(value for curve in self.curves for _, value in curve))

    @property
    def high(self) -> float:
        """The highest value to be shown."""
        above = (mean_std.mean + mean_std.sd for mean_std in self.mean_stds)
        return max(*above, *(value for curve in self.curves for _, value in curve))


@dataclass(frozen=True)
class CurveGroup:
    """Curves that are read together.

    Attributes:
        key: short name, safe in a file's name where the figures' names are.
        title: for people.
        lines: the band of each line, by what the line is called.
    """

    key: str
    title: str
    lines: Mapping[str, Band]


def band(runs: Sequence[Run], name: str) -> Band | None:
    """A figure over runs that may have ended at different steps; None if no run has it.

    Args:
        runs: of one configuration.
        name: of the figure.
    """
    curves: list[Curve] = []
    ends: list[Point] = []
    lost = 0
    at_step: dict[float, list[float]] = {}
    for run in runs:
        # Where a step comes twice, as after a resumption, the later one counts; steps are epochs,
        # fractions of which differ in their last digits.
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


def pictures(log: ExperimentLog) -> list[CurveGroup]:
    """Every curve of the log but those of labels and parts, losses first."""
    names = curve_names(log)
    several = {curve for group in (labels_of(names), parts_of(names)) for curve in used(group)}
    wanted: dict[str, tuple[str, dict[str, str]]] = {
        "loss": ("loss", {"training": "loss", "dev": "eval_loss"})
    }
    for average in AVERAGES:
        halved = f"{DEV}{average.at_fixed_threshold()}"
        lines = {"at the fitted thresholds": f"{DEV}{average}", "at ½": halved}
        wanted[str(average)] = (f"{to_readable(str(average))} on dev", lines)
    known = {line for _, lines in wanted.values() for line in lines.values()}
    for name in names:
        if name in known or name in several:
            continue
        if name.startswith("eval_"):
            # Of a term that has both, one picture.
            if name.removeprefix("eval_") not in names:
                wanted[name] = (f"{to_readable(name)} on dev", {"dev": name})
        else:
            wanted[name] = (to_readable(name), {"training": name, "dev": f"eval_{name}"})
    found = (make_curve_group(log, key, title, lines) for key, (title, lines) in wanted.items())
    # Terms of the loss beside the loss; the rate at which it was learned last.
    return sorted(
        (curve_group for curve_group in found if curve_group is not None),
        key=lambda item: place(item.key),
    )


def place(key: str) -> int:
    """Where a picture stands among others."""
    if key == "loss":
        return 0
    if key.endswith(("_loss", "cross_entropy")):
        return 1
    return 2 if read_metric(key) in AVERAGES else 3


def label_pictures(log: ExperimentLog) -> list[CurveGroup]:
    """F1 on dev of each label, with that at ½ where there is one."""
    return grouped(log, labels_of(curve_names(log)))


def part_pictures(log: ExperimentLog) -> list[CurveGroup]:
    """Macro- and micro-F1 of each part of dev, where it has several."""
    return grouped(log, parts_of(curve_names(log)))


def grouped(log: ExperimentLog, groups: Mapping[str, Mapping[str, str]]) -> list[CurveGroup]:
    """A picture for each group of figures."""
    found = (make_curve_group(log, name, name, lines) for name, lines in groups.items())
    return [item for item in found if item is not None]


def make_curve_group(
    log: ExperimentLog, key: str, title: str, lines: Mapping[str, str]
) -> CurveGroup | None:
    """A picture of those figures that the log has; None if it has none."""
    bands = {called: band(log.runs, name) for called, name in lines.items()}
    there = {called: each_band for called, each_band in bands.items() if each_band is not None}
    return CurveGroup(key, title, there) if there else None


def curve_names(log: ExperimentLog) -> list[str]:
    """Names of all curves, in the order of the first run that has them."""
    return list(dict.fromkeys(name for run in log.runs for name in run.curves))


def dev_metric(name: str) -> Metric | None:
    """The metric on dev that a curve shows; None if it is another curve, such as a loss."""
    return read_metric(name.removeprefix(DEV)) if name.startswith(DEV) else None


def labels_of(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """For each label its curves: `eval_joy_f1`, `eval_half_joy_f1`."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        metric = dev_metric(name)
        if metric is None or metric.label is None or metric.part is not None or metric.fixed:
            continue
        found[metric.label] = {"at the fitted thresholds": name}
        at_fixed = f"{DEV}{metric.at_fixed_threshold()}"
        if at_fixed in names:
            found[metric.label]["at ½"] = at_fixed
    return found


def parts_of(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """For each language or corpus its curves: `eval_es_macro_f1`, `eval_es_micro_f1`."""
    found: dict[str, dict[str, str]] = {}
    for average in (MACRO_F1, MICRO_F1):
        for name in names:
            metric = dev_metric(name)
            if metric is not None and metric.part and metric == average.of_part(metric.part):
                found.setdefault(metric.part, {})[average.title] = name
    return found


def used(groups: Mapping[str, Mapping[str, str]]) -> list[str]:
    """All figures of all groups."""
    return [name for lines in groups.values() for name in lines.values()]


def to_readable(name: str) -> str:
    """`eval_micro_f1` → `micro-F1`, `intra_loss` → `intra loss`."""
    words = name.removeprefix("eval_")
    return words.replace("_f1", "-F1").replace("_", " ").replace("jaccard", "Jaccard index")
