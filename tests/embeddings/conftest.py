"""Word vectors that several tests look at."""

import numpy as np
import pytest

from emoscope.embeddings import WordVectors

WORDS = ("the", "of", "glad", "😂", "don't")
MATRIX = np.array(
    [[0.5, -1.25, 2], [1e-3, 0.1, -7], [3, 4, 5], [0, 0, 1.5], [-0.25, 9, 0.3]], dtype=np.float32
)


@pytest.fixture
def vectors():
    return WordVectors("tiny", WORDS, MATRIX)
