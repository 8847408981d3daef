"""What the runs of a configuration are worth on a split, from the texts as they scored them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.experiments.configurations import (
    Split,
    align,
    has_test,
    read_scored,
    run_folders,
    taxonomy_of,
)
from emoscope.experiments.log import ExperimentLog, MeanStd, Run
from emoscope.experiments.scored import ScoredTexts
from emoscope.metrics.classification import LabelScores, Report, report
from emoscope.metrics.metric import AVERAGES, Metric
from emoscope.taxonomy import Taxonomy

KINDS = ("precision", "recall", "f1")


@dataclass(frozen=True)
class MeasuredRuns:
    """The finished runs of one configuration and what they say of N texts with K labels.

    Attributes:
        log: of the runs, R of them, at least one.
        taxonomy: the labels, which are exclusive, which are left out of averages.
        scored: the texts as each run scored them, in the order of the log.
    """

    log: ExperimentLog
    taxonomy: Taxonomy
    scored: tuple[ScoredTexts, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The R runs."""
        return self.log.runs

    @property
    def texts(self) -> ScoredTexts:
        """The texts, with the scores of the first run."""
        return self.scored[0]

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Which labels each text was annotated for, (N, K)."""
        annotated: NDArray[np.bool_] = ~np.isnan(self.texts.gold)
        return annotated

    @cached_property
    def gold(self) -> NDArray[np.floating[Any]]:
        """The gold labels in [0, 1], 0 where there are none, (N, K)."""
        return np.where(self.known, self.texts.gold, 0.0)

    @cached_property
    def decisions(self) -> NDArray[np.bool_]:
        """What each run decides, (R, N, K); nothing where there is no gold label."""
        return np.stack([texts.decisions & self.known for texts in self.scored])

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """What each run gives to each label, calibrated, (R, N, K)."""
        return np.stack([texts.probabilities for texts in self.scored]).astype(np.float64)

    @cached_property
    def reports(self) -> tuple[Report, ...]:
        """The figures of each run, at its fitted thresholds."""
        return tuple(report(self.gold, decided, self.taxonomy) for decided in self.decisions)

    @cached_property
    def halves(self) -> tuple[Report, ...]:
        """The figures of each run at a threshold of ½; none of exclusive labels."""
        if self.taxonomy.exclusive:
            return ()
        at_half = (self.probabilities >= 0.5) & self.known
        return tuple(report(self.gold, decided, self.taxonomy) for decided in at_half)

    @cached_property
    def parts(self) -> dict[str, tuple[Report, ...]]:
        """The figures of each part by each run, on the labels that the part is annotated for."""
        names = np.asarray(self.texts.parts, dtype=object)
        found = {}
        for name in dict.fromkeys(self.texts.parts):
            rows = names == name
            columns = np.flatnonzero(self.known[rows].any(axis=0))
            labels = [self.taxonomy.names[k] for k in columns]
            if set(labels) <= set(self.taxonomy.ignored):
                continue
            part, cells = self.taxonomy.subset(labels), np.ix_(rows, columns)
            found[name] = tuple(
                report(self.gold[cells], decided[cells], part) for decided in self.decisions
            )
        return found


@dataclass(frozen=True)
class Unmeasured:
    """A configuration without a finished run, or without gold labels.

    Attributes:
        log: of the configuration.
        reason: a sentence for people.
    """

    log: ExperimentLog
    reason: str = field(default="No run has finished yet.")


def common_split(logs: Sequence[ExperimentLog]) -> Split:
    """Test where every finished run was measured on it, else dev."""
    folders = [folder for log in logs for folder in run_folders(log)]
    everywhere = folders and all((folder / "test.parquet").is_file() for folder in folders)
    return "test" if everywhere else "dev"


def measure_runs(log: ExperimentLog, split: Split) -> MeasuredRuns | Unmeasured:
    """Read what the runs of a configuration have scored.

    Args:
        log: of the configuration.
        split: whose texts.

    Raises:
        InputError: scored texts or the model's labels are missing or damaged, or the runs were not
            measured on the same texts; the message names the file.
    """
    if not log.runs:
        return Unmeasured(log)
    if split == "test" and not has_test(log):
        raise InputError(
            f"{log.folder}: no run was measured on test. Name it as corpus.test in the recipe and "
            "train again, or report with --split dev."
        )
    read = read_scored(log, split)
    taxonomy = taxonomy_of([log], read[0].labels)
    pairs = zip(read, run_folders(log), strict=True)
    scored = tuple(align(read[0], pair, folder) for pair, folder in pairs)
    if np.isnan(read[0].gold).all():
        return Unmeasured(log, f"No text of {split} has a gold label.")
    return MeasuredRuns(log, taxonomy, scored)


def format_mean_std(value: MeanStd) -> str:
    """Mean, and deviation where there are several runs."""
    return f"{value:.3f}" if value.runs > 1 else f"{value.mean:.3f}"


def averages(reports: Sequence[Report]) -> dict[Metric, MeanStd]:
    """Micro- and macro-F1, Jaccard index and accuracy over the runs."""
    values = [report.metrics() for report in reports]
    return {metric: MeanStd.of([row[metric] for row in values]) for metric in AVERAGES}


def rows(reports: Sequence[Report]) -> dict[str, tuple[LabelScores, ...]]:
    """Precision, recall and F1 of each label by each run; `micro` and `macro` apart."""
    return {
        name: tuple(report_of_run.labels[name] for report_of_run in reports)
        for name in reports[0].labels
    }


def mean_std_of_scores(scores: Sequence[LabelScores]) -> Mapping[str, MeanStd]:
    """Precision, recall and F1 over the runs."""
    return {kind: MeanStd.of([float(getattr(score, kind)) for score in scores]) for kind in KINDS}
