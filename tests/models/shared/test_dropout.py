"""The quick dropout against what dropout is."""

import pytest
import torch
from torch import nn

from emoscope.models.shared.dropout import QuickDropout, use_quick_dropout


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_units_are_dropped_with_the_probability_and_the_mean_stays(p):
    torch.manual_seed(0)
    states = torch.ones(400_003)
    dropped = QuickDropout(p)(states)
    assert dropped.unique().tolist() == [0.0, pytest.approx(1 / (1 - p), rel=1e-3)]
    # Five standard errors of a share, and of a mean.
    error = 5 * (p * (1 - p) / len(states)) ** 0.5
    assert (dropped == 0).double().mean().item() == pytest.approx(p, abs=error)
    assert dropped.double().mean().item() == pytest.approx(1, abs=error / (1 - p))


def test_neighbours_are_dropped_independently():
    """Four units share 64 random bits, but no bit."""
    torch.manual_seed(0)
    kept = (QuickDropout(0.5)(torch.ones(100_000, 8)) > 0).double()
    together = torch.corrcoef(kept.T)
    assert (together - torch.eye(8)).abs().max().item() < 0.02


def test_gradients_pass_where_units_are_kept():
    torch.manual_seed(0)
    states = torch.randn(3, 5, requires_grad=True)
    dropped = QuickDropout(0.4)(states)
    dropped.sum().backward()
    torch.testing.assert_close(states.grad * states.detach(), dropped.detach())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_shape_and_type_stay(dtype):
    states = torch.randn(2, 3, 7, dtype=dtype).transpose(0, 2)
    dropped = QuickDropout(0.1)(states)
    assert (dropped.shape, dropped.dtype) == (states.shape, dtype)
    assert QuickDropout(0.1)(torch.ones(0, 4)).shape == (0, 4)


def test_one_seed_gives_one_mask():
    masks = []
    for _ in range(2):
        torch.manual_seed(7)
        masks.append(QuickDropout(0.3)(torch.ones(50)))
    assert torch.equal(*masks)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_nothing_and_everything(p):
    assert torch.equal(QuickDropout(p)(torch.ones(5)), torch.full((5,), 1 - p))


def test_nothing_is_dropped_in_evaluation():
    states = torch.randn(5)
    assert QuickDropout(0.5).eval()(states) is states


def test_every_dropout_of_a_model_is_replaced():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Dropout(0.25)), nn.Dropout(0.5))
    use_quick_dropout(model)
    found = [module for module in model.modules() if isinstance(module, nn.Dropout)]
    assert [type(one) for one in found] == [QuickDropout, QuickDropout]
    assert [one.p for one in found] == [0.25, 0.5]
