"""A learned bias for each label of each corpus, which is not part of the saved model.

A corpus of film dialogues shows joy more often than one of comments does. A model that scores the
labels of both corpora must not confuse the frequency of a label with its meaning. In training a
bias for each corpus and label absorbs the frequency; the saved model does not contain it.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emoscope.errors import InputError
from emoscope.training.processes import is_alone

CORPUS_BIAS = "corpus_bias"
LEAST_SHARE = 1e-4
SPEED = 20.0
"""Adam moves a number by about the learning rate, which is chosen for weights; log-odds have
farther to go, so that parameters are multiplied by this."""


def add_corpus_bias(model: nn.Module, labels: Sequence[NDArray[np.float32]]) -> None:
    """Give a model a bias for each label of each training part.

    It begins at the log-odds of the label's share; see `get_bias`.

    Args:
        model: gets them as a parameter list `corpus_bias`.
        labels: the labels of each part, (N, K), NaN where not known.
    """
    shares = [
        np.clip(np.nanmean(part, axis=0, dtype=np.float64), LEAST_SHARE, 1 - LEAST_SHARE)
        for part in labels
    ]
    biases = (np.log(share) - np.log1p(-share) for share in shares)
    parameters = (nn.Parameter(torch.tensor(bias / SPEED, dtype=torch.float32)) for bias in biases)
    setattr(model, CORPUS_BIAS, nn.ParameterList(parameters))


def check_alone() -> None:
    """Check that one process trains.

    Raises:
        InputError: several processes train. Each batch is of one corpus, and the processes would
            wait for gradients of the biases of other corpora.
    """
    if not is_alone():
        raise InputError(
            "objective.corpus_bias: expected one process, found several. Start it without "
            "torchrun, or set objective.corpus_bias=false."
        )


def get_bias(model: nn.Module, part: int) -> Tensor | float:
    """Get the bias (log-odds) of a training part's labels, (K,); 0 for a model without biases."""
    biases = getattr(model, CORPUS_BIAS, None)
    return 0.0 if biases is None else biases[part] * SPEED


def drop_corpus_bias(model: nn.Module) -> None:
    """Remove the biases from a model, if it has any."""
    if hasattr(model, CORPUS_BIAS):
        delattr(model, CORPUS_BIAS)
