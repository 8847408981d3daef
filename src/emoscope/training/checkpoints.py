"""The checkpoints of a training: from which one it resumes, and which are deleted."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from safetensors import SafetensorError, safe_open

from emoscope.bounded import read_bounded
from emoscope.files import sync_tree
from emoscope.training.processes import is_main

STATE = "trainer_state.json"
SCORES = "train_scores.safetensors"
FILES = ("model.safetensors", "optimizer.pt", "scheduler.pt", SCORES)

logger = logging.getLogger(__name__)


def find_last_checkpoint(folder: Path) -> str | None:
    """Find the newest checkpoint that a training can resume from; delete newer ones.

    A checkpoint that is not whole, as a kill or a power cut leaves it, is passed over for the one
    before, and the log says so. A training that stopped early cannot resume from its last
    checkpoint, because the trainer would train further. It is repeated from the best checkpoint and
    ends in the same way.
    """
    for path in sorted(folder.glob("checkpoint-*"), key=parse_step, reverse=True):
        state = read_state(path)
        if state is not None and not stopped_early(state):
            return str(path)
        # Of several processes one deletes; the others come to the same checkpoint without.
        if is_main():
            if state is None:
                logger.warning("%s is not whole, and is passed over for the one before.", path)
            shutil.rmtree(path)
    return None


def delete_older(folder: Path, newest: str, best: str | None) -> None:
    """Delete all checkpoints of a folder but these two, once the newest stays after a power cut.

    Args:
        folder: the folder of the checkpoints.
        newest: the name of the newest.
        best: the path of the best, if one is known.
    """
    sync_tree(folder / newest)
    kept = {newest, *([] if best is None else [Path(best).name])}
    for path in folder.glob("checkpoint-*"):
        if path.name not in kept:
            shutil.rmtree(path)


def read_state(checkpoint: Path) -> dict[str, Any] | None:
    """Read the trainer's state from a checkpoint; None if the checkpoint is not whole.

    The state is written last, so it is missing or unreadable if the process was killed before.
    """
    # Each process writes the state of its random generators under its own number.
    generators = list(checkpoint.glob("rng_state*.pth"))
    files = [*generators, *(checkpoint / name for name in FILES)]
    if not generators or not all(map(is_whole, files)):
        return None
    try:
        state: dict[str, Any] = json.loads(read_bounded(checkpoint / STATE))
    except (OSError, ValueError):
        return None
    return state


def is_whole(path: Path) -> bool:
    """Whether a file of tensors is there up to its end, of which both formats tell."""
    if path.suffix != ".safetensors":
        return is_zipfile(path)
    try:
        with safe_open(path, framework="numpy"):
            return True
    except (OSError, SafetensorError):
        return False


def stopped_early(state: dict[str, Any]) -> bool:
    """Whether training ended at a checkpoint though there were steps left."""
    control = state.get("stateful_callbacks", {}).get("TrainerControl", {}).get("args", {})
    return bool(control.get("should_training_stop")) and state["global_step"] < state["max_steps"]


def parse_step(checkpoint: Path) -> int:
    """Parse the number of the step from the name of a checkpoint."""
    return int(checkpoint.name.rpartition("-")[2])
