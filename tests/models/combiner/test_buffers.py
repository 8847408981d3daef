"""Stretches of characters and their hashes, beside the slow obvious way."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emoscope.models.combiner.buffers import HashTable, WordBuffer, flatten_turns, mix

TEXTS = st.lists(
    st.text("ab c😢é\ud800", max_size=12).map(lambda x: " ".join(x.split())), max_size=6
)


def said(buffer, stretches):
    return [
        (int(place), buffer.read(stretches, number))
        for number, place in enumerate(stretches.places)
    ]


@settings(max_examples=50, deadline=None)
@given(TEXTS)
@example(["three words here"])
def test_words_and_their_runs(texts):
    buffer = WordBuffer.of(texts)
    for length in (1, 2, 3, 5):
        expected = [
            (place, " ".join(words[at : at + length]))
            for place, words in enumerate(text.split() for text in texts)
            for at in range(len(words) - length + 1)
        ]
        assert said(buffer, buffer.word_runs(length)) == expected


@settings(max_examples=50, deadline=None)
@given(TEXTS)
def test_runs_of_characters_stay_inside_words(texts):
    buffer = WordBuffer.of(texts)
    for length in (2, 3, 5):
        expected = sorted(
            (place, padded[at : at + length])
            for place, text in enumerate(texts)
            for padded in (f" {word} " for word in text.split())
            for at in range(len(padded) - length + 1)
        )
        assert sorted(said(buffer, buffer.character_runs(length))) == expected


@settings(max_examples=50, deadline=None)
@given(TEXTS)
def test_equal_stretches_have_equal_hashes_and_others_have_not(texts):
    buffer = WordBuffer.of(texts)
    words = buffer.words
    by_hash: dict[int, set[str]] = {}
    for number, hash_ in enumerate(words.hashes.tolist()):
        by_hash.setdefault(hash_, set()).add(buffer.read(words, number))
    assert all(len(each) == 1 for each in by_hash.values())
    assert len(by_hash) == len({word for text in texts for word in text.split()})


def test_a_hash_does_not_depend_on_what_stands_before():
    alone, behind = WordBuffer.of(["sad"]), WordBuffer.of(["so very " * 50, "sad"])
    assert alone.words.hashes[0] == behind.words.hashes[-1]


def test_emoji_are_told_apart():
    buffer = WordBuffer.of(["sad 😢 ❤ ok!"])
    assert buffer.words.emoji.tolist() == [False, True, True, False]


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 2**64 - 1), max_size=50), st.lists(st.integers(0, 2**64 - 1)))
def test_a_table_finds_what_it_has(known, others):
    hashes = np.array(sorted(known), dtype=np.uint64)
    table = HashTable(hashes)
    assert table.find(hashes).tolist() == list(range(len(hashes)))
    wanted = np.array(others, dtype=np.uint64)
    rows = {value: row for row, value in enumerate(sorted(known))}
    assert table.find(wanted).tolist() == [rows.get(value, -1) for value in others]


def test_a_table_finds_hashes_that_share_a_slot():
    hashes = np.arange(40, dtype=np.uint64) << np.uint64(40)
    assert HashTable(hashes).find(hashes).tolist() == list(range(40))


def test_a_salt_makes_hashes_differ():
    one = np.arange(5, dtype=np.uint64)
    assert not set(mix(one, 1).tolist()) & set(mix(one, 2).tolist())


def test_the_last_turn_comes_first_and_none_is_lost():
    assert flatten_turns([["a", "b", "c", "d"], ["e"], []], 3) == [
        *("d", "c", "a b"),
        *("e", "", ""),
        *("", "", ""),
    ]
    assert flatten_turns([["a", "b"]], 1) == ["a b"]
