"""A model whose labels do not see each other, without a network."""

from zlib import crc32

import numpy as np

from emoscope.calibration import Calibration
from emoscope.inference.annotator import Annotator
from emoscope.taxonomy import Taxonomy

TRAINED = Taxonomy.load("goemotions")
COUNT = len(TRAINED)
CALIBRATION = Calibration(
    1.3,
    tuple(np.linspace(-1, 1, COUNT).tolist()),
    tuple(np.linspace(0.2, 0.6, COUNT).tolist()),
    shares=tuple(np.linspace(0.01, 0.3, COUNT).tolist()),
    groups=((("anger", "annoyance", "disapproval"), 0.33),),
    untrained_shift=-0.7,
    untrained_threshold=0.25,
)


def logit(text: str, word: str) -> float:
    """What a word says of a text: a number from -4 to 4 that both together draw."""
    return crc32(f"{text}\0{word}".encode()) / 2**32 * 8 - 4


class Independent:
    """The logit of a label is the highest of its words'; it keeps the labels it was asked for."""

    independent = True

    def __init__(self, taxonomy: Taxonomy = TRAINED) -> None:
        self.taxonomy = taxonomy

    def for_taxonomy(self, taxonomy):
        return type(self)(taxonomy)

    def encode(self, conversations):
        return [" ".join(turns) for turns in conversations]

    def logits(self, encoded):
        labels = self.taxonomy.labels
        rows = [[max(logit(text, w) for w in x.words) for x in labels] for text in encoded]
        return np.array(rows, dtype=np.float32)


class Dependent(Independent):
    """The same answers, but nobody says that they do not depend on the other labels."""

    independent = False


def independent(labels=None, calibration=CALIBRATION, backend=Independent) -> Annotator:
    annotator = Annotator(backend(), TRAINED, calibration)
    return annotator if labels is None else annotator.with_labels(labels)
