"""Windows over long texts, with a backend whose scores are sums of token ids."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.encoding.batching import Ragged
from emoscope.inference.long_texts import MAX_WINDOWS, LongTextBackend, share_out

LENGTH = 4


class Sums:
    """Reads numbers; a text's score is the sum of those that it is shown."""

    def __init__(self, truncation="end"):
        self.encoder = self
        self.truncation = truncation
        self.length = LENGTH
        self.shown = []

    def tokens(self, conversations):
        return Ragged.from_sequences([[int(n) for n in text.split()] for (text,) in conversations])

    def logits(self, encoded):
        values = encoded.padded(np.arange(len(encoded)))[0]
        self.shown = values.tolist()
        return np.stack([values.sum(1), -values.sum(1)], axis=1).astype(np.float32)


def scored(how, texts, truncation="end"):
    backend = LongTextBackend(Sums(truncation), how)
    encoded = backend.encode([[" ".join(map(str, text))] for text in texts])
    return backend.logits(encoded), encoded


texts = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=15), min_size=1, max_size=6)


@given(texts)
def test_the_mean_and_the_maximum_of_the_windows(texts):
    """Windows of four that begin three apart; the last ends with the text."""
    mean, encoded = scored("mean", texts)
    highest, _ = scored("max", texts)
    for place, text in enumerate(texts):
        starts = [*range(0, max(len(text) - LENGTH, 0), 3), max(len(text) - LENGTH, 0)]
        sums = [sum(text[start : start + LENGTH]) for start in starts]
        assert mean[place].tolist() == pytest.approx([np.mean(sums), -np.mean(sums)])
        assert highest[place].tolist() == [max(sums), max(-one for one in sums)]
        assert encoded.long[place] == (len(text) > LENGTH)


@pytest.mark.parametrize(("truncation", "expected"), [("end", 10), ("start", 14)])
def test_cutting_loses_the_side_that_training_lost(truncation, expected):
    found, encoded = scored("truncate", [[1, 2, 3, 4, 5], [9]], truncation)
    assert found[:, 0].tolist() == [expected, 9]
    assert encoded.long.tolist() == [True, False]


def test_a_model_of_conversations_keeps_their_end():
    assert scored("auto", [[1, 2, 3, 4, 5]], "start")[0][0, 0] == 14
    assert scored("auto", [[1, 2, 3, 4, 5]], "end")[0][0, 0] == 12


def test_nothing_to_score():
    encoded = LongTextBackend(Sums()).encode([])
    assert len(encoded.owners) == len(encoded.long) == 0


def test_of_a_very_long_text_evenly_spread_windows_are_read():
    text = [1] * 1500 + [3] * 1500
    mean, encoded = scored("mean", [[5], text, [6]])
    assert np.bincount(encoded.owners).tolist() == [1, MAX_WINDOWS, 1]
    assert mean[:, 0].tolist() == pytest.approx([5, 8, 6], abs=0.05)


@given(st.lists(st.integers(0, 20), max_size=6), st.integers(2, 8))
def test_spreading_keeps_both_ends(counts, most):
    kept = share_out(np.array(counts, dtype=np.int64), most).tolist()
    start, expected = 0, 0
    for count in counts:
        inside = [one - start for one in kept if start <= one < start + count]
        assert len(inside) == min(count, most) == len(set(inside))
        assert not count or (inside[0], inside[-1]) == (0, count - 1)
        start, expected = start + count, expected + min(count, most)
    assert len(kept) == expected
