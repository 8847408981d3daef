"""Scores of training texts from epoch to epoch."""

import numpy as np
import torch
from safetensors.numpy import save_file

from emoscope.training.previous_logits import PreviousLogits


def numbers(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def test_an_epoch_recalls_what_the_one_before_kept():
    scores, rng = PreviousLogits([(4, 3), (2, 2)]), np.random.default_rng(0)
    rows, columns = np.array([2, 0]), np.array([0, 2])
    first = numbers(rng, 2, 2)
    scores.keep(0, rows, columns, first)
    assert np.isnan(scores.recall(0, rows, columns)).all(), "within an epoch there are none"
    scores.begin(0)
    assert np.isnan(scores.recall(0, rows, columns)).all(), "it is no other epoch"
    scores.begin(1)
    scores.keep(0, rows, None, numbers(rng, 2, 3))
    np.testing.assert_array_equal(scores.recall(0, rows, columns), first)
    assert np.isnan(scores.recall(0, rows, np.array([1]))).all(), "a label that was left out"
    assert np.isnan(scores.recall(0, np.array([1]), columns)).all(), "a text that was not drawn"
    assert np.isnan(scores.recall(1, np.array([0, 1]), None)).all(), "another part"
    scores.begin(2)
    assert not np.isnan(scores.recall(0, rows, None)).any()


def test_what_was_saved_goes_on(tmp_path):
    scores, rng = PreviousLogits([(3, 2)]), np.random.default_rng(0)
    scores.keep(0, np.arange(3), None, numbers(rng, 3, 2))
    scores.begin(1)
    scores.keep(0, np.array([1]), None, numbers(rng, 1, 2))
    save_file(scores.to_arrays(), tmp_path / "scores.safetensors")
    other = PreviousLogits([(3, 2)])
    other.load(tmp_path / "scores.safetensors")
    assert other.epoch == 1
    np.testing.assert_array_equal(other.latest[0], scores.latest[0])
    np.testing.assert_array_equal(other.previous[0], scores.previous[0])


def test_processes_share_what_each_scored():
    """Of two, each has trained on rows of its own in two epochs: both recall those of both."""
    rng, values = np.random.default_rng(0), []
    both = [PreviousLogits([(4, 2)]) for _ in range(2)]
    for epoch, rows in enumerate([([0, 2], [1, 3]), ([1, 2], [0])]):
        for scores, own in zip(both, rows, strict=True):
            scores.keep(0, np.array(own), None, numbers(rng, len(own), 2))
        values.append([scores.latest[0].copy() for scores in both])
        before = both[0].previous[0]
        changed = [np.where(one.latest[0] == before, np.nan, one.latest[0]) for one in both]
        everyones = torch.from_numpy(np.concatenate(changed))
        for scores in both:
            scores.gather = lambda _, everyones=everyones: everyones
            scores.begin(epoch + 1)
    for scores in both:
        np.testing.assert_array_equal(scores.previous[0][[1, 2]], values[1][0][[1, 2]])
        np.testing.assert_array_equal(scores.previous[0][0], values[1][1][0])
        np.testing.assert_array_equal(scores.previous[0][3], values[0][1][3], "not drawn again")
