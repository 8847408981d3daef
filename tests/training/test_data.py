import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from emoscope.corpora.corpus import Corpus
from emoscope.encoding.batching import Ragged
from emoscope.taxonomy import Taxonomy
from emoscope.training.data import (
    EncodedDataset,
    EpochLoader,
    LengthBuckets,
    Part,
    collate_whole,
    count_draws_by_part,
    draw_balanced,
)

lengths_lists = st.lists(st.integers(1, 35), max_size=80)
parts_lists = st.lists(st.lists(st.integers(1, 35), max_size=40), min_size=1, max_size=4)


def buckets(*lengths, batch_size=4, seed=0, pool=3, **options):
    arrays = [np.array(one, dtype=np.int64) for one in lengths]
    return LengthBuckets(arrays, batch_size, seed, pool=pool, **options)


def order(sampler, epoch=0):
    """The batches of an epoch."""
    sampler.set_epoch(epoch)
    return list(sampler)


def flat(batches):
    return [row for batch in batches for row in batch]


def cut(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@given(lengths_lists, st.integers(1, 9), st.integers(0, 5), st.integers(1, 5))
def test_each_row_comes_once_an_epoch(lengths, batch_size, epoch, pool):
    sampler = buckets(lengths, batch_size=batch_size, pool=pool)
    batches = order(sampler, epoch)
    assert sorted(flat(batches)) == list(range(len(lengths)))
    assert len(sampler) == len(batches)


@given(lengths_lists, st.integers(1, 9), st.integers(1, 5))
def test_batches_are_whole_but_the_last_and_each_is_of_one_pool(lengths, batch_size, pool):
    """Each batch is a run of one length-sorted pool."""
    sampler = buckets(lengths, batch_size=batch_size, pool=pool)
    rng = np.random.default_rng([0, 0])
    shuffled = rng.permutation(len(lengths)).tolist()
    expected = []
    for pooled in cut(shuffled, pool * batch_size):
        expected += cut(sorted(pooled, key=lambda row: lengths[row]), batch_size)
    batches = order(sampler)
    assert sorted(batches) == sorted(expected)
    assert all(len(batch) == batch_size for batch in batches[:-1])


@pytest.mark.parametrize("options", [{}, {"alpha": 0.3}, {"process": (1, 2)}])
def test_the_order_depends_on_seed_and_epoch_alone(options):
    lengths = np.random.default_rng(1).integers(1, 35, 200)
    parts = lengths[:30], lengths[30:]
    first = buckets(*parts, seed=7, **options)
    orders = [order(first, epoch) for epoch in range(4)]
    assert len({str(one) for one in orders}) == 4
    assert order(first, 1) == orders[1], "an epoch can be drawn again"
    assert order(buckets(*parts, seed=7, **options), 3) == orders[3], "whatever was drawn before"
    assert order(buckets(*parts, seed=8, **options), 0) != orders[0]


def test_there_is_little_padding():
    lengths = np.random.default_rng(0).integers(1, 35, 2000)

    def padded(batches):
        return sum(len(batch) * max(lengths[batch]) for batch in batches)

    bucketed = padded(order(LengthBuckets([lengths], 16, seed=0)))
    shuffled = padded(cut(np.random.default_rng(0).permutation(2000).tolist(), 16))
    assert bucketed < 1.05 * lengths.sum() < 1.5 * lengths.sum() < shuffled


def test_equal_lengths_are_a_plain_shuffle():
    rows = flat(order(buckets([5] * 40)))
    assert rows != sorted(rows)


def part_of(row, parts):
    ends = np.cumsum([len(one) for one in parts])
    return int(np.searchsorted(ends, row, side="right"))


@given(parts_lists, st.integers(1, 9), st.floats(0, 1), st.integers(1, 4))
def test_a_batch_is_of_one_part_and_of_like_lengths(parts, batch_size, alpha, pool):
    sampler = buckets(*parts, batch_size=batch_size, alpha=alpha, pool=pool)
    batches = order(sampler)
    assert len(sampler) == len(batches)
    lengths = [length for part in parts for length in part]
    drawn = np.zeros(len(parts), dtype=int)
    for batch in batches:
        (number,) = {part_of(row, parts) for row in batch}
        drawn[number] += len(batch)
        assert [lengths[row] for row in batch] == sorted(lengths[row] for row in batch)
        assert len(batch) <= batch_size
    assert drawn.tolist() == count_draws_by_part([len(one) for one in parts], alpha)


@given(parts_lists, st.integers(1, 9))
def test_parts_as_they_are_have_each_row_once(parts, batch_size):
    batches = order(buckets(*parts, batch_size=batch_size, alpha=1.0))
    assert sorted(flat(batches)) == list(range(sum(map(len, parts))))


def test_parts_are_drawn_alike():
    """Of a small part each row comes as often as any other, give or take one."""
    parts = [1] * 10, [1] * 290
    batches = order(buckets(*parts, alpha=0.0))
    counts = np.bincount(flat(batches), minlength=300)
    assert counts[:10].sum() == counts[10:].sum() == 150
    assert counts[:10].tolist() == [15] * 10
    assert set(counts[10:].tolist()) == {0, 1}
    uneven = np.bincount(flat(order(buckets([1] * 7, [1] * 93, alpha=0.0))), minlength=100)
    assert set(uneven[:7].tolist()) == {7, 8}


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=6), st.floats(0, 1))
def test_draws_follow_the_formula(sizes, alpha):
    """q_i = p_i^α / Σ p_j^α with p_i = n_i / N (Conneau & Lample 2019); an empty part has none."""
    found = count_draws_by_part(sizes, alpha)
    total = sum(sizes)
    shares = [size / total if total else 0.0 for size in sizes]
    weights = [share**alpha if share else 0.0 for share in shares]
    for count, weight in zip(found, weights, strict=True):
        assert abs(count - (total * weight / sum(weights) if total else 0)) <= 0.5 + 1e-6
    assert abs(sum(found) - total) <= len(sizes) / 2
    assert count_draws_by_part(sizes, 1.0) == sizes


