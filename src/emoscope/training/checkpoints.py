"""Which checkpoint of an interrupted training to go on from."""

import json
import shutil
from pathlib import Path
from typing import Any

STATE = "trainer_state.json"
SCORES = "train_scores.safetensors"
FILES = ("model.safetensors", "optimizer.pt", "scheduler.pt", SCORES, STATE)


def last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint that a training can go on from; newer ones are deleted.

    One of an evaluation after which training stopped early is not such a one, as the trainer would
    go on: the training is repeated from the best checkpoint, with the same end.
    """
    for path in sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True):
        state = state_of(path)
        if state is not None and not stopped_early(state):
            return str(path)
        shutil.rmtree(path)
    return None


def state_of(checkpoint: Path) -> dict[str, Any] | None:
    """The trainer's state in a checkpoint; None if its writing or deletion was interrupted.

    The state is the last file that is written, so a kill meanwhile leaves it out or unreadable.
    """
    # Each process of several keeps the state of its generators under its own number.
    generators = list(checkpoint.glob("rng_state*.pth"))
    if not generators or not all((checkpoint / name).is_file() for name in FILES):
        return None
    try:
        state: dict[str, Any] = json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
    except ValueError:
        return None
    return state


def stopped_early(state: dict[str, Any]) -> bool:
    """Whether training ended at a checkpoint though there were steps left."""
    control = state.get("stateful_callbacks", {}).get("TrainerControl", {}).get("args", {})
    return bool(control.get("should_training_stop")) and state["global_step"] < state["max_steps"]


def step_of(checkpoint: Path) -> int:
    """Number of the step at which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])
