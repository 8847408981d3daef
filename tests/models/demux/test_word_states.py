"""The states of label words that are kept: each computed once, the oldest forgotten."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emoscope.models.demux.exported_independent import WordStates


def state(word):
    return (np.array([len(word), ord(word[0])], dtype=np.float32),)


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6), max_size=12))
def test_the_states_are_right_and_bounded(requests):
    kept = WordStates(at_most=3)
    for words in requests:
        found = kept.find(words, lambda missing: [state(word) for word in missing])
        assert [row[0].tolist() for row in found] == [state(word)[0].tolist() for word in words]
        assert len(kept) <= 3


def test_only_words_that_are_not_kept_are_computed_each_once():
    kept, computed = WordStates(at_most=2), []

    def compute(words):
        computed.append(list(words))
        return [state(word) for word in words]

    kept.find(["a", "b", "a"], compute)
    kept.find(["b", "c"], compute)
    kept.find(["c", "a"], compute)
    assert computed == [["a", "b"], ["c"], ["a"]]
