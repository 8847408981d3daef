"""Losses against torch's own, against loops, and their gradients."""

import math

import pytest
import torch

from emoscope.losses.functional import (
    binary_cross_entropy,
    cross_entropy,
    listwise_cross_entropy,
)

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.0, 0.0], [-3.0, 4.0, 1.0]], dtype=torch.float64)
CLASSES = torch.tensor([0, 2, 1])
ONE_HOT = torch.nn.functional.one_hot(CLASSES, 3).double()
WEIGHTS = torch.tensor([0.5, 2.0, 1.0], dtype=torch.float64)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_cross_entropy_equals_torch(weights):
    expected = torch.nn.CrossEntropyLoss(weight=weights)(LOGITS, CLASSES)
    torch.testing.assert_close(cross_entropy(LOGITS, ONE_HOT, weights), expected)


def test_smoothed_cross_entropy_equals_torch():
    expected = torch.nn.CrossEntropyLoss(label_smoothing=0.1)(LOGITS, CLASSES)
    torch.testing.assert_close(cross_entropy(LOGITS, ONE_HOT, smoothing=0.1), expected)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_text_whose_label_is_not_in_the_prompt_counts_for_nothing(weights, smoothing):
    logits = torch.cat([LOGITS, torch.tensor([[3.0, 1.0, 0.0]]).double()]).requires_grad_()
    labels = torch.cat([ONE_HOT, torch.zeros(1, 3).double()])
    found = cross_entropy(logits, labels, weights, smoothing)
    torch.testing.assert_close(found, cross_entropy(LOGITS, ONE_HOT, weights, smoothing))
    (gradient,) = torch.autograd.grad(found, logits)
    assert not gradient[3].any()
    assert cross_entropy(logits[3:], labels[3:], weights, smoothing).item() == 0


def test_binary_cross_entropy_equals_a_loop_over_the_known_cells():
    labels = torch.tensor([[1.0, 0.0, math.nan], [0.0, 0.3, 1.0], [math.nan] * 3]).double()
    losses = []
    for z, y in zip(LOGITS.flatten().tolist(), labels.flatten().tolist(), strict=True):
        if not math.isnan(y):
            p = 1 / (1 + math.exp(-z))
            losses.append(-y * math.log(p) - (1 - y) * math.log(1 - p))
    got = binary_cross_entropy(LOGITS, labels)
    assert float(got) == pytest.approx(sum(losses) / len(losses), abs=1e-12)


def test_weights_of_cells_multiply_the_losses_of_known_cells():
    labels = torch.tensor([[1.0, 0.0, math.nan], [0.0, 0.3, 1.0], [math.nan] * 3]).double()
    cells = torch.tensor([[2.0, 1.0, 9.0], [0.0, 1.5, 1.0], [9.0] * 3]).double()
    losses = []
    for z, y, w in zip(*(x.flatten().tolist() for x in (LOGITS, labels, cells)), strict=True):
        if not math.isnan(y):
            p = 1 / (1 + math.exp(-z))
            losses.append(w * (-y * math.log(p) - (1 - y) * math.log(1 - p)))
    got = binary_cross_entropy(LOGITS, labels, cells=cells)
    assert float(got) == pytest.approx(sum(losses) / len(losses), abs=1e-12)
    torch.testing.assert_close(
        binary_cross_entropy(LOGITS, labels, WEIGHTS, 0.1, torch.full_like(LOGITS, 2.0)),
        2 * binary_cross_entropy(LOGITS, labels, WEIGHTS, 0.1),
    )


@pytest.mark.parametrize(
    ("function", "nothing", "weights"),
    [
        (binary_cross_entropy, math.nan, None),
        (binary_cross_entropy, math.nan, WEIGHTS),
        # One-hot labels whose column was dropped are zeros in all others.
        (cross_entropy, 0.0, None),
        (cross_entropy, 0.0, WEIGHTS),
    ],
)
def test_a_batch_without_labels_has_no_loss_and_no_gradient(function, nothing, weights):
    logits = LOGITS.clone().requires_grad_()
    loss = function(logits, torch.full_like(LOGITS, nothing), weights)
    loss.backward()
    assert loss.item() == 0
    assert (logits.grad == 0).all()


def test_votes_for_labels_of_a_text_are_shares_of_a_choice():
    """Against the sum that it is; without votes, or of labels not known, nothing counts."""
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.3, -2.0], [1.0, 1.0, -3.0]])
    votes = torch.tensor([[2 / 3, 0.0, 1 / 3], [0.0, 0.0, 0.0], [0.5, math.nan, 0.0]])
    expected = []
    for row, text in zip(logits.tolist(), [[2 / 3, 0, 1 / 3], None, [1, 0, 0]], strict=True):
        if text is not None:
            total = math.log(sum(math.exp(logit) for logit in row))
            expected.append(-sum(s * (z - total) for s, z in zip(text, row, strict=True)))
    found = listwise_cross_entropy(logits, votes)
    assert float(found) == pytest.approx(sum(expected) / 2, abs=1e-6)
