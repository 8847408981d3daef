"""Flat storage and padding against lists."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emoscope.encoding.batching import Ragged, by_length

sequences = st.lists(st.lists(st.integers(1, 1000), max_size=8), min_size=1, max_size=20)


@given(sequences, st.data())
def test_padding_equals_a_loop(texts, data):
    ragged = Ragged.from_sequences(texts)
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=10))
    values, mask = ragged.padded(np.array(rows))
    width = max(len(texts[row]) for row in rows)
    assert values.tolist() == [texts[row] + [0] * (width - len(texts[row])) for row in rows]
    assert mask.sum(1).tolist() == [len(texts[row]) for row in rows]
    assert ragged.lengths.tolist() == [len(text) for text in texts]
    assert len(ragged) == len(texts)


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 9))
def test_buckets_hold_each_row_once_and_waste_little(lengths, size):
    batches = by_length(np.array(lengths, dtype=np.int64), size)
    assert sorted(np.concatenate(batches).tolist() if batches else []) == list(range(len(lengths)))
    assert all(len(batch) <= size for batch in batches)
    longest = [max(lengths[row] for row in batch) for batch in batches]
    shortest = [min(lengths[row] for row in batch) for batch in batches]
    assert all(a >= b for a, b in zip(shortest, longest[1:], strict=False))
