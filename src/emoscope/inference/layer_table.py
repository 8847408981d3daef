"""The layers of a network in the order in which a text passes them, with shapes and parameters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emoscope.encoding.encoder import load_encoder
from emoscope.errors import InputError
from emoscope.folder import WEIGHTS, ModelFolder
from emoscope.inference.torch_backend import load_network, to_tensors

PROBES = (
    (("good morning",),),
    (("so how was it", "not that bad at all"), ("I see",), ("never mind, it is fine",)),
)
"""Two batches of conversations, of other numbers and lengths: what differs is no fixed size."""


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: its path in the network, such as `lstm_branch.dense`.
        kind: the name of its class.
        shape: of what it gives; `B` for the texts of a batch and `T` for what grows with their
            length; empty if a text does not pass it.
        parameters: numbers that it has, fixed vectors included.
        trained: those of them that training changes.
    """

    name: str
    kind: str
    shape: tuple[int | str, ...]
    parameters: int
    trained: int


def list_layers(folder: ModelFolder) -> list[Layer]:
    """The layers of a model folder's network.

    Raises:
        InputError: the folder has no torch weights.
    """
    if not (folder.path / WEIGHTS).is_file():
        raise InputError(
            f"{folder.path} has no {WEIGHTS}, as a model that is exported or made of trees: its "
            "layers cannot be listed. Name the folder of a training."
        )
    encoder = load_encoder(folder)
    batches = []
    for conversations in PROBES:
        encoded = encoder.encode(conversations)
        batches.append(to_tensors(encoder.batch(encoded, np.arange(len(conversations)))))
    return trace_layers(load_network(folder), batches)


def trace_layers(network: nn.Module, batches: Sequence[dict[str, Tensor]]) -> list[Layer]:
    """The layers of a network, each once, in the order in which it is first used.

    Args:
        network: put in evaluation mode.
        batches: two batches of other sizes and lengths.
    """
    seen: list[dict[str, tuple[int, ...]]] = []
    for batch in batches:
        shapes: dict[str, tuple[int, ...]] = {}
        hooks = [
            module.register_forward_hook(make_recorder(shapes, name))
            for name, module in find_layers(network)
        ]
        with torch.inference_mode():
            network.eval()(**batch)
        for hook in hooks:
            hook.remove()
        seen.append(shapes)
    layers = dict(find_layers(network))
    texts = [next(iter(batch.values())).shape[0] for batch in batches]
    used = [name for name in seen[0] if name in layers]
    return [
        make_layer(name, layers[name], [shapes.get(name) for shapes in seen], texts)
        for name in (*used, *(name for name in layers if name not in used))
    ]


def find_layers(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Modules that have parameters of their own, or no parts."""
    for name, module in network.named_modules():
        own = any(True for _ in own_values(module))
        if name and (own or not any(True for _ in module.children())):
            yield name, module


def own_values(module: nn.Module) -> Iterator[Tensor]:
    """Parameters and buffers of a module that are of none of its parts, and not empty."""
    values = (*module.parameters(recurse=False), *module.buffers(recurse=False))
    yield from (value for value in values if value.numel())


def make_recorder(shapes: dict[str, tuple[int, ...]], name: str) -> Any:
    """A hook that keeps the shape of what a layer first gives."""

    def record(_module: nn.Module, _inputs: Any, output: Any) -> None:
        while isinstance(output, tuple | list) and output:
            output = output[0]
        if isinstance(output, Tensor):
            shapes.setdefault(name, tuple(output.shape))

    return record


def make_layer(
    name: str,
    module: nn.Module,
    shapes: Sequence[tuple[int, ...] | None],
    texts: Sequence[int],
) -> Layer:
    """A layer from its shapes for two batches of so many texts."""
    first, second = shapes
    shape: tuple[int | str, ...] = ()
    if first is not None and second is not None and len(first) == len(second):
        shape = tuple(
            size if size == other else "B" if [size, other] == list(texts) else "T"
            for size, other in zip(first, second, strict=True)
        )
    return Layer(
        name=name,
        kind=type(module).__name__,
        shape=shape,
        parameters=sum(value.numel() for value in own_values(module)),
        trained=sum(
            value.numel() for value in module.parameters(recurse=False) if value.requires_grad
        ),
    )
