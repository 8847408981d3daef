"""Conditional weights against a regression on all rows, and worked by hand."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from emoscope.errors import InputError
from emoscope.losses.conditional import ConditionalWeights

NAN = math.nan


def sampled(rows, count, seed=0):
    """Labels that depend on each other."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(rows, 2)) @ rng.normal(size=(2, count))
    return (hidden + rng.normal(size=(rows, count)) > 0.5).astype(np.float64)


def features(row, label, order):
    """The other labels of a row and their products."""
    others = [value for index, value in enumerate(row) if index != label]
    pairs = [a * b for a, b in combinations(others, 2)] if order == 2 else []
    return others + pairs


def expected(train, rows, order):
    """Weights from one regression a label on every row of training, cell by cell."""
    weights = np.ones_like(rows)
    for label in range(train.shape[1]):
        x = [features(row, label, order) for row in train]
        model = LogisticRegression(tol=1e-9, max_iter=10_000).fit(x, train[:, label])
        for index, row in enumerate(rows):
            of_values = model.predict_proba([features(row, label, order)])[0]
            weights[index, label] = 2 - math.sqrt(of_values[int(row[label])])
    return weights


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_equal_to_a_regression_on_every_row(order, count):
    train, rows = sampled(200, count), sampled(30, count, seed=1)
    got = ConditionalWeights.fit(train, order)(torch.from_numpy(rows))
    np.testing.assert_allclose(got.numpy(), expected(train, rows, order), atol=1e-4)


@pytest.mark.parametrize("order", [1, 2])
def test_two_labels_worked_by_hand(order):
    # Of 10,000 texts with b, 90 % have a; of 10,000 without, 20 % (the penalty hardly matters).
    train = np.repeat([[1, 1], [0, 1], [1, 0], [0, 0]], [9000, 1000, 2000, 8000], axis=0)
    weights = ConditionalWeights.fit(train.astype(float), order)
    got = weights(torch.tensor([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]))[:, 0]
    by_hand = [2 - math.sqrt(p) for p in (0.9, 0.1, 0.2, 0.8)]
    assert got.tolist() == pytest.approx(by_hand, abs=1e-3)


def test_order_two_sees_what_order_one_cannot():
    # The third label says whether just one of the first two is there.
    corners = np.array([[a, b, a ^ b] for a in (0, 1) for b in (0, 1)], dtype=float)
    train = np.repeat(corners, 1000, axis=0)
    first, second = (ConditionalWeights.fit(train, order) for order in (1, 2))
    rows = torch.from_numpy(corners)
    np.testing.assert_allclose(first(rows)[:, 2].numpy(), 2 - math.sqrt(0.5), atol=1e-3)
    assert (second(rows)[:, 2] < 1.02).all()
    assert (second(torch.tensor([[1.0, 1.0, 1.0]]))[:, 2] > 1.8).all()


def test_a_label_that_never_varies_weighs_1():
    train = sampled(50, 3)
    train[:, 1], train[:, 2] = 0, 1
    got = ConditionalWeights.fit(train, 2)(torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    assert (got[:, 1:] == 1).all()
    assert (got[:, 0] > 1).all()


def test_a_single_label_is_told_by_its_share():
    train = np.array([[1.0], [0.0], [0.0], [0.0]])
    got = ConditionalWeights.fit(train, 2)(torch.tensor([[1.0], [0.0]]))
    by_hand = [2 - math.sqrt(0.25), 2 - math.sqrt(0.75)]
    assert got.flatten().tolist() == pytest.approx(by_hand, abs=1e-4)


def test_unlabelled_rows_are_left_out_and_weigh_1():
    train = sampled(60, 3)
    with_gaps = np.insert(train, [0, 30], NAN, axis=0)
    rows = torch.tensor([[1.0, 0.0, 1.0], [NAN, NAN, NAN], [1.0, NAN, 0.0]])
    got = ConditionalWeights.fit(with_gaps)(rows)
    torch.testing.assert_close(got, ConditionalWeights.fit(train)(rows))
    assert (got[1:] == 1).all()
    assert (got[0] > 1).all()


def test_weights_lie_between_1_and_2_and_do_not_depend_on_precision():
    weights = ConditionalWeights.fit(sampled(100, 6), 2)
    rows = torch.from_numpy(sampled(40, 6, seed=2))
    got = weights(rows)
    assert got.dtype == torch.float32
    assert ((got >= 1) & (got <= 2)).all()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(weights(rows.bfloat16()), got, rtol=0, atol=0)


def test_labels_are_cut_at_a_half():
    train, soft = sampled(60, 3), sampled(60, 3) * 0.4 + 0.3
    rows = torch.from_numpy(soft)
    torch.testing.assert_close(
        ConditionalWeights.fit(soft)(rows), ConditionalWeights.fit(train)(rows.round())
    )


@pytest.mark.parametrize("order", [0, 3])
def test_other_orders_are_refused(order):
    with pytest.raises(InputError, match="order 1 or 2"):
        ConditionalWeights.fit(sampled(10, 2), order)


def test_no_labelled_rows():
    with pytest.raises(InputError, match="found none"):
        ConditionalWeights.fit(np.full((3, 2), NAN))
