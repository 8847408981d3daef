"""Hashtags and names of subreddits as words, and the split against the slow obvious one."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.text import TextPipeline
from emoscope.text.hashtags import (
    _UNKNOWN_LETTER,
    _compute_costs,
    _is_known,
    segment_words,
    split_name,
)
from emoscope.text.pipeline import StepSpec
from emoscope.text.tables import load_table

HASHTAGS = TextPipeline(["hashtags"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#ThisIsGreat day", "This Is Great day"),
        ("so #blessed!", "so blessed!"),
        ("#bestdayever #iloveyou", "best day ever i love you"),
        ("#BLACKLIVESMATTER", "BLACK LIVES MATTER"),
        ("#mentalhealthawareness", "mental health awareness"),
        ("#sorrynotsorry #imsosad", "sorry not sorry im so sad"),
        ("#feelingGood #Loveu", "feeling Good Love u"),
        ("#new_day #_so_happy_", "new day so happy"),
        ("#covid19 #Top10Songs #2020vision", "covid 19 Top 10 Songs 2020 vision"),
        ("#4thofjuly #21stCentury #90s #100things", "4th of july 21st Century 90s 100 things"),
        ("#WTFMoment #NFLDraft #DMs #OMG", "WTF Moment NFL Draft DMs OMG"),
        ("#iPhone #iLoveYou", "iPhone i Love You"),
        ("#gr8 #2day", "gr8 2day"),
        ("#covfefe #instagram #beyonce #ootd", "covfefe instagram beyonce ootd"),
        ("#nowhere #together #heartbroken", "nowhere together heartbroken"),
        ("we are #1, #2020", "we are #1, #2020"),
        ("#love#peace ##joy", "love peace joy"),
        ("#happy😂 (#sad)", "happy😂 (sad)"),
        ("C# a#b # ## #_ &#39; site/#top", "C# a#b # ## #_ &#39; site/#top"),
        ("#ÉtéIndien #Straße", "Été Indien Straße"),
        ("#أنا_سعيد #हिन्दी_दिवस", "أنا سعيد हिन्दी दिवस"),
        ("", ""),
    ],
)
def test_hashtags(text: str, expected: str):
    assert HASHTAGS([text]) == [expected]
    assert HASHTAGS([expected]) == [expected]


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        ({"segment": False}, "#iloveyou #FelizDía #4th", "iloveyou Feliz Día 4th"),
        ({"keep_sign": True}, "#iloveyou #NewDay #1", "#i love you #New Day #1"),
        ({"keep_sign": True, "segment": False}, "#iloveyou #a#b", "#iloveyou #a #b"),
    ],
)
def test_options_of_hashtags(options: dict, text: str, expected: str):
    assert TextPipeline([StepSpec("hashtags", options)])([text]) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/r/MadeMeSmile, r/aww", "Made Me Smile, aww"),
        ("seen on r/mademesmile.", "seen on made me smile."),
        ("r/Ask_Reddit r/4chan", "Ask Reddit 4 chan"),
        ("and/or/else her/him 10 m/s r/", "and/or/else her/him 10 m/s r/"),
        ("r/__ site.example/r/aww", "__ site.example/r/aww"),
    ],
)
def test_subreddits(text: str, expected: str):
    assert TextPipeline(["subreddits"])([text]) == [expected]


def test_options_of_subreddits():
    kept = TextPipeline([StepSpec("subreddits", {"keep_sign": True})])
    assert kept(["/r/mademesmile"]) == ["r/made me smile"]
    whole = TextPipeline([StepSpec("subreddits", {"segment": False})])
    assert whole(["/r/mademesmile"]) == ["mademesmile"]


def slow_segmented(text: str) -> list[str]:
    """Every way to cut, the cheapest of those whose parts are all words."""
    if len(text) < 4 or _is_known(text):
        return [text]
    best, words = _UNKNOWN_LETTER * len(text), [text]
    places = range(1, len(text))
    for count in range(len(text)):
        for cuts in itertools.combinations(places, count):
            parts = [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]
            if parts[-1] not in ("a", "i"):
                cost = sum(_compute_costs().get(part, math.inf) for part in parts)
                if cost < best - 1e-9:
                    best, words = cost, parts
    return words


_words = st.sampled_from(["so", "happy", "a", "i", "me", "the", "xq", "day", "now", "here", "u"])


@given(st.lists(_words, min_size=1, max_size=4).map("".join).filter(lambda text: len(text) < 13))
def test_the_split_is_the_likeliest(text: str):
    assert segment_words(text) == slow_segmented(text)


def test_long_names_are_not_segmented():
    assert segment_words("so" * 32) == ["so"] * 32
    assert segment_words("so" * 32 + "s") == ["so" * 32 + "s"]


def test_parts_are_no_endings_and_no_rare_short_words():
    costs = _compute_costs()
    assert {"i", "love", "cant", "lol"} <= costs.keys()
    assert not {"b", "fe", "ing", "ness", "jing", ""} & (costs.keys() - {"jing"})
    assert all(cost > 0 for cost in costs.values())
    assert costs["the"] < costs["love"] < costs["melancholy"]


def test_the_table_of_counts():
    counts = {word: int(count) for word, count in load_table("words_social").items()}
    assert list(counts) == sorted(counts)
    assert min(counts.values()) == 3
    assert all(word.isascii() and word.isalpha() and word.islower() for word in counts)
    assert len(counts) > 9_000


@given(st.text(st.characters(categories=["L", "N", "M"], include_characters="_"), max_size=30))
def test_a_name_loses_only_its_underscores(name: str):
    assert "".join(split_name(name)) in (name.replace("_", ""), name)


_pieces = st.sampled_from(
    [
        "#",
        "##",
        "a",
        "B",
        "love",
        "you",
        "USA",
        "_",
        "1",
        "th",
        "é",
        "ب",
        " ",
        "&",
        "/",
        "s",
        "्",
        ".",
    ]
)
_texts = st.lists(_pieces, max_size=12).map("".join) | st.text(max_size=30)


@given(_texts, st.booleans(), st.booleans())
def test_splitting_again_changes_nothing(text: str, segment: bool, keep_sign: bool):
    step = StepSpec("hashtags", {"segment": segment, "keep_sign": keep_sign})
    pipeline = TextPipeline([step])
    once = pipeline([text])
    assert pipeline(once) == once
    assert len(once[0]) <= 3 * len(text)
