"""Metrics of the training texts while a model trains, to be set beside those of dev."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import Calibration, decide
from emoscope.metrics.classification import report
from emoscope.metrics.metric import ACCURACY, MACRO_F1, MICRO_F1, mean_metrics, name_metrics
from emoscope.training.data import Part

TRAIN = "train_"
"""Prefix of the names of metrics of the training texts."""
FOLLOWED = (MICRO_F1, MACRO_F1, ACCURACY)


def measure_training(
    parts: Sequence[Part], logits: Sequence[NDArray[np.floating[Any]]]
) -> dict[str, float]:
    """Micro-F1, macro-F1 and accuracy of the training texts, by name; means over the parts.

    From the logits that each text had when it was last trained on: with dropout, and from weights
    that moved meanwhile; under the shares of labels in training, and at ½ of labels that do not
    exclude each other. Texts that were not trained on yet do not count.

    Args:
        parts: what is trained on.
        logits: (N, K) of each part; NaN where there is none.
    """
    rows = []
    for part, scores in zip(parts, logits, strict=True):
        known = ~np.isnan(scores) & ~np.isnan(part.labels)
        seen = known.any(axis=1)
        if not seen.any():
            continue
        taxonomy, known = part.corpus.taxonomy, known[seen]
        probabilities = Calibration().probabilities(
            np.where(known, scores[seen], -30.0), taxonomy.exclusive
        )
        decisions = decide(probabilities, taxonomy.exclusive, np.full(len(taxonomy), 0.5)) & known
        found = report(np.where(known, part.labels[seen], 0.0), decisions, taxonomy).metrics()
        rows.append({metric: found[metric] for metric in FOLLOWED})
    return name_metrics(mean_metrics(rows), TRAIN) if rows else {}
