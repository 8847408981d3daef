"""Which texts are taken for another language: by their letters, then by their words."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.text import language
from emoscope.text.language import Language, is_read, load_english_words, name_languages

ENGLISH = [
    "I lost my keys again and I could cry",
    "omg im sooo happy rn lol",
    "@<username> @ana thx for the ride, ur the best!!! https://t.co/Ab1 #roadtrip #bff",
    "It’s what we’ve always wanted, isn’t it?",
    "the café of Zoë and José is open until late",
    "𝓢𝓸 𝓱𝓪𝓹𝓹𝔂 𝓯𝓸𝓻 𝔂𝓸𝓾 𝓫𝓸𝓽𝓱",
    "what is this even ¯\\_(ツ)_/¯ ಠ_ಠ",
    "they play Борис tonight and I am so excited",
    "one two three kurwa mać",
]
OTHERS = [
    "Je suis très heureux aujourd'hui",
    "Estoy muy triste porque no vienes a la fiesta",
    "Die Kinder in der Schule waren so nett",
    "Ik was al in de stad en zo is het",
    "Ina son ki sosai, ki yi hakuri",
    "@<username> nimefurahi sana leo https://t.co/Ab1 kweli kabisa rafiki",
    "Nie wiem, co mam teraz robić",
    "one two kurwa mać nie wiem",
    # Shorter than five words, in another script.
    "我今天很伤心",
    "أنا غاضب",
    "मैं बहुत खुश हूँ",
    "Ужасно",
    "#天气真好 https://example.org/a-long-path-of-latin-letters",
]
UNTOLD = [
    "",
    "Ich hasse dich",
    "so happy for you",
    "12345 !!! 67 89 10 11",
    "😂 😂 😂 😂 😂 :) :(",
    "¯\\_(ツ)_/¯",
    "ಠ_ಠ",
    "@ana @ben @cem @dan @eva https://example.org/what/is/this/about",
    "#un #deux #trois #quatre #cinq",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, True) for text in ENGLISH),
        *((text, False) for text in OTHERS),
        *((text, None) for text in UNTOLD),
    ],
)
def test_english_is_told_from_others(text, expected):
    assert is_read(text, ["en"]) is expected


def test_where_it_is_not_known_what_a_model_reads_nothing_is_said():
    for languages in ([], ["de"], ["en", "de"], ["English"]):
        assert is_read(OTHERS[0], languages) is None


def test_another_language_can_be_added(monkeypatch):
    words = frozenset(["я", "не", "знаю", "что", "это"])
    russian = Language("Russian", re.compile("[А-яЁё]+"), lambda: words)
    monkeypatch.setitem(language.LANGUAGES, "ru", russian)
    text = "Я не знаю, что делать"
    assert [is_read(text, codes) for codes in (["en"], ["ru"], ["ru", "en"])] == [False, True, True]
    assert is_read(OTHERS[0], ["en", "ru"]) is False
    assert is_read("Ужасно", ["en", "ru"]) is None, "of one it cannot be told"
    assert name_languages(["en", "ru"]) == "English or Russian"


def test_short_words_are_english_only_where_they_are_common():
    words = load_english_words()
    assert {"the", "i", "lol", "feathers", "dont"} <= words
    assert not {"de", "que", "und", "wa"} & words


LETTERS = st.characters(categories=["L", "M", "Nd", "Zs", "Po"])


@given(st.text(LETTERS), st.sampled_from([["en"], ["xx"], []]))
def test_any_text_has_an_answer_and_addresses_do_not_change_it(text, languages):
    answer = is_read(text, languages)
    assert answer in (True, False, None)
    assert is_read(f"@<username> {text} https://example.org/a_b", languages) is answer


@given(st.lists(st.sampled_from(["i", "love", "kurwa", "wiem"]), min_size=5, max_size=12))
def test_six_in_ten_words_must_be_known(words):
    known = sum(word in ("i", "love") for word in words)
    assert is_read(" ".join(words), ["en"]) is (10 * known >= 6 * len(words))


def test_a_long_run_of_accents_takes_linear_time():
    # In one piece it takes twenty seconds.
    started = time.monotonic()
    is_read("a" + "\u0300\u0301\u0327\u0323" * 15_000, ["en"])
    assert time.monotonic() - started < 5


@given(st.lists(st.sampled_from(["cafe\u0301", "ﬁne", "é", "so", "ünïted"]), max_size=200))
def test_words_are_the_same_in_pieces(words):
    text = " ".join(words)
    assert language._normalise(text) == unicodedata.normalize("NFKC", text)
