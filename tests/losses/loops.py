"""The losses over pairs as loops over numbers, one example after the other: slow and obvious."""

import math
from itertools import combinations

import torch

from emoscope.losses.local import PairWeights

LARGEST = 30.0


def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def exp(t):
    """The exponential, beyond 30 its tangent."""
    return math.exp(t) if t <= LARGEST else math.exp(LARGEST) * (1 + t - LARGEST)


def cos(a, b):
    lengths = math.hypot(*a) * math.hypot(*b)
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def mean(values):
    return sum(values) / len(values) if values else 0.0


def sets(labels):
    present = [i for i, y in enumerate(labels) if y >= 0.5]
    absent = [i for i, y in enumerate(labels) if y < 0.5]
    return present, absent


def inter(x, labels, h, weights, distance):
    """One example: x and labels (K,), h (K, H), the weights of pairs (K, K), as lists."""
    present, absent = sets(labels)
    terms = []
    for p in present:
        for a in absent:
            if distance == "exp_diff":
                term = exp(x[a] - x[p])
            elif distance == "sq_diff":
                term = -((x[p] - x[a]) ** 2)
            else:
                term = cos(h[p], h[a])
            terms.append(weights.between[p][a] * term)
    return mean(terms)


def intra(x, labels, h, weights, distance):
    """One example: x and labels (K,), h (K, H), the weights of pairs (K, K), as lists."""
    present, absent = sets(labels)
    sides = []
    for members, sign in ((present, -1), (absent, 1)):
        terms = []
        for i, j in combinations(members, 2):
            if distance == "exp_diff":
                term = exp(sign * (x[i] + x[j]))
            elif distance == "sq_diff":
                term = (x[i] - x[j]) ** 2
            else:
                term = -cos(h[i], h[j])
            terms.append(weights.within[i][j] * term)
        if terms:
            sides.append(mean(terms))
    return mean(sides)


def complete(x, labels, h, weights, distance):
    """One example: the mean of both."""
    parts = inter(x, labels, h, weights, distance), intra(x, labels, h, weights, distance)
    return mean(parts)


def average(twin, batch, weights, distance, on):
    """The loss of a batch, from tensors: the mean of a function over its labelled examples."""
    logits, labels, representations = batch
    ones = torch.ones(labels.shape[1], labels.shape[1])
    weights = weights or PairWeights(ones, ones)
    lists = PairWeights(weights.within.tolist(), weights.between.tolist())
    losses = []
    for z, y, h in zip(logits.tolist(), labels.tolist(), representations.tolist(), strict=True):
        if not all(math.isnan(value) for value in y):
            x = [sigmoid(value) for value in z] if on == "predictions" else z
            losses.append(twin(x, y, h, lists, distance))
    return mean(losses)


def structure(representations, correlation, distance):
    """The global loss of a batch, from tensors."""
    rho, losses = correlation.tolist(), []
    for h in representations.tolist():
        terms = []
        for i, j in combinations(range(len(h)), 2):
            if distance == "cossim":
                terms.append((cos(h[i], h[j]) - rho[i][j]) ** 2)
            else:
                terms.append((rho[i][j] + 1) / 2 * math.dist(h[i], h[j]))
        losses.append(mean(terms))
    return mean(losses)
