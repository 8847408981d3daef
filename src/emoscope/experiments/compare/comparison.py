"""Which configuration is better, by how much, and whether the difference is significant.

A difference between two configurations may be luck for two reasons: the texts that they were
measured on, and the random seeds of their runs. A paired bootstrap over the texts tests the first,
a permutation test over the runs the second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from emoscope.errors import InputError
from emoscope.experiments.compare.references import Reference
from emoscope.experiments.compare.verdicts import Best, Judged, judge_best, judge_differences
from emoscope.experiments.configurations import Compared, Configuration
from emoscope.experiments.runs import MeanStd
from emoscope.metrics.counts import Floats
from emoscope.metrics.metric import ACCURACY, JACCARD, MACRO_F1, MICRO_F1, Metric, read_metric
from emoscope.metrics.paired import GoldTexts, PairedMetrics, measure_systems


@dataclass(frozen=True)
class ComparedRow:
    """One configuration in a comparison.

    Attributes:
        configuration: the configuration with its log.
        values: the values of each metric, one a run.
        results: the mean and standard deviation of each metric over the runs.
        against_baseline: the tested difference of each metric to the baseline; empty for the
            baseline itself.
    """

    configuration: Configuration
    values: Mapping[Metric, tuple[float, ...]]
    results: Mapping[Metric, MeanStd]
    against_baseline: Mapping[Metric, Judged] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the configuration."""
        return self.configuration.name


@dataclass(frozen=True)
class Comparison:
    """Configurations side by side.

    Attributes:
        compared: the configurations and texts.
        metrics: the metrics that were measured.
        baseline: name of the configuration that the others are compared with.
        rows: one row for each configuration.
        best: the best configuration by each metric; empty if there is only one configuration.
        resamples: number of bootstrap resamples.
        seed: random seed of the bootstrap and of the permutation test.
        references: published results to show with these.
        remarks: further sentences for the notes.
    """

    compared: Compared
    metrics: tuple[Metric, ...]
    baseline: str
    rows: tuple[ComparedRow, ...]
    best: Mapping[Metric, Best]
    resamples: int
    seed: int
    references: tuple[Reference, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def tests(self) -> int:
        """Number of differences to the baseline that are tested."""
        return (len(self.rows) - 1) * len(self.metrics)


def compare(
    compared: Compared,
    metrics: Sequence[str] = (),
    *,
    resamples: int = 10_000,
    seed: int = 0,
    references: Sequence[Reference] = (),
) -> Comparison:
    """Measure configurations, and test their differences.

    Args:
        compared: from `gather_configurations`.
        metrics: names such as `micro_f1`, `jaccard`, `joy_f1`, or any of them after `half_`, see
            `Metric`; by default micro- and macro-F1 and what suits the labels.
        resamples: number of bootstrap resamples.
        seed: random seed of the bootstrap, and of the permutation test where it samples splits.
        references: published results to show with these.

    Raises:
        InputError: an unknown metric.
    """
    chosen = choose_metrics(metrics, compared.texts, references)
    names = [configuration.name for configuration in compared.configurations]
    measured = measure_all(compared, chosen, resamples, seed)
    against = judge_differences(measured, chosen, compared.baseline, seed)
    return Comparison(
        compared=compared,
        metrics=chosen,
        baseline=names[compared.baseline],
        rows=tuple(
            make_row(*each, chosen)
            for each in zip(compared.configurations, measured.runs, against, strict=True)
        ),
        best=judge_best(measured, names, chosen, seed) if len(names) > 1 else {},
        resamples=resamples,
        seed=seed,
        references=tuple(references),
    )


def choose_metrics(
    metrics: Sequence[str], texts: GoldTexts, references: Sequence[Reference] = ()
) -> tuple[Metric, ...]:
    """The metrics with these names, each once; the default metrics if no name is given.

    The default metrics are at the fitted thresholds. Where published results at a threshold of ½
    are shown as well, the metrics at ½ are added, or replace the others if all of those are at ½.
    """
    exclusive = texts.taxonomy.exclusive
    if not metrics:
        default = (MICRO_F1, MACRO_F1, ACCURACY if exclusive else JACCARD)
        published = {metric for reference in references for metric in reference.results}
        fixed = [metric.at_fixed_threshold() for metric in default]
        shown = tuple(metric for metric in fixed if metric in published)
        return (*default, *shown) if published & set(default) or not shown else shown
    known = {*texts.metrics}
    if not exclusive:
        known |= {metric.at_fixed_threshold() for metric in known}
    found: dict[Metric, None] = {}
    for name in metrics:
        metric = read_metric(name)
        if metric is None or metric not in known:
            ours = "" if exclusive else ", any of them at a threshold of ½ after half_"
            raise InputError(
                f"No figure {name!r} to compare; expected one of "
                f"{', '.join(map(str, texts.metrics))}{ours}."
            )
        found[metric] = None
    return tuple(found)


def measure_all(
    compared: Compared, metrics: Sequence[Metric], resamples: int, seed: int
) -> PairedMetrics:
    """Metrics at fitted thresholds and at ½, on the same resamples, in the order of `metrics`."""
    ours = compared.configurations
    runs = [np.zeros((len(configuration.predictions), len(metrics))) for configuration in ours]
    resampled = np.zeros((resamples, len(ours), len(metrics)))
    for fixed in (False, True):
        places = [at for at, metric in enumerate(metrics) if metric.fixed is fixed]
        if not places:
            continue
        part = measure_systems(
            compared.texts,
            [each.fixed_threshold_predictions if fixed else each.predictions for each in ours],
            [replace(metrics[at], fixed=False) for at in places],
            resamples=resamples,
            seed=seed,
        )
        for whole, of_part in zip(runs, part.runs, strict=True):
            whole[:, places] = of_part
        resampled[..., places] = part.resampled
    return PairedMetrics(tuple(runs), resampled)


def make_row(
    configuration: Configuration,
    results: Floats,
    against: Mapping[Metric, Judged],
    metrics: Sequence[Metric],
) -> ComparedRow:
    """The row of a configuration, from the values of M metrics in R runs, (R, M)."""
    values = {
        name: tuple(map(float, column)) for name, column in zip(metrics, results.T, strict=True)
    }
    mean_stds = {name: MeanStd.of(value) for name, value in values.items()}
    return ComparedRow(configuration, values, mean_stds, against)
