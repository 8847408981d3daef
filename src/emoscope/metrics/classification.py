"""Figures of merit from labels and decisions, both (N, K) arrays of 0 and 1.

Exclusive labels are the case of one 1 a row. Averages leave out the taxonomy's ignored labels
(EmoContext's `others`): their texts still count as errors when they are taken for an emotion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.metrics.counts import Bools, Counts, Floats, harmonic_mean, jaccard_score
from emoscope.metrics.metric import ACCURACY, JACCARD, MACRO_F1, MICRO_F1, Metric, f1_of
from emoscope.taxonomy import Taxonomy


@dataclass(frozen=True)
class LabelScores:
    """Precision, recall and F1, in [0, 1], with the number of cases they rest on."""

    precision: float
    recall: float
    f1: float
    support: int

    @classmethod
    def of(cls, counts: Counts) -> "LabelScores":
        """The scores of single counts, of shape ()."""
        return cls(
            precision=float(counts.precision),
            recall=float(counts.recall),
            f1=float(counts.f1),
            support=int(counts.actual),
        )


@dataclass(frozen=True)
class ErrorCounts:
    """What precision, recall and F1 of a label are computed from: numbers of texts."""

    true_positives: int
    false_positives: int
    false_negatives: int

    @classmethod
    def of(cls, counts: Counts) -> "ErrorCounts":
        """From single counts, of shape ()."""
        hits = int(counts.true_positives)
        return cls(hits, int(counts.predicted) - hits, int(counts.actual) - hits)


@dataclass(frozen=True)
class Report:
    """The figures of one evaluation.

    Attributes:
        labels: by label name.
        micro: of the summed counts of the averaged labels.
        macro: means over the averaged labels with a case of precision, recall and F1.
        accuracy: share of texts with every label right.
        jaccard: mean over texts of |predicted ∩ true| / |predicted ∪ true|, 1 where both are
            empty; over the averaged labels.
        texts: how many were evaluated.
        counts: true positives, false positives and false negatives of each label, by its name.
        ignored: the labels that the averages leave out.
        without_cases: the averaged labels that no text has. Their F1 says nothing, so that `macro`
            leaves them out; what is wrongly taken for them counts in all else.
    """

    labels: dict[str, LabelScores]
    micro: LabelScores
    macro: LabelScores
    accuracy: float
    jaccard: float
    texts: int
    without_cases: tuple[str, ...] = ()
    counts: Mapping[str, ErrorCounts] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @property
    def harmonic_macro_f1(self) -> float:
        """Macro-F1 as the harmonic mean of macro precision and macro recall.

        Unlike `macro.f1`, the mean of the labels' F1. It is the larger one, more so the more the
        labels differ (Opitz & Burst 2019, arXiv 1911.03347).
        """
        return float(harmonic_mean(np.float64(self.macro.precision), np.float64(self.macro.recall)))

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return {
            "micro": vars(self.micro),
            "macro": vars(self.macro),
            "accuracy": self.accuracy,
            "jaccard": self.jaccard,
            "texts": self.texts,
            "labels": {name: vars(score) for name, score in self.labels.items()},
            "harmonic_macro_f1": self.harmonic_macro_f1,
            "counts": {name: vars(each) for name, each in self.counts.items()},
            **({"ignored": list(self.ignored)} if self.ignored else {}),
            **({"without_cases": list(self.without_cases)} if self.without_cases else {}),
        }

    def metrics(self) -> dict[Metric, float]:
        """The metrics that are followed during training."""
        return metrics_of(self.to_dict())


def metrics_of(report: Mapping[str, Any]) -> dict[Metric, float]:
    """The metrics in `Report.to_dict()` that are followed during training."""
    return {
        MICRO_F1: report["micro"]["f1"],
        MACRO_F1: report["macro"]["f1"],
        ACCURACY: report["accuracy"],
        JACCARD: report["jaccard"],
    } | {f1_of(name): scores["f1"] for name, scores in report["labels"].items()}


def report(labels: Floats, decisions: Bools, taxonomy: Taxonomy) -> Report:
    """Every figure of one evaluation.

    Args:
        labels: 0 or 1, or annotators' shares cut at ½, (N, K), none missing.
        decisions: (N, K).
        taxonomy: names of the K labels, and those left out of the averages.
    """
    truth = np.asarray(labels) >= 0.5
    averaged = list(taxonomy.averaged)
    counts = Counts.of(truth, decisions)
    scores = [LabelScores.of(counts.total([k])) for k in range(len(taxonomy))]
    chosen = [scores[k] for k in averaged if scores[k].support]
    return Report(
        labels=dict(zip(taxonomy.names, scores, strict=True)),
        micro=LabelScores.of(counts.total(averaged)),
        macro=LabelScores(
            precision=mean([score.precision for score in chosen]),
            recall=mean([score.recall for score in chosen]),
            f1=mean([score.f1 for score in chosen]),
            support=sum(score.support for score in chosen),
        ),
        accuracy=mean((truth == decisions).all(axis=1)),
        jaccard=mean(jaccard_score(truth[:, averaged], decisions[:, averaged])),
        texts=len(truth),
        counts={name: ErrorCounts.of(counts.total([k])) for k, name in enumerate(taxonomy.names)},
        ignored=tuple(name for k, name in enumerate(taxonomy.names) if k not in averaged),
        without_cases=tuple(taxonomy.names[k] for k in averaged if not scores[k].support),
    )


def mean(values: Any) -> float:
    """Mean that is 0 of nothing."""
    return float(np.mean(values)) if len(values) else 0.0


def confusion(labels: Floats, decisions: Bools) -> NDArray[np.int64]:
    """Texts of label i decided as label j, (K, K), for exclusive labels."""
    size = labels.shape[1]
    cells = labels.argmax(axis=1) * size + decisions.argmax(axis=1)
    return np.bincount(cells, minlength=size * size).reshape(size, size)
