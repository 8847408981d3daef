"""Learning rates over the steps of a training, all torch's or transformers' own."""

from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CyclicLR, LRScheduler
from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup

from emoscope.recipes.schedules import CyclicalSchedule, WarmupSchedule
from emoscope.recipes.schema import TrainingSection

Decay = Callable[[Optimizer, int, int], LRScheduler]
LINEAR: Decay = get_linear_schedule_with_warmup
COSINE: Decay = get_cosine_schedule_with_warmup


def make_schedule(optimizer: Optimizer, training: TrainingSection, steps: int) -> LRScheduler:
    """The schedule of a recipe.

    Args:
        optimizer: whose learning rate is moved.
        training: the recipe's section; its learning rate is the lowest of a cyclical schedule and
            the highest of the others.
        steps: the number of steps of the whole training.
    """
    schedule = training.schedule
    if isinstance(schedule, CyclicalSchedule):
        return CyclicLR(
            optimizer,
            base_lr=training.learning_rate,
            max_lr=schedule.maximum,
            step_size_up=schedule.half_cycle,
            mode=schedule.mode,
            gamma=schedule.gamma,
            cycle_momentum=False,
        )
    if isinstance(schedule, WarmupSchedule):
        warmup = round(schedule.warmup * steps)
        decay = LINEAR if schedule.kind == "linear" else COSINE
        return decay(optimizer, warmup, steps)
    return ConstantLR(optimizer, factor=1.0)
