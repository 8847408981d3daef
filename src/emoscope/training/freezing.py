"""Freeze parts of a network or rows of an embedding; train low-rank updates (LoRA)."""

from collections.abc import Sequence
from typing import Literal, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from emoscope.errors import InputError, require
from emoscope.models.shared.sections import LoraSection

Frozen = Literal["nothing", "labels", "words", "encoder"]


def freeze(model: PreTrainedModel, what: Frozen, layers: int, label_tokens: Sequence[int]) -> None:
    """Freeze parts of a model.

    Args:
        model: a model with its encoder in `backbone`.
        what: the embeddings of the labels' words, of all words, the whole encoder, or nothing.
        layers: how many of the encoder's lowest layers are frozen, with all embeddings.
        label_tokens: ids of the sub-tokens of the labels' words.

    Raises:
        InputError: more layers than there are, or none to be found.
    """
    backbone = cast(PreTrainedModel, model.backbone)
    words = cast(nn.Embedding, backbone.get_input_embeddings())
    if what == "encoder":
        # Not the head that guesses masked words, where the encoder has it.
        backbone.base_model.requires_grad_(False)
    elif what == "words":
        words.weight.requires_grad_(False)
    elif what == "labels":
        freeze_rows(cast(nn.Parameter, words.weight), label_tokens)
    if not layers:
        return
    base = backbone.base_model
    stack = getattr(getattr(base, "encoder", None), "layer", None)
    if stack is None or layers > len(stack):
        found = "none of a known name" if stack is None else str(len(stack))
        raise InputError(
            f"model.frozen_layers={layers}: the encoder has {found}. Set a smaller number."
        )
    base.embeddings.requires_grad_(False)
    for layer in stack[:layers]:
        layer.requires_grad_(False)


def freeze_rows(weight: nn.Parameter, rows: Sequence[int]) -> None:
    """Freeze some rows of an embedding by setting their gradients to zero.

    Weight decay would still change them, so the trainer excludes the parameter from it.

    Args:
        weight: (words, hidden).
        rows: indices of the frozen rows.
    """
    learns = torch.ones(len(weight), 1)
    learns[list(rows)] = 0
    weight.register_hook(lambda gradient: gradient * learns.to(gradient))  # type: ignore[no-untyped-call]
    weight.frozen_rows = tuple(rows)  # type: ignore[attr-defined]


def add_lora(model: PreTrainedModel, section: LoraSection) -> None:
    """Train low-rank updates of the encoder's layers, and the head, instead of its weights."""
    peft = require("peft", "lora")
    config = peft.LoraConfig(
        r=section.rank,
        lora_alpha=section.alpha,
        lora_dropout=section.dropout,
        target_modules=list(section.targets),
    )
    try:
        # Not the head that guesses masked words, which learns as any head does.
        backbone = cast(PreTrainedModel, model.backbone)
        peft.inject_adapter_in_model(config, backbone.base_model)
    except ValueError as error:
        raise InputError(
            f"model.lora.targets: {', '.join(section.targets)} are no layers of this encoder "
            f"({error})."
        ) from error


def merge_lora(model: PreTrainedModel) -> None:
    """Add the low-rank updates to the weights, and take them out of the model."""
    layers = require("peft.tuners.tuners_utils", "lora").BaseTunerLayer
    for name, module in list(model.named_modules()):
        if isinstance(module, layers):
            module.merge()
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, module.get_base_layer())
    tensors: list[Tensor] = list(model.parameters())
    for tensor in tensors:
        tensor.requires_grad_(True)
