"""The losses over pairs as loops over numbers, one example after the other: slow and obvious."""

import math
from itertools import combinations

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
    """One example: x and labels (K,), h (K, H), weights (K, K) as lists."""
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
            terms.append(weights[p][a] * term)
    return mean(terms)


def intra(x, labels, h, weights, distance):
    """One example: x and labels (K,), h (K, H), weights (K, K) as lists."""
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
            terms.append(weights[i][j] * term)
        if terms:
            sides.append(mean(terms))
    return mean(sides)


def local(name, logits, labels, representations, within, between, distance, on):
    """The loss of a batch, from tensors."""
    losses = []
    for z, y, h in zip(logits.tolist(), labels.tolist(), representations.tolist(), strict=True):
        if all(math.isnan(value) for value in y):
            continue
        x = [sigmoid(value) for value in z] if on == "predictions" else z
        apart = inter(x, y, h, between.tolist(), distance)
        together = intra(x, y, h, within.tolist(), distance)
        losses.append({"inter": apart, "intra": together, "complete": (apart + together) / 2}[name])
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
