"""Labels that read a text without seeing each other.

The published Demux shows all labels to each other and to the text, so that a label's score depends
on which others are asked for. Here a label is encoded alone. In the top layers of the encoder it
attends to the text and to itself; the text attends to itself only. What a label says of a text is
then the same alone, among six or among 10,000; a text is read once for any number of labels, and a
label once for any number of texts. The idea is that of poly-encoders (Humeau et al. 2020, arXiv
1905.01969) and Query2Label (Liu et al. 2021, arXiv 2107.10834), with the layers of the pretrained
encoder in place of new ones.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel


class TextStates(NamedTuple):
    """What labels read of a batch of texts.

    Attributes:
        layers: states that enter each of the joint layers, each (batch, tokens, hidden).
        unseen: added to attention scores, (batch, 1, 1, tokens): 0 at real tokens, else the least
            number.
        vectors: the vectors of the texts as a sentence encoder gives them, unit length, (batch,
            hidden); None if they are not asked for.
    """

    layers: tuple[Tensor, ...]
    unseen: Tensor
    vectors: Tensor | None


def read_texts(
    backbone: PreTrainedModel, joint: int, inputs: dict[str, Tensor], vectors: bool
) -> TextStates:
    """Encode texts as far as labels read them.

    Args:
        backbone: the backbone that `check_joint_layers` accepts.
        joint: how many of the top layers labels read texts in.
        inputs: the inputs of the encoder, each (batch, tokens).
        vectors: encode them to the end, too.
    """
    states, unseen = _embed(backbone, inputs)
    layers = _get_layers(backbone)
    entering = []
    for place, layer in enumerate(layers):
        if place >= len(layers) - joint:
            entering.append(states)
        # Else nobody reads what the last layer makes of the text.
        if vectors or place < len(layers) - 1:
            states = _finish(layer, states, _attend(layer, states, states, unseen))
    pooled = _compute_unit_mean(states, inputs["attention_mask"]) if vectors else None
    return TextStates(tuple(entering), unseen, pooled)


def read_label_words(
    backbone: PreTrainedModel,
    joint: int,
    inputs: dict[str, Tensor],
    word_mask: Tensor,
    vectors: bool,
) -> Tensor:
    """Encode label words, each alone, up to the joint layers.

    Args:
        backbone: as of `read_texts`.
        joint: as of `read_texts`.
        inputs: the inputs of the encoder, each (words, tokens).
        word_mask: (words, tokens), the tokens whose states are averaged.
        vectors: encode them to the end, too.

    Returns:
        (words, hidden), or with `vectors` (words, 2 hidden): then those of the words as a sentence
        encoder gives them, unit length.
    """
    states, unseen = _embed(backbone, inputs)
    layers = _get_layers(backbone)
    for layer in layers[: len(layers) - joint]:
        states = _finish(layer, states, _attend(layer, states, states, unseen))
    weights = word_mask.to(states) / word_mask.sum(dim=1, keepdim=True).to(states)
    words = (weights[:, None] @ states).squeeze(1)
    if not vectors:
        return words
    for layer in layers[len(layers) - joint :]:
        states = _finish(layer, states, _attend(layer, states, states, unseen))
    return torch.cat([words, _compute_unit_mean(states, inputs["attention_mask"])], dim=-1)


def _compute_unit_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Mean states over real tokens, scaled to unit length: (batch, hidden)."""
    real = mask[..., None].float()
    return nn.functional.normalize((states.float() * real).sum(dim=1) / real.sum(dim=1), dim=-1)


def ask(
    backbone: PreTrainedModel, joint: int, texts: TextStates, labels: Tensor, fed: int
) -> Tensor:
    """States of labels that have read the texts.

    Args:
        backbone: as of `read_texts`.
        joint: as of `read_texts`.
        texts: from `read_texts`.
        labels: from `read_label_words`, (words, hidden).
        fed: how many of the top layers have their feed-forward part for labels too.

    Returns:
        (batch, words, hidden).
    """
    states = labels[None]
    top = _get_layers(backbone)[-joint:]
    for place, (layer, text) in enumerate(zip(top, texts.layers, strict=True)):
        context = _attend(layer, states, text, texts.unseen, itself=True)
        if place >= joint - fed:
            states = _finish(layer, states, context)
        else:
            states = layer.attention.output(context, states)
    return states


def _embed(backbone: PreTrainedModel, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Token embeddings (batch, tokens, hidden), and what hides the padding from attention."""
    rest = {name: value for name, value in inputs.items() if name != "attention_mask"}
    states: Tensor = cast(nn.Module, backbone.embeddings)(**rest)
    least = torch.finfo(torch.float32).min
    mask = inputs["attention_mask"]
    unseen = torch.zeros_like(mask, dtype=torch.float32).masked_fill(mask == 0, least)
    return states, unseen[:, None, None]


def _get_layers(backbone: PreTrainedModel) -> Sequence[Any]:
    return list(cast(Any, backbone).encoder.layer)


def _attend(
    layer: Any, queries: Tensor, keys: Tensor, unseen: Tensor, itself: bool = False
) -> Tensor:
    """What states read of others in one layer's attention.

    Args:
        layer: the layer of the encoder.
        queries: states that look, (batch, Q, hidden), or (1, Q, hidden) for the same in all texts.
        keys: states that are looked at, (batch, T, hidden).
        unseen: as of `TextStates`.
        itself: each query also looks at itself.

    Returns:
        (batch, Q, hidden).
    """
    attention = layer.attention.self
    size = queries.shape[-1] // attention.num_attention_heads

    def split(states: Tensor) -> Tensor:
        return states.view(*states.shape[:2], -1, size).transpose(1, 2)

    query = split(attention.query(queries)) * size**-0.5
    scores = query @ split(attention.key(keys)).transpose(-1, -2) + unseen
    values = split(attention.value(keys))
    if itself:
        own = (query * split(attention.key(queries))).sum(dim=-1, keepdim=True)
        scores = torch.cat([own.expand(*scores.shape[:-1], 1), scores], dim=-1)
        weights = attention.dropout(scores.softmax(dim=-1)).to(values)
        context = weights[..., 1:] @ values + weights[..., :1] * split(attention.value(queries))
    else:
        context = attention.dropout(scores.softmax(dim=-1)).to(values) @ values
    read: Tensor = context.transpose(1, 2).flatten(2)
    return read


def _finish(layer: Any, states: Tensor, context: Tensor) -> Tensor:
    """The rest of a layer: what was read is added, then the feed-forward part."""
    read = layer.attention.output(context, states)
    finished: Tensor = layer.output(layer.intermediate(read), read)
    return finished
