"""The packaged tables: sorted, unique, and stable under a second pass."""

from importlib import resources

import pytest

from emoscope.text.emoji import is_emoji
from emoscope.text.tables import load_table, load_word_ranks

NAMES = ["abbreviations", "contractions", "emoticons"]


def _lines(name: str) -> list[str]:
    file = resources.files("emoscope.text").joinpath("data", name)
    return file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_sorted_unique_and_versioned(name: str):
    lines = _lines(f"{name}.tsv")
    assert lines[0].startswith("# version: ")
    entries = [line.split("\t") for line in lines if not line.startswith("# ")]
    assert all(len(entry) == 2 and all(entry) for entry in entries)
    forms = [form for form, _ in entries]
    assert forms == sorted(set(forms))
    assert all(form.lower() == form and form.split() == [form] for form in forms)
    assert load_table(name) == dict(entries)


def test_expansions_are_final():
    """No word of an expansion is a form of either table, so a second pass changes nothing."""
    forms = {**load_table("abbreviations"), **load_table("contractions")}
    assert not [f for f, words in forms.items() if any(word in forms for word in words.split())]
    assert not load_table("abbreviations").keys() & load_table("contractions").keys()


def test_tables_are_large_enough():
    assert len(load_table("abbreviations")) >= 400
    assert len(load_table("contractions")) >= 100
    assert len(load_table("emoticons")) >= 60


def test_emoticons_stand_for_emoji_in_canonical_form():
    for form, emoji in load_table("emoticons").items():
        assert is_emoji(emoji), form
        assert "\ufe0f" not in emoji


@pytest.mark.parametrize(
    "word", ["were", "well", "hell", "its", "shell", "wed", "id", "ill", "lets"]
)
def test_real_words_are_no_contractions(word: str):
    assert word not in load_table("contractions")
    assert word not in load_table("abbreviations")


def test_words():
    ranks = load_word_ranks()
    assert len(ranks) == 25_000
    assert list(ranks)[:3] == ["the", "of", "to"]
    assert all(word.isascii() and word.isalpha() and word.islower() for word in ranks)
    assert ranks["good"] < ranks["god"]
