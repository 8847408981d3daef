"""Flat storage and padding against lists."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emoscope.encoding.batching import Ragged, batch_by_length

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
    batches = batch_by_length(np.array(lengths, dtype=np.int64), size)
    assert sorted(np.concatenate(batches).tolist() if batches else []) == list(range(len(lengths)))
    assert all(len(batch) <= size for batch in batches)
    longest = [max(lengths[row] for row in batch) for batch in batches]
    shortest = [min(lengths[row] for row in batch) for batch in batches]
    assert all(a >= b for a, b in zip(shortest, longest[1:], strict=False))


@given(sequences, st.integers(1, 9), st.sampled_from(["start", "end"]))
def test_cutting_equals_slices(texts, length, side):
    found = lists(Ragged.from_sequences(texts).cut(length, side))
    assert found == [text[:length] if side == "end" else text[-length:] for text in texts]


@given(sequences, st.integers(1, 6), st.data())
def test_windows_equal_a_loop(texts, length, data):
    step = data.draw(st.integers(1, length))
    windows, owners = Ragged.from_sequences(texts).windows(length, step)
    expected = []
    for number, text in enumerate(texts):
        start = 0
        while True:
            expected.append((number, text[max(min(start, len(text) - length), 0) :][:length]))
            if start + length >= len(text):
                break
            start += step
    assert list(zip(owners.tolist(), lists(windows), strict=True)) == expected


def lists(ragged: Ragged) -> list[list[int]]:
    bounds = zip(ragged.offsets, ragged.offsets[1:], strict=False)
    return [ragged.values[start:end].tolist() for start, end in bounds]
