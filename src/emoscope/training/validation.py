"""Metrics on the dev parts of a training, after calibration: by part and pooled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import Calibration, decide
from emoscope.experiments.scored import ScoredTexts
from emoscope.metrics.classification import Report, report
from emoscope.metrics.metric import AVERAGES, Metric, mean_metrics
from emoscope.taxonomy import Taxonomy
from emoscope.training.data import Part
from emoscope.training.prepare import PART_METRICS, Prepared, name_parts
from emoscope.training.prior import PriorCorrection

Floats = NDArray[np.floating[Any]]
ABSENT = -1e9
"""Logit of an exclusive label that a text was not annotated for: the softmax leaves it out."""


@dataclass(frozen=True)
class Validation:
    """The result of one evaluation of the dev parts.

    Attributes:
        calibration: fitted to dev, for the labels of the model.
        pooled: metrics over the texts of all parts; labels that a part lacks do not count.
        at_fixed: the same at a threshold of ½; None if the labels are exclusive.
        parts: metrics of each part, by name.
        parts_at_fixed: the same at a threshold of ½.
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


def validate_dev(
    prepared: Prepared, correction: PriorCorrection, logits: list[NDArray[np.float32]]
) -> Validation:
    """Calibrate on the dev parts, and measure with and without the fitted thresholds.

    Args:
        prepared: the parts.
        correction: the correction of the prior, as the recipe asks for it.
        logits: (M, K) of each dev part.
    """
    joined = prepared.of_model(logits)
    labels = prepared.of_model([part.labels for part in prepared.dev_set])
    return measure_parts(prepared, prepared.dev_set, logits, correction.fit(joined, labels))


def measure_parts(
    prepared: Prepared,
    parts: Sequence[Part],
    logits: list[NDArray[np.float32]],
    calibration: Calibration,
) -> Validation:
    """Measure some parts under a calibration, with and without its thresholds.

    Args:
        prepared: the data, with the labels of the model.
        parts: the parts of dev or test.
        logits: (M, K) of each part.
        calibration: the calibration of the model's labels.
    """
    taxonomy = prepared.taxonomy
    corpora = tuple(part.corpus for part in parts)
    joined = prepared.of_model(logits, corpora)
    labels = prepared.of_model([part.labels for part in parts], corpora)
    fixed = replace(calibration, thresholds=())
    independent = getattr(prepared.family.encoder, "independent", False)
    names = name_parts(corpora)
    reports, reports_at_fixed = (
        {
            name: evaluate_logits(
                part.labels,
                scores,
                part.corpus.taxonomy,
                chosen.for_labels(taxonomy.names, part.corpus.taxonomy.names, independent),
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


def measure_training(
    parts: Sequence[Part], logits: list[NDArray[np.float32]]
) -> dict[Metric, float]:
    """Averages over the labels on the texts trained on, at a threshold of ½; means over the parts.

    Texts and labels that were not trained on yet do not count. The logits are those of training:
    under dropout, and from weights that moved meanwhile.

    Args:
        parts: the parts of the training data.
        logits: (N, K) of each part, NaN where there are none.
    """
    rows = []
    for part, scores in zip(parts, logits, strict=True):
        taxonomy = part.corpus.taxonomy
        labels = np.where(np.isnan(scores), np.nan, part.labels)
        seen = ~np.isnan(labels).all(axis=1)
        if not seen.any():
            continue
        measured = evaluate_logits(labels[seen], scores[seen], taxonomy, Calibration()).metrics()
        rows.append(
            {
                metric if taxonomy.exclusive else metric.at_fixed_threshold(): measured[metric]
                for metric in AVERAGES
            }
        )
    return mean_metrics(rows)


def make_scored_texts(
    prepared: Prepared,
    parts: Sequence[Part],
    logits: list[NDArray[np.float32]],
    calibration: Calibration,
) -> ScoredTexts:
    """Make the scored texts of some parts, for the log; arguments as of `measure_parts`.

    Labels that only a part has come after those of the model, which keep what was fitted to them,
    as in the pooled metrics.
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
    calibration = calibration.for_labels(taxonomy.names, names, independent=True)
    probabilities = to_probabilities(labels, joined, taxonomy, calibration)
    known = ~np.isnan(labels)
    return ScoredTexts(
        labels=names,
        ids=[id_ for corpus in corpora for id_ in corpus.ids],
        parts=[
            name
            for name, corpus in zip(name_parts(corpora), corpora, strict=True)
            for _ in range(len(corpus))
        ],
        turns=[turns for corpus in corpora for turns in corpus.turns],
        gold=labels,
        probabilities=probabilities,
        predictions=decide(probabilities, taxonomy.exclusive, calibration.cuts()) & known,
    )


def to_probabilities(
    labels: Floats, logits: Floats, taxonomy: Taxonomy, calibration: Calibration
) -> Floats:
    """Convert the logits (N, K) of known labels to calibrated probabilities (N, K)."""
    known = ~np.isnan(labels)
    absent = ABSENT if taxonomy.exclusive else 0.0
    return calibration.probabilities(np.where(known, logits, absent), taxonomy.exclusive)


def evaluate_logits(
    labels: Floats, logits: Floats, taxonomy: Taxonomy, calibration: Calibration
) -> Report:
    """Compare calibrated logits (N, K) with labels (N, K); a NaN label does not count."""
    known = ~np.isnan(labels)
    probabilities = to_probabilities(labels, logits, taxonomy, calibration)
    predictions = decide(probabilities, taxonomy.exclusive, calibration.cuts()) & known
    return report(np.where(known, labels, 0.0), predictions, taxonomy)
