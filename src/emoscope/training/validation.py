"""Figures on the dev parts of a training: calibrated on them, part by part and pooled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import Calibration, decide
from emoscope.experiments.scored import ScoredTexts
from emoscope.metrics.classification import Report, report
from emoscope.metrics.metric import Metric, mean_metrics
from emoscope.taxonomy import Taxonomy
from emoscope.training.data import Part
from emoscope.training.prepare import PART_METRICS, Prepared, part_names
from emoscope.training.prior import PriorCorrection

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Validation:
    """What one evaluation of the dev parts says.

    Attributes:
        calibration: fitted to it, for the labels of the model.
        pooled: figures over the texts of all parts, cells that a part does not know left out.
        half: the same at a threshold of ½; None of exclusive labels, which have none.
        parts: figures of each part, by name.
        half_parts: the same at ½.
    """

    calibration: Calibration
    pooled: Report
    at_fixed: Report | None
    parts: dict[str, Report]
    parts_at_fixed: dict[str, Report]

    def metrics(self) -> dict[Metric, float]:
        """Metrics to follow: means over the parts, and each part's own where there are several."""
        found = mean_metrics([report.metrics() for report in self.parts.values()])
        if self.at_fixed is not None:
            at_half = mean_metrics([report.metrics() for report in self.parts_at_fixed.values()])
            found |= {metric.at_fixed_threshold(): value for metric, value in at_half.items()}
        if len(self.parts) > 1:
            for name, report in self.parts.items():
                values = report.metrics()
                found |= {metric.of_part(name): values[metric] for metric in PART_METRICS}
        return found


def validate(
    prepared: Prepared, correction: PriorCorrection, logits: list[NDArray[np.float32]]
) -> Validation:
    """Calibrate on the dev parts, and measure with and without the fitted thresholds.

    Args:
        prepared: the parts.
        correction: of the prior, as the recipe asks for it.
        logits: (M, K) of each dev part.
    """
    joined = prepared.of_model(logits)
    labels = prepared.of_model([part.labels for part in prepared.dev_set])
    return measure(prepared, prepared.dev_set, logits, correction.fit(joined, labels))


def measure(
    prepared: Prepared,
    parts: Sequence[Part],
    logits: list[NDArray[np.float32]],
    calibration: Calibration,
) -> Validation:
    """Figures of some parts under a calibration, with and without its thresholds.

    Args:
        prepared: whose labels are those of the model.
        parts: of dev or test.
        logits: (M, K) of each part.
        calibration: for the labels of the model.
    """
    taxonomy = prepared.taxonomy
    corpora = tuple(part.corpus for part in parts)
    joined = prepared.of_model(logits, corpora)
    labels = prepared.of_model([part.labels for part in parts], corpora)
    fixed = Calibration(calibration.temperature, calibration.prior_shift)
    names = part_names(corpora)
    reports, reports_at_fixed = (
        {
            name: evaluate_logits(
                part.labels,
                scores,
                part.corpus.taxonomy,
                chosen.for_labels(taxonomy.names, part.corpus.taxonomy.names),
            )
            for name, part, scores in zip(names, parts, logits, strict=True)
        }
        for chosen in (calibration, fixed)
    )
    return Validation(
        calibration=calibration,
        pooled=evaluate_logits(labels, joined, taxonomy, calibration),
        at_fixed=None if taxonomy.exclusive else evaluate_logits(labels, joined, taxonomy, fixed),
        parts=reports,
        parts_at_fixed=reports_at_fixed,
    )


def scored_texts(
    prepared: Prepared,
    parts: Sequence[Part],
    logits: list[NDArray[np.float32]],
    calibration: Calibration,
) -> ScoredTexts:
    """The texts of some parts with their scores, for the log; arguments as of `measure`.

    Labels that a part has and the model has not learnt come after those of the model.
    """
    taxonomy = prepared.taxonomy
    corpora = tuple(part.corpus for part in parts)
    names = tuple(
        dict.fromkeys(
            [*taxonomy.names, *(name for each in corpora for name in each.taxonomy.names)]
        )
    )
    joined = prepared.of_model(logits, corpora, names)
    labels = prepared.of_model([part.labels for part in parts], corpora, names)
    calibration = calibration.for_labels(taxonomy.names, names)
    probabilities = probabilities_of(labels, joined, taxonomy, calibration)
    known = ~np.isnan(labels)
    return ScoredTexts(
        labels=names,
        ids=[id_ for corpus in corpora for id_ in corpus.ids],
        parts=[
            name
            for name, corpus in zip(part_names(corpora), corpora, strict=True)
            for _ in range(len(corpus))
        ],
        turns=[turns for corpus in corpora for turns in corpus.turns],
        gold=labels,
        probabilities=probabilities,
        decisions=decide(probabilities, taxonomy.exclusive, calibration.cuts()) & known,
    )


def probabilities_of(
    labels: Floats, logits: Floats, taxonomy: Taxonomy, calibration: Calibration
) -> Floats:
    """Calibrated probabilities (N, K), of the logits (N, K) of labels that are known."""
    known = ~np.isnan(labels)
    return calibration.probabilities(np.where(known, logits, 0.0), taxonomy.exclusive)


def evaluate_logits(
    labels: Floats, logits: Floats, taxonomy: Taxonomy, calibration: Calibration
) -> Report:
    """Figures of calibrated logits (N, K) against labels (N, K); a NaN label counts for nothing."""
    known = ~np.isnan(labels)
    probabilities = probabilities_of(labels, logits, taxonomy, calibration)
    decisions = decide(probabilities, taxonomy.exclusive, calibration.cuts()) & known
    return report(np.where(known, labels, 0.0), decisions, taxonomy)
