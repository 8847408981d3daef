"""Losses of exclusive labels: worked by hand, against the softmax, gradients by differences."""

import math

import pytest
import torch

from emoscope.errors import InputError
from emoscope.losses.exclusive import (
    choice_cross_entropy,
    compute_stage_logits,
    stage_cross_entropy,
)
from emoscope.losses.functional import cross_entropy
from emoscope.losses.objective import check_objective, make_objective
from emoscope.models.shared.output import EmotionOutput
from emoscope.recipes.objective import ObjectiveSection
from emoscope.taxonomy import Label, Taxonomy

AVERAGED = torch.tensor([False, True, True, True])
LABELS = torch.eye(4, dtype=torch.float64)[[0, 1, 3, 0, 2]]
EMOTIONS = Taxonomy(
    "four",
    tuple(Label(name, (name,)) for name in ("others", "happy", "sad", "angry")),
    "en",
    exclusive=True,
    ignored=("others",),
)


@pytest.fixture
def logits():
    torch.manual_seed(0)
    return torch.randn(5, 4, dtype=torch.float64, requires_grad=True)


def test_by_hand():
    """Odds of 3 emotions to 1 other, then 1 : 1 : 1 among them."""
    logits = torch.zeros(1, 4)
    assert compute_stage_logits(logits, AVERAGED).item() == pytest.approx(math.log(3))
    other, happy = torch.eye(4)[[0]], torch.eye(4)[[1]]
    stage = compute_stage_logits(logits, AVERAGED)
    assert stage_cross_entropy(stage, other, AVERAGED).item() == pytest.approx(math.log(4))
    assert stage_cross_entropy(stage, happy, AVERAGED).item() == pytest.approx(math.log(4 / 3))
    assert choice_cross_entropy(logits, happy, AVERAGED).item() == pytest.approx(math.log(3))
    assert choice_cross_entropy(logits, other, AVERAGED).item() == 0


def test_stage_and_choice_are_the_softmax_taken_apart(logits):
    stage = stage_cross_entropy(compute_stage_logits(logits, AVERAGED), LABELS, AVERAGED)
    choice = choice_cross_entropy(logits, LABELS, AVERAGED)
    # The choice is a mean over three texts, the others over five.
    torch.testing.assert_close(stage + choice * 3 / 5, cross_entropy(logits, LABELS))


def test_weights_are_of_the_labels_of_texts(logits):
    weights = torch.tensor([0.5, 2.0, 1.0, 4.0], dtype=torch.float64)
    found = choice_cross_entropy(logits, LABELS, AVERAGED, weights)
    inside = logits[:, 1:].log_softmax(-1)
    expected = -(2 * inside[1, 0] + 4 * inside[2, 2] + 1 * inside[4, 1]) / 7
    torch.testing.assert_close(found, expected)
    stage = compute_stage_logits(logits, AVERAGED)
    found = stage_cross_entropy(stage, LABELS, AVERAGED, weights)
    log_yes, log_no = (torch.nn.functional.logsigmoid(sign * stage) for sign in (1, -1))
    expected = -(0.5 * (log_no[0] + log_no[3]) + 2 * log_yes[1] + 4 * log_yes[2] + log_yes[4]) / 8
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    "changes",
    [{"exclusive": "two_stage"}, {"exclusive": "binary"}, {"stage": 0.5}],
    ids=["two_stage", "binary", "multitask"],
)
def test_gradients_are_right_and_pull_to_the_label(logits, changes):
    objective = make_objective(ObjectiveSection(**changes), EMOTIONS, LABELS.numpy())

    def loss(values):
        return objective(EmotionOutput(logits=values), LABELS)[0]

    assert torch.autograd.gradcheck(loss, logits)
    loss(logits).backward()
    assert (logits.grad[LABELS.bool()] < 0).all()
    # Steps down that gradient end at the right labels, read by a softmax.
    values = logits.detach().clone().requires_grad_()
    for _ in range(200):
        (gradient,) = torch.autograd.grad(loss(values), values)
        values = (values - 2 * gradient).detach().requires_grad_()
    assert (values.softmax(-1)[LABELS.bool()] > 0.9).all()


def test_terms_are_named_and_a_head_of_its_own_is_used(logits):
    objective = make_objective(ObjectiveSection(stage=0.5), EMOTIONS, LABELS.numpy())
    stage = torch.randn(5, dtype=torch.float64)
    total, terms = objective(EmotionOutput(logits=logits, stage=stage), LABELS)
    torch.testing.assert_close(terms["stage"], stage_cross_entropy(stage, LABELS, AVERAGED))
    torch.testing.assert_close(total, terms["cross_entropy"] + 0.5 * terms["stage"])
    two = make_objective(ObjectiveSection(exclusive="two_stage"), EMOTIONS, LABELS.numpy())
    assert set(two(EmotionOutput(logits=logits), LABELS)[1]) == {"stage", "choice"}


def test_binary_decisions_are_summed_over_the_labels(logits):
    objective = make_objective(ObjectiveSection(exclusive="binary"), EMOTIONS, LABELS.numpy())
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, LABELS) * 4
    torch.testing.assert_close(objective(EmotionOutput(logits=logits), LABELS)[0], expected)


def test_what_has_no_stages_is_said():
    several = Taxonomy("three", EMOTIONS.labels[:3], "en")
    nothing_ignored = Taxonomy("all", EMOTIONS.labels, "en", exclusive=True)
    for section, taxonomy, said in (
        (ObjectiveSection(exclusive="two_stage"), several, "exclude each other"),
        (ObjectiveSection(stage=1), nothing_ignored, "ignored"),
        (ObjectiveSection(exclusive="two_stage"), nothing_ignored, "ignored"),
    ):
        with pytest.raises(InputError, match=said):
            check_objective(section, [taxonomy])
    check_objective(ObjectiveSection(exclusive="binary"), [nothing_ignored])
    with pytest.raises(ValueError, match="label_smoothing has no effect"):
        ObjectiveSection(exclusive="two_stage", label_smoothing=0.1)


def test_labels_left_out_of_a_batch_are_said(logits):
    objective = make_objective(ObjectiveSection(stage=1), EMOTIONS, LABELS.numpy())
    with pytest.raises(InputError, match="drop_labels"):
        objective(EmotionOutput(logits=logits), LABELS, torch.arange(4))
