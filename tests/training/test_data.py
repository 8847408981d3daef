import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from emoscope.encoding.batching import Ragged
from emoscope.training.data import EncodedDataset, LengthBuckets, keep

lengths_lists = st.lists(st.integers(1, 35), max_size=80)


def buckets(lengths, batch_size=4, seed=0, pool=3):
    return LengthBuckets(np.array(lengths, dtype=np.int64), batch_size, seed, pool)


def order(sampler, epoch=0):
    sampler.set_epoch(epoch)
    return list(sampler)


def cut(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@given(lengths_lists, st.integers(1, 9), st.integers(0, 5), st.integers(1, 5))
def test_each_row_comes_once_an_epoch(lengths, batch_size, epoch, pool):
    sampler = buckets(lengths, batch_size, pool=pool)
    assert sorted(order(sampler, epoch)) == list(range(len(lengths)))
    assert len(sampler) == len(lengths)


@given(lengths_lists, st.integers(1, 9), st.integers(1, 5))
def test_batches_are_whole_but_the_last_and_each_is_of_one_pool(lengths, batch_size, pool):
    """Cut at multiples of the batch size, each batch is a run of one length-sorted pool."""
    sampler = buckets(lengths, batch_size, pool=pool)
    rng = np.random.default_rng([0, 0])
    shuffled = rng.permutation(len(lengths)).tolist()
    expected = []
    for pooled in cut(shuffled, pool * batch_size):
        expected += cut(sorted(pooled, key=lambda row: lengths[row]), batch_size)
    batches = cut(order(sampler), batch_size)
    assert sorted(batches) == sorted(expected)
    assert all(len(batch) == batch_size for batch in batches[:-1])


def test_the_order_depends_on_seed_and_epoch_alone():
    lengths = np.random.default_rng(1).integers(1, 35, 200)
    first = buckets(lengths, seed=7)
    orders = [order(first, epoch) for epoch in range(4)]
    assert len({tuple(one) for one in orders}) == 4
    assert order(first, 1) == orders[1], "an epoch can be drawn again"
    assert order(buckets(lengths, seed=7), 3) == orders[3], "whatever was drawn before"
    assert order(buckets(lengths, seed=8), 0) != orders[0]


def test_there_is_little_padding():
    lengths = np.random.default_rng(0).integers(1, 35, 2000)

    def padded(rows):
        return sum(len(batch) * max(lengths[batch]) for batch in cut(rows, 16))

    bucketed = padded(order(LengthBuckets(lengths, 16, seed=0)))
    shuffled = padded(np.random.default_rng(0).permutation(2000).tolist())
    assert bucketed < 1.05 * lengths.sum() < 1.5 * lengths.sum() < shuffled


def test_equal_lengths_are_a_plain_shuffle():
    rows = order(buckets([5] * 40))
    assert rows != sorted(rows)


@pytest.fixture
def dataset():
    ids = Ragged.from_sequences([[3, 4, 5], [6], [7, 8]])
    return EncodedDataset(ids, np.eye(3, dtype=np.float32))


def test_a_batch_is_padded_to_its_longest_row(dataset):
    batch = dataset.__getitems__([2, 1])
    assert batch["input_ids"].tolist() == [[7, 8], [6, 0]]
    assert batch["attention_mask"].tolist() == [[True, True], [True, False]]
    assert batch["labels"].tolist() == [[0, 0, 1], [0, 1, 0]]
    assert batch["rows"].tolist() == [2, 1]
    assert batch["input_ids"].dtype == torch.int64
    assert batch["labels"].dtype == torch.float32


def test_a_row_is_a_batch_of_one(dataset):
    assert len(dataset) == 3
    assert dataset[0]["input_ids"].tolist() == [[3, 4, 5]]


def test_a_loader_gives_the_batches_whole(dataset):
    loader = DataLoader(dataset, batch_size=2, collate_fn=keep)
    assert [batch["rows"].tolist() for batch in loader] == [[0, 1], [2]]
    assert [batch["input_ids"].shape[1] for batch in loader] == [3, 2]
