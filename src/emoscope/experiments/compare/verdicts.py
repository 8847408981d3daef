"""Which differences of figures stand: by the texts, by the runs, and by how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from emoscope.metrics.bootstrap import Difference
from emoscope.metrics.metric import Metric
from emoscope.metrics.paired import PairedMetrics
from emoscope.metrics.permutation import holm, permutation_test, smallest_p

LEVEL = 0.05


@dataclass(frozen=True)
class Judged:
    """A difference to the baseline in one figure.

    Attributes:
        by_texts: the difference, with interval and p of the paired bootstrap over texts.
        by_texts_adjusted: its p, corrected for all differences of the comparison (Holm).
        by_runs: p of the permutation test over runs; None if one of the two has a single run.
        by_runs_adjusted: the same, corrected.
    """

    by_texts: Difference
    by_texts_adjusted: float
    by_runs: float | None
    by_runs_adjusted: float | None


@dataclass(frozen=True)
class Best:
    """Whether the configuration with the highest mean of a figure is better than all others.

    Attributes:
        name: of the configuration.
        by_texts: p of the bootstrap against the nearest of the others, times the number of others
            (the best was picked among them), corrected for the number of figures (Holm).
        by_runs: the same of the permutation test; None if the runs are too few to stand the test.
        stands: whether both are below 0.05, or the first alone where the second is None.
    """

    name: str
    by_texts: float
    by_runs: float | None
    stands: bool


def validate(
    measured: PairedMetrics, metrics: Sequence[Metric], baseline: int, seed: int
) -> list[dict[Metric, Judged]]:
    """Every difference to the baseline, corrected for how many there are.

    Args:
        measured: figures of C configurations.
        metrics: what they measure.
        baseline: place of the configuration that differences are to.
        seed: of permutations.

    Returns:
        For each configuration its differences by figure; none for the baseline.
    """
    others = [at for at in range(len(measured.runs)) if at != baseline]
    cells = [(at, place) for at in others for place in range(len(metrics))]
    differences = [measured.difference(at, baseline, place) for at, place in cells]
    by_runs = [runs_p(measured, at, baseline, place, seed) for at, place in cells]
    adjusted = holm([difference.p for difference in differences])
    # A test that cannot be made is none to correct for.
    corrected = iter(holm([p for p in by_runs if p is not None]))
    judged: list[dict[Metric, Judged]] = [{} for _ in measured.runs]
    for (at, place), difference, p, runs in zip(cells, differences, adjusted, by_runs, strict=True):
        adjusted_runs = None if runs is None else next(corrected)
        judged[at][metrics[place]] = Judged(difference, p, runs, adjusted_runs)
    return judged


def runs_p(
    measured: PairedMetrics, first: int, second: int, metric: int, seed: int
) -> float | None:
    """What the permutation test gives; None with a single run, which says nothing of others."""
    ours, theirs = (measured.runs[at][:, metric].tolist() for at in (first, second))
    if min(len(ours), len(theirs)) < 2:
        return None
    return permutation_test(ours, theirs, seed=seed).p


def judge_best(
    measured: PairedMetrics, names: Sequence[str], metrics: Sequence[Metric], seed: int
) -> dict[Metric, Best]:
    """Whether the best of each figure is better than all others.

    Its p is the largest of those against the others, times their number: whichever configuration is
    truly best, that bounds the chance that another one seems to be.

    Args:
        measured: figures of two configurations or more.
        names: of the configurations.
        metrics: what the figures measure.
        seed: of permutations.
    """
    chosen, by_texts, by_runs, least = [], [], [], []
    for place in range(len(metrics)):
        means = [float(runs[:, place].mean()) for runs in measured.runs]
        best = means.index(max(means))
        rest = [at for at in range(len(names)) if at != best]
        counts = [(len(measured.runs[best]), len(measured.runs[at])) for at in rest]
        texts = [measured.difference(best, at, place).p for at in rest]
        runs = [runs_p(measured, best, at, place, seed) for at in rest]
        chosen.append(best)
        by_texts.append(times(len(rest), max(texts)))
        by_runs.append(times(len(rest), max(1.0 if p is None else p for p in runs)))
        # Where even runs that are parted cleanly would not pass, the test says nothing.
        lowest = max(1.0 if min(count) < 2 else smallest_p(*count) for count in counts)
        least.append(times(len(rest), lowest))
    judged = {}
    for metric, best, texts_p, runs_adjusted, lowest in zip(
        metrics, chosen, holm(by_texts), holm(by_runs), holm(least), strict=True
    ):
        by_runs_p = runs_adjusted if lowest < LEVEL else None
        stands = texts_p < LEVEL and (by_runs_p is None or by_runs_p < LEVEL)
        judged[metric] = Best(names[best], texts_p, by_runs_p, stands)
    return judged


def times(count: int, p: float) -> float:
    """A p-value corrected for so many comparisons (Bonferroni)."""
    return min(1.0, count * p)


def runs_needed(others: int, metrics: int) -> int:
    """How many runs of each configuration would let the permutation test pass.

    Args:
        others: how many configurations the best is compared with.
        metrics: in how many figures.
    """
    return next(
        runs for runs in range(2, 1000) if others * metrics * smallest_p(runs, runs) < LEVEL
    )
