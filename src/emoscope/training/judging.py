"""Figures on the dev parts of a training: calibrated on them, part by part and pooled."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import Calibration, decide
from emoscope.corpora.corpus import Corpus
from emoscope.evaluation.metrics import Report, report
from emoscope.taxonomy import Taxonomy
from emoscope.training.prepare import Prepared
from emoscope.training.prior import PriorCorrection

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Judgement:
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
    half: Report | None
    parts: dict[str, Report]
    half_parts: dict[str, Report]

    def flat(self) -> dict[str, float]:
        """Figures to follow: the means over parts, and each part's own where there are several.

        Those at ½ are called `half_…`.
        """
        figures = means(list(self.parts.values()))
        if self.half is not None:
            at_half = means(list(self.half_parts.values()))
            figures |= {f"half_{name}": value for name, value in at_half.items()}
        if len(self.parts) > 1:
            for name, part in self.parts.items():
                figures |= {f"{name}_micro_f1": part.micro.f1, f"{name}_macro_f1": part.macro.f1}
        return figures


def means(reports: Sequence[Report]) -> dict[str, float]:
    """Each figure as the mean over the reports that have it."""
    flat = [one.flat() for one in reports]
    names = dict.fromkeys(name for one in flat for name in one)
    return {name: fmean(one[name] for one in flat if name in one) for name in names}


def judge(
    prepared: Prepared, correction: PriorCorrection, logits: list[NDArray[np.float32]]
) -> Judgement:
    """Calibrate on the dev parts, and measure with and without the fitted thresholds.

    Args:
        prepared: the parts.
        correction: of the prior, as the recipe asks for it.
        logits: (M, K) of each dev part.
    """
    taxonomy = prepared.taxonomy
    joined = prepared.of_model(logits)
    labels = prepared.of_model([part.labels for part in prepared.dev_set])
    calibration = correction.fit(joined, labels)
    halved = Calibration(calibration.temperature, calibration.prior_shift)
    names = part_names(prepared.dev)
    parts, half_parts = (
        {
            name: figures(
                part.labels,
                scores,
                corpus.taxonomy,
                chosen.for_labels(taxonomy.names, corpus.taxonomy.names),
            )
            for name, corpus, part, scores in zip(
                names, prepared.dev, prepared.dev_set, logits, strict=True
            )
        }
        for chosen in (calibration, halved)
    )
    return Judgement(
        calibration=calibration,
        pooled=figures(labels, joined, taxonomy, calibration),
        half=None if taxonomy.exclusive else figures(labels, joined, taxonomy, halved),
        parts=parts,
        half_parts=half_parts,
    )


def figures(labels: Floats, logits: Floats, taxonomy: Taxonomy, calibration: Calibration) -> Report:
    """Figures of calibrated logits (N, K) against labels (N, K); a NaN label counts for nothing."""
    known = ~np.isnan(labels)
    probabilities = calibration.probabilities(np.where(known, logits, 0.0), taxonomy.exclusive)
    decisions = decide(probabilities, taxonomy.exclusive, calibration.cuts()) & known
    return report(np.where(known, labels, 0.0), decisions, taxonomy)


def part_names(corpora: Sequence[Corpus]) -> list[str]:
    """What to call each part: by its language if that tells them apart, else by its corpus too."""
    languages = [corpus.languages[0] for corpus in corpora]
    if len(corpora) == 1:
        return [corpora[0].name]
    if len(set(languages)) == len(languages):
        return languages
    names = [
        f"{corpus.name}_{language}" for corpus, language in zip(corpora, languages, strict=True)
    ]
    return [
        name if names.count(name) == 1 else f"{name}_{place}"
        for place, name in enumerate(names, start=1)
    ]
