"""Which labels a batch shows, in what order, and that gold follows them."""

import numpy as np
import pytest
from accelerate import skip_first_batches
from hypothesis import given
from hypothesis import strategies as st

from emoscope.training.data import (
    Augmentation,
    EncodedDataset,
    EpochLoader,
    LengthBuckets,
)
from tests.training.test_data import cut, flat, part


@given(st.integers(1, 30), st.booleans(), st.floats(0, 0.99), st.integers(0, 99))
def test_labels_shown(count, shuffle, drop, seed):
    rng = np.random.default_rng(seed)
    shown = Augmentation(shuffle, drop).order(count, rng).tolist()
    rng = np.random.default_rng(seed)
    rng.permutation(count)
    dropped = drop * max(0, rng.uniform(-1, 1))
    assert len(set(shown)) == len(shown) == max(1, round(count * (1 - dropped)))
    assert len(shown) >= max(1, round(count * (1 - drop)))
    assert set(shown) <= set(range(count))
    assert shuffle or shown == sorted(shown)


def test_half_of_the_batches_show_all_labels_and_the_others_any_share():
    rng = np.random.default_rng(0)
    shown = np.array([len(Augmentation(drop=0.9).order(1000, rng)) for _ in range(2000)])
    assert (shown == 1000).mean() == pytest.approx(1 / 2, abs=0.03)
    fewer = shown[shown < 1000]
    assert fewer.min() < 120
    assert fewer.mean() == pytest.approx(550, abs=20)
    assert (fewer < 325).mean() == pytest.approx(1 / 4, abs=0.03)


NAMES = "a, b, c, d, e, f, g, h"
GOLD = np.random.default_rng(0).integers(0, 2, (40, 8))


def augmented(**options):
    return EncodedDataset([part(["ab"] * 40, GOLD, NAMES)], Augmentation(**options))


def test_shuffled_labels_keep_their_targets():
    """They are shown in another order, and scored in the taxonomy's."""
    dataset = augmented(shuffle=True)
    orders = []
    for rows in cut(list(range(40)), 8):
        batch = dataset.__getitems__(rows)
        assert np.array_equal(batch["labels"], GOLD[rows])
        assert "columns" not in batch
        orders.append(tuple(batch["shown"].tolist()))
        assert sorted(orders[-1]) == list(range(8))
    assert len(set(orders)) == len(orders)


@pytest.mark.parametrize("shuffle", [True, False])
def test_dropped_labels_have_no_targets(shuffle):
    dataset = augmented(shuffle=shuffle, drop=0.9)
    seen = set()
    for rows in cut(list(range(40)), 8):
        batch = dataset.__getitems__(rows)
        shown = batch["shown"].tolist()
        columns = batch["columns"].tolist() if "columns" in batch else list(range(8))
        assert columns == sorted(shown)
        assert 1 <= len(columns) <= 8
        assert np.array_equal(batch["labels"], GOLD[rows][:, columns])
        assert shuffle or shown == columns
        seen.add(tuple(columns))
    assert len(seen) > 1


@pytest.mark.parametrize(
    "options", [{"shuffle": True}, {"drop": 0.9}, {"shuffle": True, "drop": 0.9}]
)
def test_all_processes_show_the_same_labels(options):
    """The labels of a batch are those of one process alone, whichever of its rows one has."""

    def epoch(rank, world):
        dataset = augmented(**options)
        lengths = [dataset.parts[0].encoded.lengths]
        loader = EpochLoader(dataset, LengthBuckets(lengths, 4, seed=0, process=(rank, world)))
        loader.set_epoch(1)
        return [(batch["shown"].tolist(), batch["rows"].tolist()) for batch in loader]

    alone, first, second = epoch(0, 1), epoch(0, 2), epoch(1, 2)
    assert len({str(shown) for shown, _ in alone}) > 1
    for one, *both in zip(alone, first, second, strict=True):
        assert [shown for shown, _ in both] == [one[0]] * 2
        assert sorted(flat(rows for _, rows in both)) == sorted(one[1])


def test_batches_that_a_resumed_training_passes_over_count():
    dataset = augmented(shuffle=True, drop=0.3)
    loader = EpochLoader(dataset, LengthBuckets([dataset.parts[0].encoded.lengths], 8, seed=0))
    shown = [batch["shown"].tolist() for batch in loader]
    later = skip_first_batches(loader, 2)
    assert [batch["shown"].tolist() for batch in later] == shown[2:]


def test_the_augmentation_changes_with_the_epoch_and_comes_again():
    dataset = augmented(shuffle=True, drop=0.3)
    sampler = LengthBuckets([dataset.parts[0].encoded.lengths], 8, seed=0)
    loader = EpochLoader(dataset, sampler)

    def epoch(number):
        loader.set_epoch(number)
        return [(batch["rows"].tolist(), batch["shown"].tolist()) for batch in loader]

    first, second = epoch(0), epoch(1)
    assert epoch(0) == first
    loader.set_epoch(0)
    rows = list(range(8))
    shown = dataset.__getitems__(rows)["shown"].tolist()
    loader.set_epoch(1)
    assert dataset.__getitems__(rows)["shown"].tolist() != shown, "of the same rows"
    assert {str(one) for _, one in first} != {str(one) for _, one in second}


def test_each_run_has_an_augmentation_of_its_own():
    """Runs of several seeds share one data set."""
    dataset = augmented(shuffle=True)
    rows = list(range(8))

    def show(seed):
        EpochLoader(dataset, LengthBuckets([dataset.parts[0].encoded.lengths], 8, seed=seed))
        return dataset.__getitems__(rows)["shown"].tolist()

    assert show(0) == show(0)
    assert len({str(show(seed)) for seed in range(5)}) > 1
