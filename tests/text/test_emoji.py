"""Emoji in canonical form, found whole, in linear time."""

import pytest
from emoji import EMOJI_DATA
from hypothesis import given
from hypothesis import strategies as st

from emoscope.text.emoji import (
    contains_emoji,
    is_emoji,
    list_emoji_characters,
    space_emoji,
    to_canonical,
)


@pytest.mark.parametrize(
    ("raw", "form"),
    [("❤️", "❤"), ("❤", "❤"), ("👍🏽", "👍"), ("👩🏽‍💻", "👩‍💻"), ("1️⃣", "1⃣"), ("ok", "ok")],
)
def test_canonical(raw: str, form: str):
    assert to_canonical(raw) == form


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        *[(token, True) for token in ("😂", "❤️", "👍🏽", "🇩🇪")],
        *[(token, False) for token in ("🇦🇦", "🏽", "ab", "1", "#", "😂😂", "", "é")],
    ],
)
def test_is_emoji(token: str, expected: bool):
    assert is_emoji(token) is expected


def test_every_emoji_of_the_data_is_one_token():
    """All raw spellings, against neighbours that touch."""
    forms = [form for form in EMOJI_DATA if to_canonical(form)]
    assert len(forms) > 4_000
    for form in forms:
        assert space_emoji(f"x{form}y").split() == ["x", to_canonical(form), "y"]
        assert is_emoji(form)
        assert contains_emoji(f"x{form}y")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("plain text", ["plain", "text"]),
        ("wow😂😂", ["wow", "😂", "😂"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("❤\u200d😂\u200d", ["❤", "😂"]),
        ("👩🏽‍💻❤️‍🔥", ["👩‍💻", "❤‍🔥"]),
        ("a→b ¬", ["a→b", "¬"]),
        ("ひらがな", ["ひらがな"]),
    ],
)
def test_space_emoji(text: str, tokens: list[str]):
    assert space_emoji(text).split() == tokens


@pytest.mark.parametrize(("text", "found"), [("hi", False), ("né → ¬", False), ("né ☺", True)])
def test_contains_emoji(text: str, found: bool):
    assert contains_emoji(text) is found


_emoji = st.sampled_from(sorted(EMOJI_DATA)) | st.sampled_from("ab \u200d\ufe0f🇦é")


@given(st.lists(_emoji, max_size=8).map("".join))
def test_spacing_again_changes_nothing_and_finds_what_is_there(text: str):
    tokens = space_emoji(text).split()
    assert space_emoji(" ".join(tokens)).split() == tokens
    assert contains_emoji(text) == any(is_emoji(token) for token in tokens)


def test_emoji_characters():
    assert {"😂", "❤", "\u200d"} <= list_emoji_characters()
    assert "a" not in list_emoji_characters()
