"""Measure a trained model on a corpus."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.evaluation.metrics import Report, decide, report
from emoscope.evaluation.significance import micro_f1_interval
from emoscope.runtime.annotator import Annotator


@dataclass(frozen=True)
class Evaluation:
    """Figures of one model on one corpus, and what they were computed from.

    Attributes:
        report: the figures.
        interval: bootstrap interval of micro-F1, 95 %.
        labels: (N, K).
        decisions: (N, K).
        probabilities: (N, K).
    """

    report: Report
    interval: tuple[float, float]
    labels: NDArray[np.floating[Any]]
    decisions: NDArray[np.bool_]
    probabilities: NDArray[np.floating[Any]]

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return self.report.to_dict() | {"micro_f1_interval_95": list(self.interval)}


def evaluate(annotator: Annotator, corpus: Corpus, seed: int = 0) -> Evaluation:
    """Annotate a labelled corpus and compare.

    Args:
        annotator: of the model.
        corpus: with the same labels, in any order.
        seed: of the bootstrap.

    Raises:
        InputError: the corpus has no labels, or others than the model.
    """
    taxonomy = annotator.taxonomy
    if set(taxonomy.names) != set(corpus.taxonomy.names):
        raise InputError(
            f"The model knows the labels {', '.join(taxonomy.names)}; "
            f"{corpus.name} has {', '.join(corpus.taxonomy.names)}."
        )
    if not len(corpus) or not corpus.labelled:
        raise InputError(f"{corpus.name}: evaluation needs a label for every text.")
    order = [corpus.taxonomy.index(name) for name in taxonomy.names]
    labels = corpus.labels[:, order]
    probabilities = annotator.probabilities(corpus.turns)
    decisions = decide(probabilities, taxonomy.exclusive)
    return Evaluation(
        report=report(labels, decisions, taxonomy),
        interval=micro_f1_interval(labels, decisions, taxonomy, seed=seed),
        labels=labels,
        decisions=decisions,
        probabilities=probabilities,
    )
