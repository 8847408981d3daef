"""The hardware of a training, and its processes (`torchrun`, `accelerate launch`)."""

import torch
from accelerate import PartialState


def on_cpu() -> bool:
    """Whether there is no accelerator to train on."""
    return not torch.accelerator.is_available()


def is_main() -> bool:
    """Whether this process is the one that writes files and speaks."""
    return bool(PartialState(cpu=on_cpu()).is_main_process)


def is_alone() -> bool:
    """Whether one process trains."""
    return int(PartialState(cpu=on_cpu()).num_processes) == 1


def wait() -> None:
    """Wait until every process has come here."""
    PartialState(cpu=on_cpu()).wait_for_everyone()


def find_native_bfloat16() -> str:
    """What of the hardware computes in bfloat16 by itself; empty where it would be emulated."""
    if not on_cpu():
        return "accelerator" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else ""
    probes = {"AMX": "_is_amx_tile_supported", "AVX-512 BF16": "_is_avx512_bf16_supported"}
    found = [name for name, probe in probes.items() if getattr(torch.cpu, probe, bool)()]
    return " and ".join(found)
