"""Find the checkpoint from which an interrupted training resumes."""

import json
import shutil
from pathlib import Path
from typing import Any

from emoscope.bounded import read_bounded

STATE = "trainer_state.json"
SCORES = "train_scores.safetensors"
FILES = ("model.safetensors", "optimizer.pt", "scheduler.pt", SCORES, STATE)


def find_last_checkpoint(folder: Path) -> str | None:
    """Find the newest checkpoint that a training can resume from; delete newer ones.

    A training that stopped early cannot resume from its last checkpoint, because the trainer would
    train further. It is repeated from the best checkpoint and ends in the same way.
    """
    for path in sorted(folder.glob("checkpoint-*"), key=parse_step, reverse=True):
        state = read_state(path)
        if state is not None and not stopped_early(state):
            return str(path)
        shutil.rmtree(path)
    return None


def read_state(checkpoint: Path) -> dict[str, Any] | None:
    """Read the trainer's state from a checkpoint; None if the checkpoint is incomplete.

    The state is written last, so it is missing or unreadable if the process was killed before.
    """
    # Each process writes the state of its random generators under its own number.
    generators = list(checkpoint.glob("rng_state*.pth"))
    if not generators or not all((checkpoint / name).is_file() for name in FILES):
        return None
    try:
        state: dict[str, Any] = json.loads(read_bounded(checkpoint / STATE))
    except ValueError:
        return None
    return state


def stopped_early(state: dict[str, Any]) -> bool:
    """Whether training ended at a checkpoint though there were steps left."""
    control = state.get("stateful_callbacks", {}).get("TrainerControl", {}).get("args", {})
    return bool(control.get("should_training_stop")) and state["global_step"] < state["max_steps"]


def parse_step(checkpoint: Path) -> int:
    """Parse the number of the step from the name of a checkpoint."""
    return int(checkpoint.name.rpartition("-")[2])
