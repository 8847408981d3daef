"""What Demux and MEmo share in training: a pretrained encoder, its start and what is frozen."""

from collections.abc import Sequence, Sized

from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import PreTrainedModel

from emoscope.encoding.tokens import TextTokenizer
from emoscope.errors import InputError, raise_os_error
from emoscope.folder import WEIGHTS, ModelFolder
from emoscope.models.shared.sections import PromptedSection
from emoscope.taxonomy import Taxonomy
from emoscope.training.corpus_bias import drop_corpus_bias
from emoscope.training.freezing import add_lora, freeze, merge_lora


def to_label_maps(taxonomy: Taxonomy) -> dict[str, dict[int, str] | dict[str, int]]:
    """Convert a taxonomy to `id2label` and `label2id` of transformers' configurations."""
    return {
        "id2label": dict(enumerate(taxonomy.names)),
        "label2id": {name: k for k, name in enumerate(taxonomy.names)},
    }


def prepare_network(
    model: PreTrainedModel, section: PromptedSection, tokenizer: TextTokenizer, words: Sequence[str]
) -> PreTrainedModel:
    """Prepare a network for training: initial weights, frozen parts, low-rank updates.

    Args:
        model: new, with its pretrained encoder.
        section: the section of the recipe.
        tokenizer: the tokenizer of the encoder.
        words: the words of the labels.
    """
    if section.start is not None:
        start_from(model, section.start, section.start_head)
    # A tokenizer may split a word differently if no space comes before it.
    shown = [*words, *(f" {word}" for word in words)]
    tokens = sorted({token for ids in tokenizer.ids(shown) for token in ids})
    freeze(model, section.freeze, section.frozen_layers, tokens)
    if section.lora is not None:
        add_lora(model, section.lora)
    return model


def start_from(model: PreTrainedModel, folder: str, head: bool) -> None:
    """Copy the weights of a trained model.

    Args:
        model: of the same kind and encoder.
        folder: the folder of the trained model, or of its training.
        head: copy its head too.

    Raises:
        InputError: weights that have no place in this model, or leave some without; a head that
            was trained for other labels.
    """
    try:
        opened = ModelFolder.open(folder)
    except InputError as error:
        raise InputError(f"model.start: {error} Train it first, or name another model.") from None
    try:
        weights = load_file(opened.path / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise_os_error(error, opened.path / WEIGHTS)
        raise InputError(
            f"model.start: {opened.path / WEIGHTS} cannot be read: {error}."
        ) from error
    if not head:
        weights = {name: weight for name, weight in weights.items() if name.startswith("backbone.")}
    own = model.state_dict()
    # A tensor with two names, e.g. tied embeddings, is stored once.
    stored = {tensor.data_ptr() for name, tensor in own.items() if name in weights}
    expected = {
        name
        for name, tensor in own.items()
        if (head or name.startswith("backbone."))
        and (name in weights or tensor.data_ptr() not in stored)
    }
    wrong = expected ^ set(weights) or {
        name for name in expected if own[name].shape != weights[name].shape
    }
    if wrong:
        raise InputError(
            f"model.start: the weights of {opened.path} do not fit this model: "
            f"{', '.join(sorted(wrong)[:5])}{' …' if len(wrong) > 5 else ''}. Take the same "
            "model.type and model.backbone; with other labels, set model.start_head=false."
        )
    fixed = bool(getattr(model, "fixed_labels", False))
    names = tuple((model.config.id2label or {}).values())
    if head and fixed and opened.taxonomy.names != names:
        raise InputError(
            f"model.start: the head of {opened.path} scores {', '.join(opened.taxonomy.names)}, in "
            f"this order, and this model's labels are {', '.join(names)}. Set "
            "model.start_head=false to begin from the encoder alone."
        )
    model.load_state_dict(weights, strict=False)


def describe_encoder(
    section: PromptedSection, frame: Sized, tokenizer: TextTokenizer
) -> tuple[str, ...]:
    """Describe the encoder for the log and the model card."""
    lines = [
        f"Encoder: {section.backbone}; the prompt takes {len(frame)} of the {tokenizer.window} "
        "tokens that it reads."
    ]
    if section.start is not None:
        lines.append(f"Begun from the weights of {section.start}.")
    return tuple(lines)


def finish_training(model: PreTrainedModel, section: PromptedSection) -> None:
    """Merge low-rank updates into the weights."""
    if section.lora is not None:
        merge_lora(model)
    drop_corpus_bias(model)
