import math

import pytest
import torch

from emoscope.recipes.schema import TrainingSection
from emoscope.training.schedules import make_schedule

LOW, HIGH, HALF = 0.001, 0.005, 4


def rates(steps, schedule, learning_rate=LOW):
    """The learning rate that each step of a training is taken with."""
    section = TrainingSection.model_validate({"learning_rate": learning_rate, "schedule": schedule})
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([parameter], lr=learning_rate)
    scheduler = make_schedule(optimizer, section, steps)
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def smith(step, mode, gamma=1.0):
    """Cyclical learning rate of one step, by the formulas of Smith 2017, section 3.2."""
    cycle = math.floor(1 + step / (2 * HALF))
    x = abs(step / HALF - 2 * cycle + 1)
    height = (HIGH - LOW) * max(0.0, 1 - x)
    if mode == "triangular2":
        height /= 2 ** (cycle - 1)
    elif mode == "exp_range":
        height *= gamma**step
    return LOW + height


@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
def test_cyclical_rates_are_those_of_smith(mode):
    options = {"mode": mode, "maximum": HIGH, "half_cycle": HALF, "gamma": 0.9}
    found = rates(30, {"kind": "cyclical", **options})
    expected = [smith(step, mode, 0.9) for step in range(30)]
    assert found == pytest.approx(expected, rel=1e-9)
    assert found[0] == LOW
    peak = LOW + (HIGH - LOW) * (0.9**HALF if mode == "exp_range" else 1)
    assert found[HALF] == pytest.approx(peak)


@pytest.mark.parametrize("kind", ["linear", "cosine"])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.25])
def test_warm_up_then_decay(kind, warmup):
    steps = 40
    rising = round(warmup * steps)
    expected = []
    for step in range(steps):
        if step < rising:
            share = step / rising
        else:
            done = (step - rising) / (steps - rising)
            share = 1 - done if kind == "linear" else (1 + math.cos(math.pi * done)) / 2
        expected.append(HIGH * share)
    assert rates(steps, {"kind": kind, "warmup": warmup}, HIGH) == pytest.approx(expected)


def test_constant():
    assert rates(5, {"kind": "constant"}) == [LOW] * 5
