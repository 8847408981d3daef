"""Which differences are significant: over the texts, over the runs, corrected for their number."""

from collections.abc import Sequence
from dataclasses import dataclass

from emoscope.metrics.bootstrap import Difference
from emoscope.metrics.metric import Metric
from emoscope.metrics.paired import PairedMetrics
from emoscope.metrics.permutation import adjust_holm, find_smallest_p, permutation_test

LEVEL = 0.05


@dataclass(frozen=True)
class Judged:
    """A tested difference to the baseline in one metric.

    Attributes:
        by_texts: the difference with its interval and p-value, by a paired bootstrap over texts.
        by_texts_adjusted: that p-value, corrected for all differences of the comparison (Holm).
        by_runs: p-value of the permutation test over runs; None if one of the two configurations
            has a single run.
        by_runs_adjusted: the same p-value, corrected (Holm).
    """

    by_texts: Difference
    by_texts_adjusted: float
    by_runs: float | None
    by_runs_adjusted: float | None


@dataclass(frozen=True)
class Best:
    """Whether the configuration with the highest mean of a metric is better than all others.

    Attributes:
        name: name of the configuration.
        by_texts: the largest p-value of the bootstrap against the other configurations, times their
            number (as the best was picked among them), corrected for the number of metrics (Holm).
        by_runs: the same for the permutation test; None if there are too few runs for it to reach
            significance.
        stands: whether both p-values are below 0.05, or the first where the second is None.
    """

    name: str
    by_texts: float
    by_runs: float | None
    stands: bool


def judge_differences(
    measured: PairedMetrics, metrics: Sequence[Metric], baseline: int, seed: int
) -> list[dict[Metric, Judged]]:
    """Test every difference to the baseline, and correct for their number.

    Args:
        measured: the metrics of C configurations.
        metrics: which metrics they are.
        baseline: index of the configuration that the others are compared with.
        seed: random seed of the permutations.

    Returns:
        For each configuration its tested difference in each metric; empty for the baseline.
    """
    others = [at for at in range(len(measured.runs)) if at != baseline]
    cells = [(at, place) for at in others for place in range(len(metrics))]
    differences = [measured.difference(at, baseline, place) for at, place in cells]
    by_runs = [compute_runs_p(measured, at, baseline, place, seed) for at, place in cells]
    adjusted = adjust_holm([difference.p for difference in differences])
    # Only the tests that can be made count in the correction.
    corrected = iter(adjust_holm([p for p in by_runs if p is not None]))
    judged: list[dict[Metric, Judged]] = [{} for _ in measured.runs]
    for (at, place), difference, p, runs in zip(cells, differences, adjusted, by_runs, strict=True):
        adjusted_runs = None if runs is None else next(corrected)
        judged[at][metrics[place]] = Judged(difference, p, runs, adjusted_runs)
    return judged


def compute_runs_p(
    measured: PairedMetrics, first: int, second: int, metric: int, seed: int
) -> float | None:
    """p-value of the permutation test over runs; None if one of the two has a single run."""
    ours, theirs = (measured.runs[at][:, metric].tolist() for at in (first, second))
    if min(len(ours), len(theirs)) < 2:
        return None
    return permutation_test(ours, theirs, seed=seed).p


def judge_best(
    measured: PairedMetrics, names: Sequence[str], metrics: Sequence[Metric], seed: int
) -> dict[Metric, Best]:
    """Test whether the best configuration by each metric is better than all others.

    Its p-value is the largest of those against the others, times their number. Whichever
    configuration is truly the best, this bounds the probability that another one is declared best.

    Args:
        measured: the metrics of two configurations or more.
        names: names of the configurations.
        metrics: which metrics they are.
        seed: random seed of the permutations.
    """
    chosen, by_texts, by_runs, least = [], [], [], []
    for place in range(len(metrics)):
        means = [float(runs[:, place].mean()) for runs in measured.runs]
        best = means.index(max(means))
        rest = [at for at in range(len(names)) if at != best]
        counts = [(len(measured.runs[best]), len(measured.runs[at])) for at in rest]
        texts = [measured.difference(best, at, place).p for at in rest]
        runs = [compute_runs_p(measured, best, at, place, seed) for at in rest]
        chosen.append(best)
        by_texts.append(correct_p(len(rest), max(texts)))
        by_runs.append(correct_p(len(rest), max(1.0 if p is None else p for p in runs)))
        # Where even runs that do not overlap at all would not be significant, the test is left out.
        lowest = max(1.0 if min(count) < 2 else find_smallest_p(*count) for count in counts)
        least.append(correct_p(len(rest), lowest))
    judged = {}
    for metric, best, texts_p, runs_adjusted, lowest in zip(
        metrics,
        chosen,
        adjust_holm(by_texts),
        adjust_holm(by_runs),
        adjust_holm(least),
        strict=True,
    ):
        by_runs_p = runs_adjusted if lowest < LEVEL else None
        stands = texts_p < LEVEL and (by_runs_p is None or by_runs_p < LEVEL)
        judged[metric] = Best(names[best], texts_p, by_runs_p, stands)
    return judged


def correct_p(count: int, p: float) -> float:
    """A p-value corrected for `count` comparisons (Bonferroni)."""
    return min(1.0, count * p)


def count_runs_needed(others: int, metrics: int) -> int | None:
    """The least number of runs a configuration with which the permutation test can be significant.

    Args:
        others: number of configurations that the best one is compared with.
        metrics: number of metrics.

    Returns:
        None where no number is enough, as the test draws only so many permutations.
    """
    possible = (
        runs for runs in range(2, 1000) if others * metrics * find_smallest_p(runs, runs) < LEVEL
    )
    return next(possible, None)
