"""Local losses against values worked by hand, and at the limits of the numbers.

What every loss promises is in `tests/contracts/test_losses.py`.
"""

import math

import pytest
import torch
from hypothesis import assume, given, settings

from emoscope.errors import InputError
from emoscope.losses.local import PairWeights, complete, inter, intra
from tests.losses.examples import batches, draw_tensors

LOSSES = {"inter": inter, "intra": intra, "complete": complete}
NAN = math.nan


def test_values_worked_by_hand():
    logits, labels = torch.tensor([[2.0, 1.0, 0.5]]), torch.tensor([[1.0, 0.0, 0.0]])
    apart = (math.exp(1 - 2) + math.exp(0.5 - 2)) / 2
    together = math.exp(1 + 0.5)
    assert float(inter(logits, labels, on="logits")) == pytest.approx(apart)
    assert float(intra(logits, labels, on="logits")) == pytest.approx(together)
    assert float(complete(logits, labels, on="logits")) == pytest.approx((apart + together) / 2)
    assert float(inter(logits, labels, distance="sq_diff", on="logits")) == pytest.approx(
        -(1 + 1.5**2) / 2
    )
    assert float(intra(logits, labels, distance="sq_diff", on="logits")) == pytest.approx(0.25)


def test_predictions_are_the_default():
    logits, labels = torch.zeros(1, 4), torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    assert float(inter(logits, labels)) == pytest.approx(1)
    # σ(0) = ½: exp(-1) within the present, exp(1) within the absent labels.
    assert float(intra(logits, labels)) == pytest.approx(math.cosh(1))


def test_cosines_worked_by_hand():
    vectors = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [3.0, 3.0], [-1.0, 0.0]]])
    labels = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    half = math.sqrt(0.5)
    logits = torch.zeros(1, 4)
    apart = inter(logits, labels, vectors, distance="cossim")
    assert float(apart) == pytest.approx((half - 1 + half + 0) / 4)
    assert float(intra(logits, labels, vectors, distance="cossim")) == pytest.approx(half / 2)


def test_weights_worked_by_hand():
    labels = torch.tensor([[1.0, 0.0, 0.0]])
    weights = PairWeights(
        within=torch.tensor([[9.0, 9.0, 9.0], [9.0, 9.0, 3.0], [9.0, 3.0, 9.0]]),
        between=torch.tensor([[9.0, 2.0, 4.0], [2.0, 9.0, 9.0], [4.0, 9.0, 9.0]]),
    )
    logits = torch.zeros(1, 3)
    assert float(inter(logits, labels, weights=weights)) == pytest.approx(3)
    assert float(intra(logits, labels, weights=weights)) == pytest.approx(3 * math.e)


@pytest.mark.parametrize(
    ("labels", "apart", "together"),
    [
        ([1.0, 1.0, 1.0], 0, math.exp(-1)),
        ([0.0, 0.0, 0.0], 0, math.exp(1)),
        ([1.0, 0.0, NAN], 1, 0),
        ([1.0], 0, 0),
        ([NAN, NAN], 0, 0),
    ],
)
def test_sets_without_pairs_cost_nothing(labels, apart, together):
    logits, values = torch.zeros(1, len(labels)), torch.tensor([labels])
    assert float(inter(logits, values)) == pytest.approx(apart)
    assert float(intra(logits, values)) == pytest.approx(together)
    complete(logits.requires_grad_(), values).backward()
    assert torch.isfinite(logits.grad).all()


def test_extreme_logits_are_still_pushed():
    logits = torch.tensor([[50.0, 50.0, -50.0, -50.0]], requires_grad=True)
    intra(logits, torch.tensor([[0.0, 0.0, 1.0, 1.0]]), on="logits").backward()
    assert (logits.grad[0, :2] > 1).all()
    assert (logits.grad[0, 2:] < -1).all()
    # Optimisers square gradients.
    assert torch.isfinite(logits.grad.square().sum())


def test_vectors_without_length_have_no_direction():
    vectors = torch.zeros(1, 3, 2)
    vectors[0, 0] = torch.tensor([1.0, 0.0])
    vectors.requires_grad_()
    loss = complete(torch.zeros(1, 3), torch.tensor([[1.0, 1.0, 0.0]]), vectors, distance="cossim")
    loss.backward()
    assert loss == 0
    assert (vectors.grad == 0).all()


def test_cosines_stay_exact_under_autocast():
    logits, vectors, _ = draw_tensors(4, 3, 4, hidden=64)
    inputs = logits.float(), torch.eye(4)[:3], vectors.float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = complete(*inputs, distance="cossim")
    torch.testing.assert_close(got, complete(*inputs, distance="cossim"), rtol=0, atol=0)


@settings(max_examples=50, deadline=None)
@given(drawn_batch=batches())
def test_a_label_on_the_right_side_costs_less(drawn_batch):
    """Raising the logit of a present label never raises the exponential losses."""
    (logits, labels, _), _ = drawn_batch
    present = labels >= 0.5
    assume(present.any())
    for loss in LOSSES.values():
        better = loss(logits + present.double(), labels)
        assert float(better) <= float(loss(logits, labels)) + 1e-12


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_missing_is_said(name):
    logits, labels = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])
    with pytest.raises(InputError, match="one vector a label"):
        LOSSES[name](logits, labels, distance="cossim")
    with pytest.raises(InputError, match="exp_diff, sq_diff, cossim"):
        LOSSES[name](logits, labels, distance="other")
    with pytest.raises(InputError, match="predictions or logits"):
        LOSSES[name](logits, labels, on="other")
