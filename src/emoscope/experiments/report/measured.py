"""The metrics of a configuration's runs on a split, computed from their scored texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.experiments.configurations import (
    Split,
    align_texts,
    has_test,
    list_run_folders,
    read_run_taxonomy,
    read_scored_texts,
)
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.runs import MeanStd, Run
from emoscope.experiments.scored import ScoredTexts
from emoscope.metrics.classification import LabelScores, Report, report
from emoscope.metrics.metric import AVERAGES, Metric
from emoscope.taxonomy import Taxonomy

KINDS = ("precision", "recall", "f1")


@dataclass(frozen=True)
class MeasuredRuns:
    """The finished runs of one configuration, with their scores of N texts and K labels.

    Attributes:
        log: the log with the R runs, at least one.
        taxonomy: the K labels: whether they are exclusive, which are left out of averages.
        scored: the texts with the scores of each run, in the order of the log.
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
    def predictions(self) -> NDArray[np.bool_]:
        """What each run decides, (R, N, K); nothing where there is no gold label."""
        return np.stack([texts.predictions & self.known for texts in self.scored])

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """The calibrated probabilities of each run, (R, N, K)."""
        return np.stack([texts.probabilities for texts in self.scored]).astype(np.float64)

    @cached_property
    def reports(self) -> tuple[Report, ...]:
        """The metrics of each run, at its fitted thresholds."""
        return tuple(report(self.gold, predicted, self.taxonomy) for predicted in self.predictions)

    @cached_property
    def fixed_threshold_reports(self) -> tuple[Report, ...]:
        """The metrics of each run at a threshold of ½; empty where labels are exclusive."""
        if self.taxonomy.exclusive:
            return ()
        at_fixed = (self.probabilities >= 0.5) & self.known
        return tuple(report(self.gold, predicted, self.taxonomy) for predicted in at_fixed)

    @cached_property
    def parts(self) -> dict[str, tuple[Report, ...]]:
        """The metrics of each run on each part, over the labels that the part is annotated for."""
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
                report(self.gold[cells], predicted[cells], part) for predicted in self.predictions
            )
        return found


@dataclass(frozen=True)
class Unmeasured:
    """A configuration without a finished run, or without gold labels.

    Attributes:
        log: the log of the configuration.
        reason: a sentence that says why.
    """

    log: ExperimentLog
    reason: str = field(default="No run has finished yet.")


def measure_runs(log: ExperimentLog, split: Split) -> MeasuredRuns | Unmeasured:
    """Read the scored texts of the runs of a configuration.

    Args:
        log: the log of the configuration.
        split: the split of the texts.

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
    read = read_scored_texts(log, split)
    taxonomy = read_run_taxonomy([log], read[0].labels)
    pairs = zip(read, list_run_folders(log), strict=True)
    scored = tuple(align_texts(read[0], pair, folder) for pair, folder in pairs)
    if np.isnan(read[0].gold).all():
        return Unmeasured(log, f"No text of {split} has a gold label.")
    return MeasuredRuns(log, taxonomy, scored)


def format_mean_std(value: MeanStd) -> str:
    """Mean, and standard deviation if there are several runs."""
    return f"{value:.3f}" if value.runs > 1 else f"{value.mean:.3f}"


def average_metrics(reports: Sequence[Report]) -> dict[Metric, MeanStd]:
    """Micro- and macro-F1, Jaccard index and accuracy over the runs."""
    values = [report.metrics() for report in reports]
    return {metric: MeanStd.of([row[metric] for row in values]) for metric in AVERAGES}


def collect_label_scores(reports: Sequence[Report]) -> dict[str, tuple[LabelScores, ...]]:
    """Precision, recall and F1 of each label by each run; `micro` and `macro` apart."""
    return {
        name: tuple(report_of_run.labels[name] for report_of_run in reports)
        for name in reports[0].labels
    }


def average_scores(scores: Sequence[LabelScores]) -> Mapping[str, MeanStd]:
    """Precision, recall and F1 over the runs."""
    return {kind: MeanStd.of([float(getattr(score, kind)) for score in scores]) for kind in KINDS}