def test_draws_of_a_known_case():
    """Of 900 and 100 texts at α = ½: 3/4 and 1/4 of them all."""
    assert count_draws_by_part([900, 100], 0.5) == [750, 250]
    assert count_draws_by_part([900, 100], 0.0) == [500, 500]
    assert count_draws_by_part([], 0.5) == []


@given(parts_lists, st.integers(1, 9), st.integers(1, 4))
def test_the_processes_share_each_batch(parts, batch_size, world):
    whole = order(buckets(*parts, batch_size=batch_size))
    shared = [
        order(buckets(*parts, batch_size=batch_size, process=(rank, world)))
        for rank in range(world)
    ]
    assert all(len(one) == len(whole) for one in shared)
    for batch, *own in zip(whole, *shared, strict=True):
        assert len({len(rows) for rows in own}) == 1, "as many each"
        assert set(flat(own)) == set(batch)
        if len(batch) % world == 0:
            assert sorted(flat(own)) == sorted(batch), "and nothing twice"
        assert sum(map(len, own)) - len(batch) < world


class Letters:
    """An encoder of letters that tells in which order it was asked for its labels."""

    def __init__(self, first=1):
        self.first = first
        self.encodings = 0

    def encode(self, conversations):
        self.encodings += 1
        return Ragged.from_sequences(
            [
                [ord(letter) - ord("a") + self.first for letter in turns[0]]
                for turns in conversations
            ]
        )

    def batch(self, encoded, rows, order=None):
        ids, mask = encoded.padded(rows)
        shown = np.array([-1] if order is None else order, dtype=np.int64)
        return {"input_ids": ids, "attention_mask": mask, "shown": shown}


def part(texts, labels, names="joy, fear, anger", first=1):
    taxonomy = Taxonomy.load(names)
    ids = [str(number) for number in range(len(texts))]
    corpus = Corpus.from_rows("mine", taxonomy, ids, [[text] for text in texts], labels)
    return Part(corpus, Letters(first))


@pytest.fixture
def dataset():
    return EncodedDataset([part(["cde", "f", "gh"], np.eye(3))])


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
    loader = DataLoader(dataset, batch_size=2, collate_fn=collate_whole)
    assert [batch["rows"].tolist() for batch in loader] == [[0, 1], [2]]
    assert [batch["input_ids"].shape[1] for batch in loader] == [3, 2]


def test_texts_are_encoded_once(dataset):
    for _ in range(3):
        dataset.__getitems__([0, 1])
    assert dataset.parts[0].encoder.encodings == 1


def test_parts_lie_end_to_end():
    """A batch has the labels and the encoder of its part; rows count over all parts."""
    first = part(["cde", "f"], np.eye(3)[:2])
    empty = part([], np.zeros((0, 3)))
    last = part(["a", "bb"], [[1, 1], [0, 1]], "pride, awe", first=101)
    dataset = EncodedDataset([first, empty, last])
    assert len(dataset) == 4
    assert dataset.starts.tolist() == [0, 2, 2, 4]
    one, other = dataset.__getitems__([1, 0]), dataset.__getitems__([3, 2])
    assert (int(one["part"]), int(other["part"])) == (0, 2)
    assert one["labels"].tolist() == [[0, 1, 0], [1, 0, 0]]
    assert other["labels"].tolist() == [[0, 1], [1, 1]]
    assert other["rows"].tolist() == [3, 2]
    assert other["input_ids"].tolist() == [[102, 102], [101, 0]]
    assert "columns" not in one
    assert one["shown"].tolist() == [-1], "no order of its own"


def test_every_batch_of_an_epoch_is_of_one_part():
    parts = [
        part(["a", "bb", "c"] * 5, [[1, 0, 0]] * 15),
        part(["d"] * 7, [[1, 0]] * 7, "awe, pride"),
    ]
    dataset = EncodedDataset(parts)
    sampler = LengthBuckets([one.encoded.lengths for one in parts], 4, seed=0)
    seen = []
    for batch in EpochLoader(dataset, sampler):
        assert batch["labels"].shape[1] == (3, 2)[int(batch["part"])]
        seen += batch["rows"].tolist()
    assert sorted(seen) == list(range(22))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(0, 200), st.integers(0, 9))
def test_oversampling_draws_each_label_and_each_of_its_rows_alike(strata, count, seed):
    strata = np.array(strata)
    drawn = draw_balanced(strata, count, np.random.default_rng(seed))
    assert len(drawn) == count
    kinds = np.unique(strata)
    assert np.ptp([(strata[drawn] == kind).sum() for kind in kinds]) <= 1
    for kind in kinds:
        times = np.bincount(drawn, minlength=len(strata))[strata == kind]
        assert np.ptp(times) <= 1


def test_an_oversampled_epoch_depends_on_seed_and_epoch_alone():
    def epochs(numbers):
        buckets = LengthBuckets([np.arange(1, 13)], 4, seed=1)
        buckets.strata = [np.array([0] * 9 + [1] * 2 + [2])]
        found = []
        for number in numbers:
            buckets.set_epoch(number)
            found.append(list(buckets))
        return found

    first, second, again = epochs([0, 1, 0])
    assert first == again != second
    assert epochs([1]) == [second]
    rows = [row for batch in first for row in batch]
    assert len(rows) == 12
    assert rows.count(11) == 4
