"""The words of a text as it was written, and what is left without some of them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.explain.spans import find_words, group_words, keep_words

PIECES = st.sampled_from(
    [
        " ",
        "\n ",
        "a",
        "b!",
        ":(",
        "😂",
        "❤️",
        "👨‍👩‍👧",
        "👍🏽",
        "🇫🇷",
        "🇩",
        "\u200d",
        "\ufe0f",
        "我",
        "か",
        "سعيد",
        "é",
    ]
)
TURNS = st.lists(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=20), max_size=4)


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ("I  lost\nmy phone :(", ["I", "lost", "my", "phone", ":("]),
        ("phone😭😭!!! ok", ["phone", "😭", "😭", "!!!", "ok"]),
        ("❤️❤️ 👨‍👩‍👧👍🏽 🇫🇷🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿", ["❤️", "❤️", "👨‍👩‍👧", "👍🏽", "🇫🇷", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]),
        ("أنا سعيد جدا", ["أنا", "سعيد", "جدا"]),
        ("我很happy。ok", ["我", "很", "happy。ok"]),
        ("don't e-mail 1️⃣ me@home.org", ["don't", "e-mail", "1️⃣", "me@home.org"]),
        (" \t\n", []),
    ],
)
def test_words(turn, expected):
    assert [word.text for word in find_words([turn])] == expected


@given(TURNS)
def test_words_are_the_text_but_for_its_spaces(turns):
    found = find_words(turns)
    for word in found:
        assert turns[word.turn][word.start : word.end] == word.text
    for place, turn in enumerate(turns):
        inside = [word for word in found if word.turn == place]
        assert "".join(word.text for word in inside) == "".join(turn.split())
        edges = [edge for word in inside for edge in (word.start, word.end)]
        assert edges == sorted(edges)


@given(TURNS, st.integers(4, 9))
def test_groups_hold_all_words_and_cross_no_turn(turns, at_most):
    found = group_words(turns, at_most)
    assert len(found) <= at_most
    for span in found:
        assert turns[span.turn][span.start : span.end] == span.text
    inside = [(one.turn, "".join(one.text.split())) for one in found]
    for place, turn in enumerate(turns):
        assert "".join(text for at, text in inside if at == place) == "".join(turn.split())
    if len(find_words(turns)) <= at_most:
        assert found == find_words(turns)


def test_groups_are_as_small_as_can_be():
    spans = group_words(["a b c d e", "f"], 4)
    assert [span.text for span in spans] == ["a b", "c d", "e", "f"]


def test_more_turns_than_spans_are_refused():
    with pytest.raises(InputError, match="at most 3 turns with words in them, got 4"):
        group_words(["a", " ", "b", "c", "d"], 3)


@given(TURNS, st.data())
def test_what_is_kept_are_the_words_kept(turns, data):
    spans = find_words(turns)
    kept = data.draw(st.lists(st.booleans(), min_size=len(spans), max_size=len(spans)))
    left = keep_words(turns, spans, kept)
    assert len(left) == len(turns)
    expected = [(span.turn, span.text) for span, stays in zip(spans, kept, strict=True) if stays]
    assert [(word.turn, word.text) for word in find_words(left)] == expected
    for place, turn in enumerate(turns):
        stays = [one for span, one in zip(spans, kept, strict=True) if span.turn == place]
        if all(stays):
            assert left[place] == turn
        elif not any(stays):
            assert left[place] == ""


@pytest.mark.parametrize(
    ("turn", "gone", "left"),
    [
        ("I lost my phone", "lost", "I my phone"),
        ("I lost my phone", "I", "lost my phone"),
        ("I lost my phone\n", "phone", "I lost my"),
        ("a😂b🎉", "😂", "a b🎉"),
        ("so 😂\n  b", "😂", "so\n  b"),
        ("我很开心", "很", "我开心"),
    ],
)
def test_a_word_goes_with_the_space_before_it(turn, gone, left):
    spans = find_words([turn])
    assert keep_words([turn], spans, [span.text != gone for span in spans]) == [left]


@pytest.mark.parametrize("turn", ["👨\u200d" * 50_000, "🇫" * 100_000, "x" * 100_000, "a " * 50_000])
def test_time_is_linear(turn):
    before = time.perf_counter()
    find_words([turn])
    assert time.perf_counter() - before < 2
