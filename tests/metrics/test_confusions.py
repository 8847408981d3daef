"""Confusions of labels of which a text may have several."""

import numpy as np

from emoscope.metrics.confusions import Confusion, find_confusions
from emoscope.taxonomy import Taxonomy

MOODS = Taxonomy.load("joy, fear, awe")


def test_confusions_counted_by_hand():
    labels = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0], [0.5, 0.4, 0]])
    predictions = np.array(
        [[0, 1, 0], [0, 1, 1], [0, 0, 0], [0, 0, 1], [1, 1, 1], [0, 1, 0]], dtype=bool
    )
    assert find_confusions(labels, predictions, MOODS) == [
        Confusion("joy", "fear", 3),
        Confusion("fear", None, 1),
        Confusion("joy", None, 1),
        Confusion("joy", "awe", 1),
    ]


def test_nothing_to_confuse():
    assert find_confusions(np.zeros((0, 3)), np.zeros((0, 3), dtype=bool), MOODS) == []
    assert find_confusions(np.eye(3), np.eye(3, dtype=bool), MOODS) == []
