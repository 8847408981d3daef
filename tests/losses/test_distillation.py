"""Targets that move to former scores, against the sum over cells that they are defined by."""

import math

import pytest
import torch

from emoscope.losses.distillation import compute_target_share, self_distillation
from emoscope.losses.functional import binary_cross_entropy, cross_entropy

NAN = math.nan
LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.3, -2.0], [1.0, 1.0, -3.0]])
FORMER = torch.tensor([[1.0, NAN, -0.5], [0.4, -0.3, 2.0], [NAN, NAN, NAN]])
LABELS = torch.tensor([[1.0, 0.0, 1.0], [0.0, NAN, 1.0], [0.0, 1.0, 0.0]])


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_the_share_grows_to_the_coefficient():
    assert [compute_target_share(0.8, epoch, 4) for epoch in range(4)] == pytest.approx(
        [0.2, 0.4, 0.6, 0.8]
    )


def test_cells_with_a_target_and_a_label_count():
    losses = []
    for logit, former, label in zip(
        LOGITS.flatten().tolist(), FORMER.flatten().tolist(), LABELS.flatten().tolist(), strict=True
    ):
        if math.isnan(former) or math.isnan(label):
            continue
        target, said = sigmoid(former), sigmoid(logit)
        losses.append(-target * math.log(said) - (1 - target) * math.log(1 - said))
    loss, known = self_distillation(LOGITS, FORMER, LABELS, exclusive=False)
    assert len(losses) == 4
    assert float(loss) == pytest.approx(sum(losses) / 4, abs=1e-6)
    assert float(known) == pytest.approx(4 / 8)


def test_texts_with_every_target_count_where_labels_exclude_each_other():
    loss, known = self_distillation(LOGITS, FORMER, torch.eye(3), exclusive=True)
    targets = [math.exp(x) for x in FORMER[1].tolist()]
    said = [math.exp(x) for x in LOGITS[1].tolist()]
    expected = -sum(
        target / sum(targets) * math.log(one / sum(said))
        for target, one in zip(targets, said, strict=True)
    )
    assert float(loss) == pytest.approx(expected, abs=1e-6)
    assert float(known) == pytest.approx(1 / 3)


@pytest.mark.parametrize("exclusive", [True, False])
def test_without_targets_there_is_no_loss_and_a_gradient_of_zeros(exclusive):
    logits = LOGITS.clone().requires_grad_()
    loss, known = self_distillation(logits, torch.full((3, 3), NAN), torch.eye(3), exclusive)
    assert loss.item() == known.item() == 0
    (gradient,) = torch.autograd.grad(loss, logits)
    assert torch.equal(gradient, torch.zeros(3, 3))


@pytest.mark.parametrize("exclusive", [True, False])
def test_mixed_targets_have_the_mixed_loss(exclusive):
    """Cross-entropy is linear in its targets, so that a sum of losses moves them."""
    function = cross_entropy if exclusive else binary_cross_entropy
    former = torch.tensor([[1.0, 0.2, -0.5], [0.4, -0.3, 2.0], [0.0, 9.0, -9.0]])
    said = former.softmax(-1) if exclusive else former.sigmoid()
    labels = torch.eye(3)
    term, known = self_distillation(LOGITS, former, labels, exclusive)
    assert float(known) == 1
    total = 0.3 * function(LOGITS, labels) + 0.7 * term
    torch.testing.assert_close(total, function(LOGITS, 0.3 * labels + 0.7 * said))
