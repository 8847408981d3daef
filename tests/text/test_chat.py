"""Each step for chats by a table of own sentences, and what holds of the whole pipeline."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.text import CHAT_STEPS, TextPipeline
from emoscope.text.pipeline import StepSpec
from emoscope.text.tables import load_table

CHAT = TextPipeline(CHAT_STEPS)

CASES = {
    "unicode": [
        ("plain, as it is", "plain, as it is"),
        ("don’t “say” that", 'don\'t "say" that'),
        ("the cafÃ© is nice", "the café is nice"),
        ("itâ€™s fine", "it's fine"),
        ("cafe\u0301", "café"),
        ("a\x00b\x07c", "abc"),
        ("one\ntwo\tthree", "one two three"),
        ("zero\u200bwidth\u202e", "zerowidth"),
        ("me &lt;3 you &amp; I&apos;m", "me <3 you & I'm"),
        ("half \ud83d pair \ud83d\ude00", "half \ufffd pair 😀"),
        ("ＷＯＷ", "WOW"),
        ("👩\u200d💻 ❤️", "👩\u200d💻 ❤️"),
    ],
    "lower": [("OK Then <EOS>", "ok then <eos>"), ("İyi ÇOK", "iyi çok")],
    "emoji": [("good😂😂 day❤️", "good 😂 😂 day ❤"), ("👍🏽!", "👍 !"), ("1:2", "1:2")],
    "emoticons": [
        ("fine :)", "fine 🙂"),
        ("fine:) :-) :)))))", "fine 🙂 🙂 🙂"),
        ("no :( :'( D:", "no 😞 😢 😱"),
        ("XD xd :D :d :P", "😆 😆 😄 😄 😛"),
        ("i <3 it <333 </3 <3<3", "i ❤ it ❤ 💔 ❤ ❤"),
        ("-_- -__- ^_^ T_T >:( :/", "😑 😑 😊 😭 😠 😕"),
        ("(see :) )", "(see 🙂 )"),
        ("great :D, really", "great 😄 , really"),
        ("see http://site.example/x", "see http://site.example/x"),
        ("at 10:30 or 10:3", "at 10:30 or 10:3"),
        ("eight (8) boxDoor 5<3", "eight (8) boxDoor 5<3"),
        ("exdream xdream maxd", "exdream xdream maxd"),
        ("note:door c:/dir a:(b", "note:door c:/dir a:(b"),
        ("one <eos> two", "one <eos> two"),
    ],
    "repeated_punctuation": [
        ("what??? no!!", "what ? no !"),
        ("well...ok", "well . ok"),
        ("hm,,, yes…", "hm , yes ."),
        ("really?!?!", "really ? !"),
        ("3.5 and 1,000 but 3..5", "3.5 and 1,000 but 3 . 5"),
        ("1. first", "1 . first"),
        ("a <eos> b.", "a <eos> b ."),
        ("كيف؟", "كيف ?"),
    ],
    "drop_punctuation": [
        ("(well) [no] {ok} a-b_c", "well no ok a b c"),
        ('say "this" or `that`', "say this or that"),
        ("and/or #tag @home 50%", "and or tag home 50"),
        ("don't 'quoted' rock 'n' roll''s", "don't quoted rock n roll s"),
        ("john 's", "john 's"),
        ("a & b&c", "a & b & c"),
        ("w/o b/w f***", "w/o b/w f***"),
        ("yes . no ? ok ! so ,", "yes . no ? ok ! so ,"),
        ("😂 👩\u200d💻 ❤ 1⃣", "😂 👩\u200d💻 ❤ 1⃣"),
        ("a <eos> <user> b < c > d", "a <eos> <user> b c d"),
        ("नमस्ते café “x”", "नमस्ते café x"),
        (":) --- \u200d", ":)"),
    ],
    "elongations": [
        ("soooo goood", "so good"),
        ("goooooood noooo", "good no"),
        ("happyyyy sadddd", "happy sad"),
        ("hahahaha hahahah ahahahha hehehehe", "haha haha haha hehe"),
        ("hmmmm awwww loool lololol", "hmm aww lol lol"),
        ("tooo seeee meee weee", "too see me we"),
        ("happpyyyy whaaaattt", "happy what"),
        ("plzzzz uuuu iiii", "plzz u i"),
        ("zzzz qqqq", "zz qq"),
        ("good 1000 !!! 😂😂😂", "good 1000 !!! 😂😂😂"),
        ("aha hah oh", "aha hah oh"),
        ("soooo's hahaha'll", "so's haha'll"),
        ("cafééé <eos>", "caféé <eos>"),
    ],
    "contractions": [
        ("don't dont won't can't ain't", "do not do not will not can not is not"),
        ("i'm im iam you're youre", "i am i am i am you are you are"),
        ("it's let's that's thats", "it is let us that is that is"),
        ("gonna wanna gotta", "going to want to got to"),
        ("wouldn't've she'd've people'll", "would not have she would have people will"),
        ("john's dog's 's", "john 's dog 's 's"),
        ("were well hell its shell wed id ill", "were well hell its shell wed id ill"),
        ("o'clock 've", "o'clock 've"),
    ],
    "abbreviations": [
        ("hw r u frnd", "how are you friend"),
        ("brb plz thx", "be right back please thanks"),
        ("y u no wrk", "why you no work"),
        ("gud nyt & luv", "good night and love"),
        ("your <eos> word", "your <eos> word"),
    ],
}


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [(step, text, expected) for step, pairs in CASES.items() for text, expected in pairs],
)
def test_step(step: str, text: str, expected: str):
    (cleaned,) = TextPipeline([step])([text])
    assert cleaned.split() == expected.split()


def test_every_step_has_cases():
    assert {*CASES, "turn_boundaries"} == set(CHAT_STEPS)


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (["a", "b c", "d"], ["a <eos> b c <eos> d"]),
        (["a"], ["a"]),
        (["", "b", ""], ["<eos> b <eos>"]),
        ([], []),
    ],
)
def test_turn_boundaries(turns: list[str], expected: list[str]):
    assert TextPipeline(["turn_boundaries"])(turns) == expected


@pytest.mark.parametrize(
    ("spec", "text", "expected"),
    [
        (StepSpec("elongations", {"keep": 1}), "zzzz soooo", "z so"),
        (StepSpec("elongations", {"keep": 3}), "zzzz soooo", "zzz so"),
        (StepSpec("emoticons", {"to": "keep"}), "ok:))) XD -_-", "ok :) xd -_-"),
        (StepSpec("turn_boundaries", {"token": "<next>"}), "a", "a"),
    ],
)
def test_options(spec: StepSpec, text: str, expected: str):
    (cleaned,) = TextPipeline([spec])([text])
    assert cleaned.split() == expected.split()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (StepSpec("elongations", {"keep": 0}), "expected 1 to 3, got 0"),
        (StepSpec("emoticons", {"to": "word"}), "expected 'emoji' or 'keep', got 'word'"),
        (StepSpec("turn_boundaries", {"token": "a b"}), "without white space, got 'a b'"),
        (StepSpec("turn_boundaries", {"token": ""}), "without white space, got ''"),
    ],
)
def test_option_values_are_checked(spec: StepSpec, message: str):
    with pytest.raises(InputError, match=message):
        TextPipeline([spec])


def test_kept_emoticons_survive_the_steps_on_punctuation():
    steps = [StepSpec("emoticons", {"to": "keep"}), "repeated_punctuation", "drop_punctuation"]
    for form in load_table("emoticons"):
        assert TextPipeline(steps)([f"so {form} ok..."]) == [f"so {form} ok ."]


def test_whole_pipeline():
    turns = ["Hiiii :))) hw r u??!!", "I'm sooo happyyy 😂😂 (really)...", "thx, ur gr8 <3"]
    assert CHAT(turns) == [
        "hi 🙂 how are you ? ! <eos> i am so happy 😂 😂 really . <eos> thanks , your great ❤"
    ]


_pieces = st.sampled_from(
    [
        *["so", "ooo", "haha", "don't", "u", "'s", "'", "lol", "gr8", "<eos>", ":)", ":-((", "xD"],
        *["<3", "...", "?!", ",", "(", "/", "-", "&", "😂", "❤️", "é", "’", "İ", "1", "🇩🇪"],
        *[" ", "  ", "👩\u200d💻"],
    ]
)
_chat = st.lists(_pieces | st.text("abhosu' .?!", max_size=4), max_size=12).map("".join)


@settings(max_examples=100, deadline=None)
@given(st.lists(_chat, max_size=3))
@example(["thats's uuuuuu mmmmm", ""])
@example(["<3<3<3 :3:3 d:d: :D:D"])
def test_cleaning_again_changes_nothing(turns: list[str]):
    cleaned = CHAT(turns)
    assert CHAT(cleaned) == cleaned


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=())), max_size=3))
def test_no_text_is_too_odd(turns: list[str]):
    for text in CHAT(turns):
        text.encode("utf-8")
        assert "  " not in text


def _seconds(text: str) -> float:
    """Best of three, on fresh pipelines, so that nothing is remembered."""
    best = float("inf")
    for _ in range(3):
        pipeline = TextPipeline(CHAT_STEPS)
        start = time.perf_counter()
        pipeline([text])
        best = min(best, time.perf_counter() - start)
        if best < 0.05:
            break
    return best


UNITS = [
    *map(chr, range(0x80)),
    *"😀❤é \u0301\u0327\u200d\ufe0f\u202e🏽🇩א\ud800\udc00’…Ã¬ß\xa0\x85\u20e3ｦﬁ가ि\U000e0067İ",
    *["&amp;", "amp;", "&#x41;", "'s", "'ve", "n't", "a'", "''a", ":)", ":(a", "-_", "^_", "<3"],
    *["ha", "ab", "aaab", "aaa ", "a.", "?!", "1.", "<eos>", "😀\u200d", "\u0301\u0327", "â€™"],
    *["\x1b[", "👩\u200d❤\u200d", "\ude00\ud83d", "\u200d\u200c", "\U0001f3f4\U000e0067", "u "],
]


@pytest.mark.parametrize(("length", "units"), [(20_000, UNITS), (100_000, UNITS[::16])])
def test_time_is_linear_in_the_length(length: int, units: list[str]):
    """A quadratic step would need sixteen times as long for four times the text."""
    CHAT(["warm up 😀 é &lt; :)"])
    for unit in units:
        long = (unit * length)[:length]
        seconds = _seconds(long)
        if seconds > 0.1:
            shorter = _seconds(long[: length // 4])
            assert seconds < 10 * shorter, f"{unit!r}: {seconds:.2f} s against {shorter:.2f} s"
        assert seconds < length * 4e-5, f"{unit!r}: {seconds:.2f} s"


@settings(max_examples=6, deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=40))
def test_random_text_repeated_takes_linear_time(piece: str):
    assert _seconds((piece * 50_000)[:50_000]) < 3
