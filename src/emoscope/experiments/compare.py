"""Which configuration is better, by how much, and whether that stands.

Two things may make a difference of figures a matter of luck: which texts they were measured on, and
which seeds the runs had. The first is judged by a paired bootstrap over texts, the second by a
permutation test over runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from emoscope.errors import InputError
from emoscope.evaluation.paired import Floats, GoldTexts, Measured, measure
from emoscope.experiments.configurations import Compared, Configuration
from emoscope.experiments.log import Spread
from emoscope.experiments.references import HALF, Reference
from emoscope.experiments.verdicts import Best, Judged, judge, judge_best


@dataclass(frozen=True)
class Row:
    """One configuration in a comparison.

    Attributes:
        configuration: with its log.
        values: of each figure in each run.
        figures: their mean and standard deviation.
        against_baseline: by figure; empty for the baseline itself.
    """

    configuration: Configuration
    values: Mapping[str, tuple[float, ...]]
    figures: Mapping[str, Spread]
    against_baseline: Mapping[str, Judged] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the configuration."""
        return self.configuration.name


@dataclass(frozen=True)
class Comparison:
    """Configurations side by side.

    Attributes:
        compared: what was compared.
        metrics: names of the figures.
        baseline: name of the configuration that differences are to.
        rows: a configuration each.
        best: by figure; empty if there is one configuration.
        resamples: of the bootstrap.
        seed: of all draws.
        references: published figures.
    """

    compared: Compared
    metrics: tuple[str, ...]
    baseline: str
    rows: tuple[Row, ...]
    best: Mapping[str, Best]
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
        metrics: `micro_f1`, `macro_f1`, `jaccard`, `accuracy`, `<label>_f1`, or any of them after
            `half_`; by default the first two and what suits the labels.
        resamples: of the bootstrap.
        seed: of the bootstrap, and of the permutation test where not all splits are tried.
        references: published figures to show beside.

    Raises:
        InputError: an unknown metric.
    """
    chosen = checked(metrics, compared.texts, references)
    names = [one.name for one in compared.configurations]
    measured = measure_all(compared, chosen, resamples, seed)
    against = judge(measured, chosen, compared.baseline, seed)
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
) -> tuple[str, ...]:
    """Names of figures that there are, each once; the default ones if none is named.

    By default they are at the fitted thresholds, or, where there are published figures, at what
    those are at.
    """
    exclusive = texts.taxonomy.exclusive
    if not metrics:
        default = ("micro_f1", "macro_f1", "accuracy" if exclusive else "jaccard")
        published = {name for one in references for name in one.figures}
        halved = tuple(f"{HALF}{name}" for name in default if f"{HALF}{name}" in published)
        return (*default, *halved) if published & set(default) or not halved else halved
    known = list(texts.metrics)
    known += [] if exclusive else [f"{HALF}{name}" for name in known]
    for name in metrics:
        if name not in known:
            ours = "" if exclusive else f", any of them at a threshold of ½ after {HALF}"
            raise InputError(
                f"No figure {name!r} to compare; expected one of {', '.join(texts.metrics)}{ours}."
            )
    return tuple(dict.fromkeys(metrics))


def measure_all(compared: Compared, metrics: Sequence[str], resamples: int, seed: int) -> Measured:
    """Figures at the fitted thresholds and at ½, on the same resamples, in the order asked."""
    ours = compared.configurations
    runs = [np.zeros((len(one.decisions), len(metrics))) for one in ours]
    resampled = np.zeros((resamples, len(ours), len(metrics)))
    for halves in (False, True):
        places = [at for at, name in enumerate(metrics) if name.startswith(HALF) is halves]
        if not places:
            continue
        part = measure(
            compared.texts,
            [one.halves if halves else one.decisions for one in ours],
            [metrics[at].removeprefix(HALF) for at in places],
            resamples=resamples,
            seed=seed,
        )
        for whole, figures in zip(runs, part.runs, strict=True):
            whole[:, places] = figures
        resampled[..., places] = part.resampled
    return Measured(tuple(runs), resampled)


def row_of(
    configuration: Configuration,
    figures: Floats,
    against: Mapping[str, Judged],
    metrics: Sequence[str],
) -> Row:
    """A configuration with its figures, (R, M)."""
    values = {
        name: tuple(map(float, column)) for name, column in zip(metrics, figures.T, strict=True)
    }
    spreads = {name: Spread.of(one) for name, one in values.items()}
    return Row(configuration, values, spreads, against)
