"""Several processes at one training (`torchrun`, `accelerate launch`): one of them writes."""

import torch
from accelerate import PartialState


def on_cpu() -> bool:
    """Whether there is no accelerator to train on."""
    return not torch.accelerator.is_available()


def is_main() -> bool:
    """Whether this process is the one that writes files and speaks."""
    return bool(PartialState(cpu=on_cpu()).is_main_process)


def wait() -> None:
    """Wait until every process has come here."""
    PartialState(cpu=on_cpu()).wait_for_everyone()
