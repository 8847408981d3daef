"""Global losses: representations of labels as far apart as a correlation says.

From Chochlakis et al., *Leveraging Label Correlations in a Multi-label Setting*
(arXiv 2210.15842). They look at all labels of an example, whichever it has.
"""

from typing import Literal

import torch
from torch import Tensor

from emoscope.errors import InputError
from emoscope.losses.geometry import cosines, distances


def global_loss(
    representations: Tensor,
    correlation: Tensor,
    distance: Literal["cossim", "sq_diff"] = "cossim",
) -> Tensor:
    """Mean over the pairs of labels of each example, then over the examples.

    With ρ the correlation and r = (ρ + 1) / 2, a pair costs (cos(h_i, h_j) − ρ_ij)² for `cossim`
    and r_ij·‖h_i − h_j‖ for `sq_diff`.

    Args:
        representations: (batch, labels, hidden).
        correlation: in [-1, 1], symmetric, (labels, labels).
        distance: the form of the terms.

    Returns:
        A scalar in float32 or float64; 0 for a single label.

    Raises:
        InputError: if the distance is unknown.
    """
    count, device = representations.shape[1], representations.device
    first, second = torch.triu_indices(count, count, offset=1, device=device)
    if distance == "cossim":
        pairs = cosines(representations)
        target = correlation.to(pairs)
        terms = (pairs - target) ** 2
    elif distance == "sq_diff":
        pairs = distances(representations)
        terms = (correlation.to(pairs) + 1) / 2 * pairs
    else:
        raise InputError(f"Expected the distance 'cossim' or 'sq_diff'; got {distance!r}.")
    chosen = terms[:, first, second]
    return chosen.sum() / max(chosen.numel(), 1)
