"""A NELEC network that begins from a trained one, whatever labels and words that one knows."""

import logging
from pathlib import Path
from typing import cast

import torch

from emoscope.embeddings.vectors import WordVectors
from emoscope.embeddings.vocabulary import PAD, Vocabulary
from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.inference.torch_backend import load_network
from emoscope.models.nelec.encoder import PlainEncoder
from emoscope.models.nelec.network import Nelec, NelecConfig

logger = logging.getLogger(__name__)

WORDS, HEAD = "embedding.", "classifier."
"""Parameters of the words, which differ between vocabularies, and of the labels."""


def load_start(folder: str) -> tuple[Nelec, Vocabulary]:
    """A trained network and its vocabulary.

    Raises:
        InputError: there is none, or a model of another kind.
    """
    try:
        opened = ModelFolder.open(Path(folder))
    except InputError as error:
        raise InputError(f"model.start: {error} Train it first, or name another model.") from None
    kind = opened.config.get("model_type")
    if kind != NelecConfig.model_type:
        raise InputError(
            f"model.start: expected a NELEC network, found a {kind} in {folder}. Name a "
            "training of a recipe whose model.type is nelec."
        )
    return cast(Nelec, load_network(opened)), PlainEncoder.load(opened).vocabulary


def take_vectors(start: Nelec, vocabulary: Vocabulary) -> WordVectors:
    """The vectors of the words that a network was trained on, `<unk>` and `<eos>` too."""
    trained = start.embedding.words.weight.detach().float().numpy()
    return WordVectors("start", vocabulary.tokens[PAD + 1 : vocabulary.size], trained[PAD + 1 :])


def begin_from(model: Nelec, start: Nelec) -> None:
    """Copy the layers that have the same shape, the head only if it is of the same labels.

    What stays new is told in the log.

    Raises:
        InputError: no layer that reads words fits.
    """
    theirs = start.state_dict()
    same_labels = model.config.id2label == start.config.id2label
    new, copied = [], []
    with torch.no_grad():
        for name, own in model.state_dict().items():
            if name.startswith(WORDS):
                continue
            given = theirs.get(name)
            means_the_same = same_labels or not name.startswith(HEAD)
            if given is not None and given.shape == own.shape and means_the_same:
                own.copy_(given)
                copied.append(name)
            else:
                new.append(name)
    if not any(name.startswith("lstm.") for name in copied):
        sizes = [config.hidden_size for config in (start.config, model.config)]
        raise InputError(
            f"model.start: the layers of that network have other shapes: {sizes[0]} units, here "
            f"{sizes[1]}. Set model.hidden_size and model.bidirectional as they were there."
        )
    layers = dict.fromkeys(name.rpartition(".")[0] for name in new)
    logger.info("Begun from a trained network; new layers: %s.", ", ".join(layers) or "none")
