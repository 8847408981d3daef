"""Global losses against loops, and their gradients where vectors meet."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.losses.structure import global_loss
from tests.losses import loops

DISTANCES = ["cossim", "sq_diff"]


def drawn(seed, batch, count, hidden):
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(batch, count, hidden, generator=generator, dtype=torch.float64)
    rho = torch.rand(count, count, generator=generator, dtype=torch.float64) * 2 - 1
    return vectors, (rho + rho.T) / 2


@pytest.mark.parametrize("distance", DISTANCES)
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    batch=st.integers(1, 4),
    count=st.integers(1, 6),
    hidden=st.integers(1, 4),
)
def test_equal_to_loops(distance, seed, batch, count, hidden):
    vectors, rho = drawn(seed, batch, count, hidden)
    expected = loops.structure(vectors, rho, distance)
    assert float(global_loss(vectors, rho, distance)) == pytest.approx(expected, abs=1e-6)


def test_values_worked_by_hand():
    vectors = torch.tensor([[[3.0, 0.0], [0.0, 4.0]], [[1.0, 0.0], [2.0, 0.0]]])
    rho = torch.tensor([[1.0, 0.5], [0.5, 1.0]])
    assert float(global_loss(vectors, rho)) == pytest.approx((0.25 + 0.25) / 2)
    assert float(global_loss(vectors, rho, "sq_diff")) == pytest.approx(0.75 * (5 + 1) / 2)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("size", [0.0, 1.0, 1e4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_finite_where_vectors_meet(distance, size, dtype):
    vectors = torch.full((2, 3, 4), size, dtype=dtype, requires_grad=True)
    loss = global_loss(vectors, torch.eye(3), distance)
    loss.backward()
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss)
    assert torch.isfinite(vectors.grad).all()


def test_close_vectors_keep_their_distance():
    vectors = torch.full((1, 2, 4), 10.0)
    vectors[0, 1, 0] += 1e-3
    expected = math.dist(*vectors[0].double().tolist()) / 2
    assert float(global_loss(vectors, torch.eye(2), "sq_diff")) == pytest.approx(expected, rel=1e-6)


def test_distances_that_there_are_not():
    with pytest.raises(InputError, match="'exp_diff'"):
        global_loss(torch.ones(1, 2, 2), torch.eye(2), "exp_diff")
