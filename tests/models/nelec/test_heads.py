"""Heads of NELEC: what their logits say under a softmax."""

import pytest
import torch

from emoscope.errors import InputError
from emoscope.losses.objective import make_objective
from emoscope.models.nelec import network as nelec
from emoscope.models.nelec.heads import TwoStage
from emoscope.models.nelec.network import Nelec, NelecConfig
from emoscope.recipes.objective import ObjectiveSection
from tests.losses.test_exclusive import EMOTIONS

IDS = torch.randint(2, 30, (6, 5), generator=torch.Generator().manual_seed(0))
MASK = torch.ones(6, 5, dtype=torch.bool)


def make_model(head, others=(0,), **options):
    torch.manual_seed(0)
    names = dict(enumerate(EMOTIONS.names))
    return Nelec(
        NelecConfig(vocabulary_size=30, id2label=names, head=head, others=others, **options)
    )


@pytest.mark.parametrize("others", [[0], [2], [0, 3]])
def test_two_stages_under_a_softmax(others):
    torch.manual_seed(0)
    head = TwoStage(7, 5, 4, others, 0.0)
    features = torch.randn(3, 7)
    probabilities = head(features).softmax(-1)
    is_other = torch.tensor(head.is_other)
    stage = head.stage(features).squeeze(-1).sigmoid()
    torch.testing.assert_close(probabilities[:, is_other].sum(-1), stage)
    scores = head.choice(features)
    emotions = scores[:, ~is_other].softmax(-1) * (1 - stage).unsqueeze(-1)
    torch.testing.assert_close(probabilities[:, ~is_other], emotions)


@pytest.mark.parametrize(
    ("head", "objective"),
    [
        ("two_stage", ObjectiveSection(exclusive="two_stage")),
        ("per_label", ObjectiveSection(exclusive="binary")),
        ("multitask", ObjectiveSection(stage=0.5)),
    ],
)
def test_every_layer_of_a_head_learns(head, objective):
    model = make_model(head).eval()
    output = model(IDS, MASK)
    assert output.logits.shape == (6, 4)
    labels = torch.eye(4)[[0, 1, 2, 3, 0, 1]]
    make_objective(objective, EMOTIONS, labels.numpy())(output, labels)[0].backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad.abs().max() > 0, name


def test_labels_of_a_head_of_their_own_share_no_last_layer():
    model = make_model("per_label").eval()
    model(IDS, MASK).logits[:, 2].sum().backward()
    touched = [bool(one[-1].weight.grad.any()) for one in model.classifier.decisions]
    assert touched == [False, False, True, False]


def test_the_second_task_has_a_layer_of_its_own_and_no_label(monkeypatch):
    model = make_model("multitask").eval()
    whole = model(IDS, MASK)
    assert (whole.logits.shape, whole.stage.shape) == ((6, 4), (6,))
    monkeypatch.setattr(nelec, "CHUNK", 2)
    torch.testing.assert_close(model(IDS, MASK).stage, whole.stage)


@pytest.mark.parametrize("head", ["flat", "two_stage", "per_label", "multitask"])
def test_a_saved_head_scores_the_same(tmp_path, head):
    model = make_model(head).eval()
    model.save_pretrained(tmp_path)
    again = Nelec.from_pretrained(tmp_path).eval()
    torch.testing.assert_close(again(IDS, MASK).logits, model(IDS, MASK).logits)


@pytest.mark.parametrize("others", [(), (0, 1, 2, 3)])
def test_stages_need_two_kinds_of_labels(others):
    with pytest.raises(InputError, match=r"ignored.*model\.head=flat"):
        make_model("two_stage", others)
