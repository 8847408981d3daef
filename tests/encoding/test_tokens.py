"""The tokenizer of an encoder: what transformers makes of ordinary text, and no special token."""

import pickle
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from emoscope.encoding.tokens import TextTokenizer
from emoscope.errors import InputError
from tests.tiny import KINDS, SENTENCES, WINDOW, fast_tokenizer, text_tokenizer

SPELLED = ("[SEP]", "[MASK]", "[CLS]", "[PAD]", "<s>", "</s>", "<pad>", "<mask>")
kinds = pytest.mark.parametrize("kind", KINDS)
texts = st.one_of(st.text(max_size=40), st.sampled_from(SENTENCES))


def ordinary(text: str) -> bool:
    """Whether a text spells no special token, however it is normalised."""
    return not set("[<") & set(unicodedata.normalize("NFKC", text))


@kinds
@settings(deadline=None, max_examples=50)
@given(first=texts.filter(ordinary), second=texts.filter(ordinary))
def test_ids_equal_those_of_transformers(kind, first, second):
    expected, found = fast_tokenizer(kind), text_tokenizer(kind)
    plain = [expected(text, add_special_tokens=False)["input_ids"] for text in (first, second)]
    assert found.ids([first, second]) == plain
    # An empty second text is no second text to transformers.
    pair = expected(first, second or " ")
    assert found.pair(first, second or " ").ids == pair["input_ids"]
    assert found.single(first).ids == expected(first)["input_ids"]
    if kind == "bert":
        assert found.pair(first, second or " ").type_ids == pair["token_type_ids"]


@kinds
@pytest.mark.parametrize("text", [*SPELLED, "a<s>b </s></s>x [SEP][MASK]", "＜s＞ ＜/s＞ ［SEP］"])
def test_a_spelled_special_token_is_text(kind, text):
    expected, found = fast_tokenizer(kind), text_tokenizer(kind)
    special = {expected.convert_tokens_to_ids(token) for token in SPELLED} - {expected.unk_token_id}
    (ids,) = found.ids([text])
    assert ids
    assert not special & set(ids)
    again = pickle.loads(pickle.dumps(found))
    assert again.ids([text, *SENTENCES]) == found.ids([text, *SENTENCES])


@pytest.mark.parametrize("text", SPELLED)
def test_a_spelled_special_token_keeps_its_letters(text):
    """Where the vocabulary has none of it, it is what its letters are."""
    for kind in ("bert", "distilbert"):
        found = text_tokenizer(kind)
        apart = " ".join([text[0], text[1:-1].replace("/", "/ "), text[-1]])
        assert found.ids([text]) == found.ids([apart])
    found = text_tokenizer("roberta")
    assert found.tokenizer.decode(found.ids([text])[0], skip_special_tokens=False) == text


@kinds
def test_special_tokens_are_known_by_role(kind):
    expected, found = fast_tokenizer(kind), text_tokenizer(kind)
    for role in ("pad", "sep", "mask", "unk"):
        assert found.special_id(role) == getattr(expected, f"{role}_token_id")


def test_a_role_without_token_is_said():
    tokenizer = text_tokenizer("bert")
    bare = TextTokenizer(tokenizer.tokenizer, {"pad": "[PAD]", "mask": "[NONE]"}, WINDOW)
    with pytest.raises(InputError, match="no sep token"):
        bare.special_id("sep")
    with pytest.raises(InputError, match=r"no mask token, found '\[NONE\]'"):
        bare.special_id("mask")


def test_truncation_and_padding_of_the_file_are_left_out():
    inner = Tokenizer.from_str(text_tokenizer("bert").tokenizer.to_str())
    inner.enable_truncation(3)
    inner.enable_padding(length=50)
    found = TextTokenizer(inner, {"pad": "[PAD]"}, WINDOW)
    assert found.ids(SENTENCES) == text_tokenizer("bert").ids(SENTENCES)


@kinds
def test_save_and_load(kind, tmp_path):
    tokenizer = text_tokenizer(kind, window=77)
    tokenizer.save(tmp_path)
    loaded = TextTokenizer.load(tmp_path, tokenizer.to_config())
    assert (loaded.window, loaded.special) == (77, tokenizer.special)
    assert loaded.ids([*SENTENCES, *SPELLED]) == tokenizer.ids([*SENTENCES, *SPELLED])


def test_files_that_are_missing_or_damaged(tmp_path):
    config = text_tokenizer("bert").to_config()
    with pytest.raises(InputError, match=r"tokenizer\.json is missing"):
        TextTokenizer.load(tmp_path, config)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match=r"tokenizer\.json is no tokenizer"):
        TextTokenizer.load(tmp_path, config)


@pytest.mark.parametrize("wrong", [{"window": None}, {"window": 7}, {"special": ["[PAD]"]}])
def test_a_description_that_was_edited(tmp_path, wrong):
    tokenizer = text_tokenizer("bert")
    tokenizer.save(tmp_path)
    with pytest.raises(InputError, match="special tokens by name and a window"):
        TextTokenizer.load(tmp_path, tokenizer.to_config() | wrong)


def test_nothing_known_is_nothing():
    """Without an unknown token, what a vocabulary lacks vanishes; nothing crashes."""
    empty = TextTokenizer(Tokenizer(models.BPE()), {}, WINDOW)
    assert empty.ids(["anything", ""]) == [[], []]
