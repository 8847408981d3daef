"""Batches for the tests of losses: fixed ones with every kind of row, and drawn ones."""

import math

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emoscope.losses.local import PairWeights

NAN = math.nan
# Present and absent labels in turn; all, none, one at ½, unlabelled, one unknown.
LABELS = torch.tensor(
    [
        [1.0, 0.0, 1.0, 0.0, 0.0],
        [1.0, 1.0, 1.0, 1.0, 1.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.5],
        [NAN, NAN, NAN, NAN, NAN],
        [1.0, NAN, 0.0, 0.9, 0.1],
    ],
    dtype=torch.float64,
)


def draw_tensors(seed, batch, count, hidden=3):
    """Logits, representations and weights of pairs that a seed decides."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, count, generator=generator, dtype=torch.float64) * 3
    vectors = torch.randn(batch, count, hidden, generator=generator, dtype=torch.float64)
    within, between = torch.rand(2, count, count, generator=generator, dtype=torch.float64)
    return logits, vectors, PairWeights(within + within.T, between + between.T)


@st.composite
def batches(draw):
    """Logits, labels and representations of a batch, and weights of pairs."""
    batch, count = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    cells = st.sampled_from([0.0, 1.0, 0.3, 0.5, 0.8, NAN])
    labels = draw(arrays(np.float64, (batch, count), elements=cells))
    for row in range(batch):
        fill = draw(st.sampled_from([None, 0.0, 1.0, NAN]))
        if fill is not None:
            labels[row] = fill
    logits = draw(arrays(np.float64, (batch, count), elements=st.floats(-50, 50)))
    vectors = draw(arrays(np.float64, (batch, count, 2), elements=st.integers(-3, 3).map(float)))
    weights = draw_tensors(draw(st.integers(0, 99)), batch, count)[2]
    return tuple(torch.from_numpy(part) for part in (logits, labels, vectors)), weights
