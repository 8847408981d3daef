"""Which configuration is better, by how much, and whether that stands.

Two things may make a difference of figures a matter of luck: which texts they were measured on, and
which seeds the runs had. The first is judged by a paired bootstrap over texts, the second by a
permutation test over runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from emoscope.errors import InputError
from emoscope.experiments.compare.references import Reference
from emoscope.experiments.compare.verdicts import Best, Judged, judge_best, validate
from emoscope.experiments.configurations import Compared, Configuration
from emoscope.experiments.log import MeanStd
from emoscope.metrics.counts import Floats
from emoscope.metrics.metric import ACCURACY, JACCARD, MACRO_F1, MICRO_F1, Metric, read_metric
from emoscope.metrics.paired import GoldTexts, PairedMetrics, measure_systems


@dataclass(frozen=True)
class ComparedRow:
    """One configuration in a comparison.

    Attributes:
        configuration: with its log.
        values: of each figure in each run.
        figures: their mean and standard deviation.
        against_baseline: by figure; empty for the baseline itself.
    """

    configuration: Configuration
    values: Mapping[Metric, tuple[float, ...]]
    results: Mapping[Metric, MeanStd]
    against_baseline: Mapping[Metric, Judged] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the configuration."""
        return self.configuration.name


@dataclass(frozen=True)
class Comparison:
    """Configurations side by side.

    Attributes:
        compared: what was compared.
        metrics: what was measured.
        baseline: name of the configuration that differences are to.
        rows: a configuration each.
        best: by figure; empty if there is one configuration.
        resamples: of the bootstrap.
        seed: of all draws.
        references: published figures.
    """

    compared: Compared
    metrics: tuple[Metric, ...]
    baseline: str
    rows: tuple[ComparedRow, ...]
    best: Mapping[Metric, Best]
    resamples: int
    seed: int
    references: tuple[Reference, ...] = ()

    @property
    def tests(self) -> int:
        """How many differences to the baseline are judged."""
        return (len(self.rows) - 1) * len(self.metrics)


def compare(
    compared: Compared,
    metrics: Sequence[str] = (),
    *,
    resamples: int = 10_000,
    seed: int = 0,
    references: Sequence[Reference] = (),
) -> Comparison:
    """Measure configurations, and judge their differences.

    Args:
        compared: from `gather`.
        metrics: names such as `micro_f1`, `jaccard`, `joy_f1`, or any of them after `half_`, see
            `Metric`; by default micro- and macro-F1 and what suits the labels.
        resamples: of the bootstrap.
        seed: of the bootstrap, and of the permutation test where not all splits are tried.
        references: published figures to show beside.

    Raises:
        InputError: an unknown metric.
    """
    chosen = checked(metrics, compared.texts, references)
    names = [configuration.name for configuration in compared.configurations]
    measured = measure_all(compared, chosen, resamples, seed)
    against = validate(measured, chosen, compared.baseline, seed)
    return Comparison(
        compared=compared,
        metrics=chosen,
        baseline=names[compared.baseline],
        rows=tuple(
            row_of(*each, chosen)
            for each in zip(compared.configurations, measured.runs, against, strict=True)
        ),
        best=judge_best(measured, names, chosen, seed) if len(names) > 1 else {},
        resamples=resamples,
        seed=seed,
        references=tuple(references),
    )


def checked(
    metrics: Sequence[str], texts: GoldTexts, references: Sequence[Reference] = ()
) -> tuple[Metric, ...]:
    """The metrics of some names, each once; the default ones if none is named.

    By default they are at the fitted thresholds, or, where there are published figures, at what
    those are at.
    """
    exclusive = texts.taxonomy.exclusive
    if not metrics:
        default = (MICRO_F1, MACRO_F1, ACCURACY if exclusive else JACCARD)
        published = {metric for reference in references for metric in reference.results}
        at_half = [metric.at_fixed_threshold() for metric in default]
        halved = tuple(metric for metric in at_half if metric in published)
        return (*default, *halved) if published & set(default) or not halved else halved
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
    """Figures at the fitted thresholds and at ½, on the same resamples, in the order asked."""
    ours = compared.configurations
    runs = [np.zeros((len(configuration.decisions), len(metrics))) for configuration in ours]
    resampled = np.zeros((resamples, len(ours), len(metrics)))
    for halves in (False, True):
        places = [at for at, metric in enumerate(metrics) if metric.fixed is halves]
        if not places:
            continue
        part = measure_systems(
            compared.texts,
            [configuration.halves if halves else configuration.decisions for configuration in ours],
            [replace(metrics[at], fixed=False) for at in places],
            resamples=resamples,
            seed=seed,
        )
        for whole, of_part in zip(runs, part.runs, strict=True):
            whole[:, places] = of_part
        resampled[..., places] = part.resampled
    return PairedMetrics(tuple(runs), resampled)


def row_of(
    configuration: Configuration,
    results: Floats,
    against: Mapping[Metric, Judged],
    metrics: Sequence[Metric],
) -> ComparedRow:
    """A configuration with its figures, (R, M)."""
    values = {
        name: tuple(map(float, column)) for name, column in zip(metrics, results.T, strict=True)
    }
    mean_stds = {name: MeanStd.of(value) for name, value in values.items()}
    return ComparedRow(configuration, values, mean_stds, against)
