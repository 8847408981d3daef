"""Texts in their frame: padding, turns, truncation, what does not fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.encoding.batching import Ragged
from emoscope.encoding.prompt import LEAST_ROOM, Frame, encode_turns
from emoscope.encoding.tokens import TextTokenizer
from emoscope.errors import InputError
from emoscope.text import TextPipeline
from tests.tiny import KINDS, SENTENCES, text_tokenizer

NOTHING = TextPipeline(())
ids = st.lists(st.integers(5, 99), max_size=6)
conversations = st.lists(
    st.lists(st.sampled_from([*SENTENCES, "", "ok 😂"]), min_size=1, max_size=3),
    min_size=1,
    max_size=5,
)
kinds = pytest.mark.parametrize("kind", KINDS)


@settings(deadline=None)
@given(before=ids, after=ids, texts=st.lists(ids, min_size=1, max_size=6), data=st.data())
def test_wrapping_equals_a_loop(before, after, texts, data):
    pad = 3
    frame = Frame(before, after, [0] * len(before), [2] * len(after), 1, pad)
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=8))
    arrays = frame.wrap(Ragged.from_sequences(texts), np.array(rows))
    width = len(frame) + max(len(texts[row]) for row in rows)
    for place, row in enumerate(rows):
        whole = [*before, *texts[row], *after]
        types = [0] * len(before) + [1] * len(texts[row]) + [2] * len(after)
        blank = width - len(whole)
        assert arrays["input_ids"][place].tolist() == whole + [pad] * blank
        assert arrays["token_type_ids"][place].tolist() == types + [0] * blank
        assert arrays["attention_mask"][place].tolist() == [True] * len(whole) + [False] * blank


@kinds
def test_a_frame_is_all_but_the_text(kind):
    tokenizer = text_tokenizer(kind)
    for sequence in (0, 1):
        encoding = tokenizer.pair("anger or joy", "such a day")
        frame = Frame.around(encoding, sequence, tokenizer.special_id("pad"))
        (inside,) = tokenizer.ids([("anger or joy", "such a day")[sequence]])
        arrays = frame.wrap(Ragged.from_sequences([inside]), np.array([0]))
        assert arrays["input_ids"][0].tolist() == encoding.ids
        assert arrays["token_type_ids"][0].tolist() == encoding.type_ids
        assert len(frame) == len(encoding.ids) - len(inside)


def test_a_text_needs_room():
    frame = Frame([1] * 10, [2] * 2, [0] * 10, [0] * 2, 0, 0)
    assert frame.room(12 + LEAST_ROOM) == LEAST_ROOM
    with pytest.raises(InputError, match=f"take 12 of the {11 + LEAST_ROOM} tokens"):
        frame.room(11 + LEAST_ROOM)


@kinds
@pytest.mark.parametrize("prefix", ["", " "])
@pytest.mark.parametrize("truncation", ["start", "end"])
@settings(deadline=None, max_examples=12)
@given(texts=conversations, length=st.integers(1, 40))
def test_turns_are_parted_by_the_separator(kind, prefix, truncation, texts, length):
    tokenizer = text_tokenizer(kind)
    found = encode_turns(NOTHING, tokenizer, texts, prefix).cut(length, truncation)
    for place, turns in enumerate(texts):
        whole: list[int] = []
        for turn in turns:
            whole += tokenizer.ids([prefix + turn])[0] + [tokenizer.special_id("sep")]
        whole.pop()
        kept = whole[:length] if truncation == "end" else whole[max(len(whole) - length, 0) :]
        assert found.values[found.offsets[place] : found.offsets[place + 1]].tolist() == kept


def test_turns_are_cleaned_first():
    tokenizer = text_tokenizer("roberta")
    shout = TextPipeline.from_config(["lower"])
    (found,) = encode_turns(shout, tokenizer, [["SUCH a DAY"]]).padded(np.array([0]))[0]
    assert found.tolist() == tokenizer.ids(["such a day"])[0]


def test_a_tokenizer_without_separator_reads_single_turns():
    inner = text_tokenizer("bert")
    tokenizer = TextTokenizer(inner.tokenizer, {"pad": "[PAD]"}, 64)
    found = encode_turns(NOTHING, tokenizer, [["such a day"]])
    assert found.values.tolist() == inner.ids(["such a day"])[0]
    with pytest.raises(InputError, match="no sep token"):
        encode_turns(NOTHING, tokenizer, [["one"], ["such", "a day"]])
