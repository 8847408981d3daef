"""Late interaction: labels and texts are separate in the lower layers of an encoder.

In Demux, all tokens of the labels and the text attend to each other in each layer, so that for a
short text most of the work is done for the labels. Here the lower layers read the labels once for
all texts of a batch, and each text on its own. From there on a label word is one vector, and in the
upper layers labels and text attend to each other. It is the late interaction of Khattab & Zaharia
2020 (ColBERT, arXiv 2004.12832) with the layers of Demux: the weights are those of the pretrained
encoder, and none is added.
"""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from emoscope.errors import InputError


def check_joint_layers(backbone: PreTrainedModel, joint: int) -> None:
    """Check that an encoder's layers can be taken apart.

    Raises:
        InputError: layers of another build than BERT's, or not as many of them.
    """
    layers = getattr(getattr(backbone, "encoder", None), "layer", ())
    parts = ("attention.self.query", "attention.output", "intermediate", "output")
    alike = [all(_has_path(layer, part) for part in parts) for layer in layers]
    if not alike or not all(alike) or hasattr(backbone, "embeddings_project"):
        raise InputError(
            "model.joint_layers needs an encoder with the layers of BERT, such as BERT, MiniLM, "
            f"RoBERTa or XLM-R; found {type(backbone).__name__}. Leave it out."
        )
    if not 1 <= joint <= len(alike):
        raise InputError(
            f"model.joint_layers: expected from 1 to {len(alike)}, as many as the encoder has "
            f"layers; found {joint}."
        )


def compute_late_states(
    backbone: PreTrainedModel,
    joint: int,
    inputs: dict[str, Tensor],
    rows: Tensor,
) -> Tensor:
    """Compute the states of label words in which they have attended to a text.

    Args:
        backbone: an encoder that `check_joint_layers` accepts.
        joint: number of upper layers in which labels and text attend to each other.
        inputs: the inputs of the encoder, each (batch, tokens); each row begins with the same P
            tokens of the labels.
        rows: weights that average the tokens of each label or word, (rows, P).

    Returns:
        The state of each label or word, (batch, rows, hidden).
    """
    start = rows.shape[1]
    # A text on its own begins with the same first token as the whole sequence.
    text_inputs = {
        name: torch.cat([value[:, :1], value[:, start:]], dim=1) for name, value in inputs.items()
    }
    mask = text_inputs.pop("attention_mask")
    label_inputs = {name: inputs[name][:1, :start] for name in text_inputs}
    embeddings = cast(nn.Module, backbone.embeddings)
    labels, texts = embeddings(**label_inputs), embeddings(**text_inputs)
    lowest = torch.finfo(torch.float32).min
    bias = torch.zeros_like(mask, dtype=torch.float32).masked_fill(mask == 0, lowest)
    bias = bias[:, None, None]  # (batch, heads, queries, keys)
    layers: Sequence[Any] = list(cast(Any, backbone).encoder.layer)
    for layer in layers[: len(layers) - joint]:
        labels = _apply_layer(layer, labels, labels, None)
        texts = _apply_layer(layer, texts, texts, bias)
    # In the type of the states, which autocast may have reduced.
    labels = (rows.to(labels) @ labels).expand(len(texts), -1, -1)
    bias = nn.functional.pad(bias, (rows.shape[0], 0))
    for layer in layers[len(layers) - joint : -1]:
        states = torch.cat([labels, texts], dim=1)
        states = _apply_layer(layer, states, states, bias)
        labels, texts = states[:, : rows.shape[0]], states[:, rows.shape[0] :]
    # The last layer's text states are not needed.
    return _apply_layer(layers[-1], labels, torch.cat([labels, texts], dim=1), bias)


def _apply_layer(layer: Any, queries: Tensor, keys: Tensor, bias: Tensor | None) -> Tensor:
    """Apply one layer of the encoder with queries and keys from different tokens.

    Args:
        layer: the layer.
        queries: the states of the tokens that attend, (batch, Q, hidden).
        keys: the states of the tokens that are attended to, (batch, T, hidden).
        bias: added to the attention scores, 0 at real tokens and very low at padding,
            (batch, 1, 1, T); None without padding.

    Returns:
        The new states of the Q tokens, (batch, Q, hidden).
    """
    attention = layer.attention.self
    size = queries.shape[-1] // attention.num_attention_heads

    def split(states: Tensor) -> Tensor:
        return states.view(*states.shape[:2], -1, size).transpose(1, 2)

    query, key = split(attention.query(queries)), split(attention.key(keys))
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    if bias is not None:
        scores = scores + bias
    weights = attention.dropout(scores.softmax(dim=-1))
    context = (weights @ split(attention.value(keys))).transpose(1, 2).flatten(2)
    read = layer.attention.output(context, queries)
    states: Tensor = layer.output(layer.intermediate(read), read)
    return states


def _has_path(module: Any, path: str) -> bool:
    for name in path.split("."):
        module = getattr(module, name, None)
    return module is not None
