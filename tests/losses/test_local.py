"""Local losses against loops, against values worked by hand, and at the limits of the numbers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emoscope import registry
from emoscope.errors import InputError
from emoscope.losses.local import PairWeights, complete, inter, intra
from emoscope.registry import resolve
from tests.losses import loops

LOSSES = {name: resolve(entry.place) for name, entry in registry.LOSSES.items()}
NAN = math.nan
DISTANCES = ["exp_diff", "sq_diff", "cossim"]
SOURCES = ["predictions", "logits"]
CASES = [(name, distance, on) for name in LOSSES for distance in DISTANCES for on in SOURCES]
# Present and absent labels in turn; all, none, one, unlabelled, one unknown.
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


def drawn(seed, batch, count, hidden=3):
    """Logits, representations and weights that a seed decides."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, count, generator=generator, dtype=torch.float64) * 3
    vectors = torch.randn(batch, count, hidden, generator=generator, dtype=torch.float64)
    within, between = torch.rand(2, count, count, generator=generator, dtype=torch.float64)
    return logits, vectors, PairWeights(within + within.T, between + between.T)


@st.composite
def batches(draw):
    batch, count = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    cells = st.sampled_from([0.0, 1.0, 0.3, 0.5, 0.8, NAN])
    labels = draw(arrays(np.float64, (batch, count), elements=cells))
    for row in range(batch):
        fill = draw(st.sampled_from([None, 0.0, 1.0, NAN]))
        if fill is not None:
            labels[row] = fill
    logits = draw(arrays(np.float64, (batch, count), elements=st.floats(-50, 50)))
    vectors = draw(arrays(np.float64, (batch, count, 2), elements=st.integers(-3, 3).map(float)))
    weights = drawn(draw(st.integers(0, 99)), batch, count)[2]
    return tuple(torch.from_numpy(part) for part in (logits, labels, vectors)), weights


@pytest.mark.parametrize(("name", "distance", "on"), CASES)
@settings(max_examples=25, deadline=None)
@given(drawn_batch=batches(), weighted=st.booleans())
def test_equal_to_loops(name, distance, on, drawn_batch, weighted):
    (logits, labels, vectors), weights = drawn_batch
    if not weighted:
        ones = torch.ones(labels.shape[1], labels.shape[1])
        weights = PairWeights(ones, ones)
    expected = loops.local(
        name, logits, labels, vectors, weights.within, weights.between, distance, on
    )
    got = LOSSES[name](
        logits, labels, vectors, weights if weighted else None, distance=distance, on=on
    )
    assert got.shape == ()
    assert float(got) == pytest.approx(expected, rel=1e-6, abs=1e-6)


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


@pytest.mark.parametrize("name", LOSSES)
def test_no_labelled_example_no_loss(name):
    loss = LOSSES[name]
    assert loss(torch.ones(2, 3), torch.full((2, 3), NAN)) == 0
    assert loss(torch.ones(0, 3), torch.ones(0, 3)) == 0


@pytest.mark.parametrize(("name", "distance", "on"), CASES)
def test_a_batch_is_the_mean_of_its_labelled_examples(name, distance, on):
    logits, vectors, weights = drawn(0, *LABELS.shape)

    def loss(rows):
        return LOSSES[name](
            logits[rows], LABELS[rows], vectors[rows], weights, distance=distance, on=on
        )

    singles = [loss([row]) for row in range(len(LABELS)) if not LABELS[row].isnan().all()]
    torch.testing.assert_close(loss(list(range(len(LABELS)))), torch.stack(singles).mean())


@pytest.mark.parametrize(("name", "distance", "on"), CASES)
def test_the_order_of_the_labels_does_not_matter(name, distance, on):
    logits, vectors, weights = drawn(1, *LABELS.shape)
    order = torch.tensor([3, 0, 4, 2, 1])
    shuffled = PairWeights(weights.within[order][:, order], weights.between[order][:, order])
    inputs = logits[:, order], LABELS[:, order], vectors[:, order], shuffled
    loss = LOSSES[name]
    torch.testing.assert_close(
        loss(*inputs, distance=distance, on=on),
        loss(logits, LABELS, vectors, weights, distance=distance, on=on),
    )


@pytest.mark.parametrize(("name", "distance", "on"), CASES)
def test_gradients_are_right(name, distance, on):
    logits, vectors, weights = drawn(2, *LABELS.shape)

    def loss(logits, vectors):
        return LOSSES[name](logits, LABELS, vectors, weights, distance=distance, on=on)

    assert torch.autograd.gradcheck(loss, (logits.requires_grad_(), vectors.requires_grad_()))


@pytest.mark.parametrize(("name", "distance", "on"), CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@settings(max_examples=10, deadline=None)
@given(signs=arrays(np.float32, tuple(LABELS.shape), elements=st.sampled_from([-1, 0, 1])))
@example(signs=np.sign(0.5 - np.nan_to_num(LABELS.numpy())).astype(np.float32))
@example(signs=np.sign(np.nan_to_num(LABELS.numpy()) - 0.5).astype(np.float32))
def test_finite_at_extreme_logits(name, distance, on, dtype, signs):
    logits = (torch.from_numpy(signs) * 50).to(dtype).requires_grad_()
    vectors = torch.from_numpy(signs)[:, :, None].repeat(1, 1, 3) * torch.tensor([1e4, 1e-30, 0])
    vectors = vectors.to(dtype).requires_grad_()
    loss = LOSSES[name](logits, LABELS.to(dtype), vectors, distance=distance, on=on)
    (loss + logits.sum() * 0 + vectors.sum() * 0).backward()
    assert torch.isfinite(loss)
    assert loss.dtype == torch.float32
    assert torch.isfinite(logits.grad).all()
    assert torch.isfinite(vectors.grad).all()


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


@pytest.mark.parametrize(("name", "distance", "on"), CASES)
def test_half_precision_only_rounds_its_inputs(name, distance, on):
    logits, vectors, weights = drawn(3, *LABELS.shape, hidden=16)
    loss = LOSSES[name]
    half = [values.bfloat16() for values in (logits, LABELS, vectors)]
    rounded = [values.float() for values in half]
    got = loss(*half, weights, distance=distance, on=on)
    assert got.dtype == torch.float32
    torch.testing.assert_close(
        got, loss(*rounded, weights, distance=distance, on=on), rtol=1e-6, atol=1e-6
    )
    # exp_diff of logits multiplies a rounding of a logit by the size of the logit.
    full = loss(logits, LABELS, vectors, weights, distance=distance, on=on)
    torch.testing.assert_close(got.double(), full, rtol=0.05, atol=0.01)


def test_cosines_stay_exact_under_autocast():
    logits, vectors, _ = drawn(4, *LABELS.shape, hidden=64)
    inputs = logits.float(), LABELS.float(), vectors.float()
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
