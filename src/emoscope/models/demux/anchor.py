"""Words kept near where a pretrained encoder had them, so that training does not unlearn them.

Training moves the words that it asks for, and drags along others that it never asks for: then a
model ranks labels that it was not trained on worse than the bare encoder did. Here words drawn from
an inventory of feelings are held near their first vectors. The space of labels stays much as it
was, and the texts move in it towards their labels, as in zero-shot learning with fixed label
embeddings (Frome et al. 2013, DeViSE).
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from emoscope.inference.torch_backend import to_tensors
from emoscope.models.demux.independent_encoder import IndependentEncoder
from emoscope.models.demux.network import Demux

WORDS_AT_A_TIME = 64


class Anchor:
    """Holds words of a model near their vectors under the model as it is given.

    Args:
        model: before it is trained, with `similarity`.
        encoder: the encoder of the model.
        vocabulary: words that may be held.
    """

    def __init__(
        self, model: Demux, encoder: IndependentEncoder, vocabulary: Sequence[str]
    ) -> None:
        self.encoder = encoder
        self.vocabulary = vocabulary
        places = np.arange(len(vocabulary))
        training = model.training
        model.eval()
        with torch.inference_mode():
            vectors = [
                self.vectors(model, places[start : start + WORDS_AT_A_TIME]).cpu()
                for start in range(0, len(places), WORDS_AT_A_TIME)
            ]
        model.train(training)
        self.first = torch.cat(vectors).clone()

    def vectors(self, model: Demux, places: NDArray[np.int64]) -> Tensor:
        """Unit vectors of words of the vocabulary under a model, (words, hidden)."""
        words = [self.vocabulary[place] for place in places]
        batch = to_tensors(self.encoder.encode_labels(words, range(len(words))), model.device)
        states = model.read_labels(batch["label_tokens"], batch["word_mask"])
        return functional.normalize(states[:, states.shape[1] // 2 :].float(), dim=-1)

    def loss(self, model: nn.Module, places: NDArray[np.int64]) -> Tensor:
        """How far words have moved: the mean of 1 - cos between their vectors now and at first.

        Args:
            model: as it is now.
            places: the places of the words in the vocabulary, (words,).
        """
        found = self.vectors(cast(Demux, model), places)
        first = self.first[torch.from_numpy(places)].to(found.device)
        return (1 - (found * first).sum(dim=-1)).mean()
