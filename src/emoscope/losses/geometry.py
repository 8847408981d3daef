"""Cosines and distances between the vectors of one example, in full precision.

Memory stays at (batch, labels, labels): no tensor holds a difference of vectors for each pair.
"""

import torch
from torch import Tensor

# Shorter vectors count as zero: dividing by their length would make gradients explode.
SHORTEST = 1e-8


def to_at_least_float32(values: Tensor) -> Tensor:
    """The same values in float32; float64 stays."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def cosines(vectors: Tensor) -> Tensor:
    """Cosine of each pair of vectors of each example; 0 with a vector of no length.

    Args:
        vectors: (batch, labels, hidden).

    Returns:
        (batch, labels, labels), float32 or float64, also under autocast.
    """
    values = to_at_least_float32(vectors)
    lengths = torch.linalg.vector_norm(values, dim=-1, keepdim=True)
    directed = lengths > SHORTEST
    units = values * (directed / lengths.clamp(min=SHORTEST))
    with torch.autocast(values.device.type, enabled=False):
        return torch.bmm(units, units.mT)


def distances(vectors: Tensor) -> Tensor:
    """Euclidean distance of each pair of vectors of each example; gradient 0 where they meet.

    Computed from differences: lengths and a dot product lose half of the digits where two vectors
    are close.

    Args:
        vectors: (batch, labels, hidden).

    Returns:
        (batch, labels, labels), float32 or float64.
    """
    values = to_at_least_float32(vectors)
    return torch.cdist(values, values, compute_mode="donot_use_mm_for_euclid_dist")
