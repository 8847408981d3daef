"""Conditional weighting: labels that the other labels do not give away weigh more.

From *Leveraging Label Correlations in a Multi-label Setting* (arXiv 2210.15842): for each label a
logistic regression on the other labels tells how likely its value is; the less likely, the more
its cell weighs in the cross-entropy.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from emoscope.errors import InputError

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ConditionalWeights:
    """Weight 2 − √p of each cell, p the probability of its value given the other labels.

    Attributes:
        members: which labels each product multiplies, 0 or 1, (products, labels).
        coefficients: the coefficients of the regression of each label, 0 for products with that
            label in them, (labels, products).
        intercepts: (labels,).
        varies: labels that have both values in training, (labels,); the others weigh 1.
    """

    members: Tensor
    coefficients: Tensor
    intercepts: Tensor
    varies: Tensor

    @classmethod
    def fit(cls, labels: Floats, order: int = 1) -> "ConditionalWeights":
        """Fit one logistic regression a label, with scikit-learn's default penalty.

        Args:
            labels: the labels of the training texts, cut at ½, (N, K); rows with a NaN are left
                out.
            order: 1 to regress on the other labels, 2 on their products of two as well.

        Raises:
            InputError: if the order is another, or no row is labelled.
        """
        if order not in (1, 2):
            raise InputError(f"Expected order 1 or 2 of conditional weighting; got {order!r}.")
        values = np.asarray(labels)
        known = values[~np.isnan(values).any(axis=1)]
        if not len(known):
            raise InputError("Expected labelled rows to fit conditional weights to; found none.")
        # Few combinations of labels occur: fitting them with their counts is the same, and fast.
        rows, counts = np.unique(known >= 0.5, axis=0, return_counts=True)
        members = make_products(rows.shape[1], order)
        present = (rows.astype(np.int64) @ members.T) == members.sum(axis=1)
        varies = rows.any(axis=0) & ~rows.all(axis=0)
        coefficients = np.zeros((rows.shape[1], len(members)))
        intercepts = np.zeros(rows.shape[1])
        for label in np.flatnonzero(varies):
            # A column of zeros gets the coefficient 0 from the penalty.
            features = np.where(members[:, label], 0.0, present)
            regression = LogisticRegression(solver="newton-cholesky", tol=1e-6)
            regression.fit(features, rows[:, label], sample_weight=counts)
            coefficients[label] = regression.coef_[0]
            intercepts[label] = regression.intercept_[0]
        return cls(
            members=torch.as_tensor(members, dtype=torch.float32),
            coefficients=torch.as_tensor(coefficients, dtype=torch.float32),
            intercepts=torch.as_tensor(intercepts, dtype=torch.float32),
            varies=torch.as_tensor(varies),
        )

    def __call__(self, labels: Tensor) -> Tensor:
        """Weight of each cell of a batch, between 1 and 2.

        Args:
            labels: cut at ½, (batch, labels); a row with a NaN gets weights of 1.

        Returns:
            (batch, labels), float32, for `binary_cross_entropy`'s `cells`.
        """
        device = labels.device
        values = (labels >= 0.5).float()
        with torch.autocast(device.type, enabled=False):
            members = self.members.to(device)
            present = (values @ members.T == members.sum(1)).float()
            logits = present @ self.coefficients.to(device).T + self.intercepts.to(device)
        observed = torch.where(values > 0, logits, -logits).sigmoid()
        known = ~torch.isnan(labels).any(1, keepdim=True)
        return torch.where(known & self.varies.to(device), 2 - observed.sqrt(), 1.0)


def make_products(count: int, order: int) -> NDArray[np.int64]:
    """Which of `count` labels each product of one to `order` labels holds, (products, labels)."""
    sizes = range(1, order + 1)
    chosen = [labels for size in sizes for labels in combinations(range(count), size)]
    members = np.zeros((len(chosen), count), dtype=np.int64)
    for row, labels in enumerate(chosen):
        members[row, list(labels)] = 1
    return members
