"""Each step for social media by a table of made-up posts, and what holds of the lists of steps."""

import json
import re
from pathlib import Path

import pytest
import yaml
from emoji import EMOJI_DATA, LANGUAGES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.text import (
    FACEBOOK_STEPS,
    REDDIT_STEPS,
    SOCIAL_STEPS,
    TWITTER_STEPS,
    TextPipeline,
    available_steps,
)
from emoscope.text import pipeline as pipeline_module
from emoscope.text.domains import DOMAIN_STEPS
from emoscope.text.emoji import contains_emoji, to_canonical
from emoscope.text.pipeline import StepSpec
from emoscope.text.social import _load_emoji_names

PIPELINES = {site: TextPipeline(steps) for site, steps in SOCIAL_STEPS.items()}

CASES: dict[str, list[tuple[str, str]]] = {
    "links": [
        ("look https://t.co/Ab3dE6 wow", "look http wow"),
        ("(see http://site.example/a?b=c&d=1#e).", "(see http)."),
        ("https://en.wiki.example/wiki/Joy_(song), yes", "http, yes"),
        ("www.site.example pic.twitter.com/xYz t.co/abc", "http http http"),
        ("youtu.be/abc bit.ly/2Xy redd.it/a1 news.site.com", "http http http http"),
        ("readhttps://t.co/a and https://t.co/b😂😂", "read http and http😂😂"),
        ("cut https://t.c… and “http://a.example”", "cut http… and “http”"),
        ("HTTPS://SITE.EXAMPLE ftp://a.example/b", "http http"),
        ("me.too and/or 3.5 e.g. www. http:/ no.", "me.too and/or 3.5 e.g. www. http:/ no."),
        (
            "ann@mail.com stays, as does ann@www.mail.com",
            "ann@mail.com stays, as does ann@www.mail.com",
        ),
        ("https://t.co/only", "http"),
    ],
    "emails": [
        ("write ann.b+c@mail.example.com!", "write email!"),
        ("(Ann_B@site.co.uk).", "(email)."),
        ("josé@correo.example", "email"),
        ("@ann a@b @ann.b a @ b.c", "@ann a@b @ann.b a @ b.c"),
    ],
    "users": [
        ("@ann_b thanks!", "@user thanks!"),
        ('.@ann (cc @Bob99): "@x"', '.@user (cc @user): "@user"'),
        ("RT @ann: hi @ann's dog", "RT @user: hi @user's dog"),
        ("@<username> and [NAME]", "@user and [NAME]"),
        ("@ann@server.social hi", "@user hi"),
        ("thanks @ann.See you", "thanks @user.See you"),
        ("@5 @5pm @11am @5pmclub", "@5 @5pm @11am @user"),
        ("a@b @ @@ann @- u/ann", "a@b @ @@ann @- u/ann"),
        ("@محمد", "@user"),
    ],
    "phones": [
        ("call +44 20 7946 0958 now", "call phone now"),
        ("+1-202-555-0143, (202) 555-0143; 202.555.0143", "phone, phone; phone"),
        ("1-800-555-0199 or 0171 1234567 or 030/1234567", "phone or phone or phone"),
        ("06 12 34 56 78 and 07700 900123 and 07700900123", "phone and phone and phone"),
        ("+491701234567", "phone"),
        (
            "in 1999, 2019-2020, 24/12/2023, 2023-12-24",
            "in 1999, 2019-2020, 24/12/2023, 2023-12-24",
        ),
        ("at 10:30, 01.02.2023 10:00", "at 10:30, 01.02.2023 10:00"),
        ("we won 102-98 (3-2, 6-4 7-5)", "we won 102-98 (3-2, 6-4 7-5)"),
        ("$1,000,000 or 1000000000 or 12.50€ or +10", "$1,000,000 or 1000000000 or 12.50€ or +10"),
        ("192.168.100.200 and 0.123456789", "192.168.100.200 and 0.123456789"),
    ],
    "cased_elongations": [
        ("Soooo goooood!!!", "So good!!!"),
        ("NOOOO way, YESSSS.", "NO way, YES."),
        ("hahahahaha LOLOLOL Hmmmm", "haha LOL Hmm"),
        ("World War III, XXXII, AAA", "World War III, XXXII, AAA"),
        ('(looove) "happyyyy"', '(love) "happy"'),
        ("😂😂😂 1000 !!!! ___", "😂😂😂 1000 !!!! ___"),
        ("Good, bookkeeper, don't", "Good, bookkeeper, don't"),
        ("zzzz Ñññññ", "zz Ññ"),
    ],
    "all_caps": [
        ("I am SO ANGRY!", "I am SO angry!"),
        ("DON'T (SHOUT) [NAME] @USER <EOS> #LOVE", "don't (shout) [NAME] @USER <EOS> #LOVE"),
        ("USA NASAs iPhone B2BCALL", "USA NASAs iPhone B2BCALL"),
        ("ÉTÉS", "étés"),
    ],
    "emoji_words": [
        ("love❤️it 👍🏽!", "love red heart it thumbs up !"),
        ("👩🏽‍💻 🇩🇪 1️⃣", "woman technologist Germany keycap 1"),
        ("🧑🏻‍❤️‍🧑🏼", "person red heart person"),
        ("ok :) é", "ok :) é"),
    ],
    "removed_posts": [
        ("[deleted]", ""),
        (" [Removed]\n", ""),
        ("[ Removed by Reddit ]", ""),
        ("why [deleted]?", "why [deleted]?"),
    ],
    "quotes": [
        ("> you said\n\nI did", "I did"),
        ("&gt; you said\n>> she said\nnever", "never"),
        ("> all\n> quoted", "all quoted"),
        (">:( no\n>_<\n>!secret!<", ">:( no >_< >!secret!<"),
        ("a > b", "a > b"),
    ],
    "emphasis": [
        ("I *really* _do_ **love this** ***so*** much", "I really do love this so much"),
        ("**all _of_ it** (*hugs*)!", "all of it (hugs)!"),
        ("_**both**_ *a **b** c*", "both a b c"),
        ("2 * 3 * 4, 5*3*2, f*** **** snake_case __", "2 * 3 * 4, 5*3*2, f*** **** snake_case __"),
        ("yes *-* *_*", "yes *-* *_*"),
        ("* a point\n* another", "* a point * another"),
        (r"\*not\* this, ¯\_(ツ)_/¯", r"\*not\* this, ¯\_(ツ)_/¯"),
    ],
    "markdown": [
        ("[read this](https://x.example/a_(b)) now", "read this now"),
        ('![pic](a.png "title") [](b)', "pic"),
        ("# Title\n* one\n- two\n\n---\nend", "Title one two end"),
        ("`code` ~~gone~~ >!secret!< &gt;!more!&lt;", "code gone secret more"),
        ("```\nx = 1\n```", "x = 1"),
        ("&amp;#x200B; a&nbsp;b ^(tiny text) ^^small ^_^ x^2", "a b tiny text small ^_^ x^2"),
        (r"\*not\* ¯\\_(ツ)\_/¯ C:\dir", r"*not* ¯\_(ツ)_/¯ C:\dir"),
        ("#hashtag [NAME] (aside) 1. first", "#hashtag [NAME] (aside) 1. first"),
    ],
}


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [(step, text, expected) for step, pairs in CASES.items() for text, expected in pairs],
)
def test_step(step: str, text: str, expected: str):
    (cleaned,) = TextPipeline([step])([text])
    assert " ".join(cleaned.split()) == expected


@pytest.mark.parametrize("step", sorted({*CASES} - {"markdown"}))
def test_what_is_clean_stays_as_it_is(step: str):
    expected = [clean for _, clean in CASES[step]]
    cleaned = TextPipeline([step])(expected)
    assert [text.split() for text in cleaned] == [text.split() for text in expected]


@pytest.mark.parametrize(
    ("step", "options", "text", "expected"),
    [
        ("links", {"word": "<url>"}, "see http://a.example.", "see <url>."),
        ("links", {"word": ""}, "see http://a.example now", "see now"),
        ("links", {"word": ""}, "http://a.example", ""),
        ("emails", {"word": "<email>"}, "a.b@c.de!", "<email>!"),
        ("users", {"word": ""}, "@ann @bob hi", "hi"),
        ("users", {"word": "[NAME]"}, "@ann hi", "[NAME] hi"),
        (
            "users",
            {"site": "reddit"},
            "/u/some-one, u/x1! @ann",
            "@user, @user! @user",
        ),
        (
            "users",
            {"site": "reddit"},
            "u/a and/u/ann https://s.example/u/ann",
            "u/a and/u/ann https://s.example/u/ann",
        ),
        ("users", {"site": "facebook"}, "@Ann.Lee-Roy. @bob", "@user. @user"),
        ("phones", {"word": "<phone>"}, "+491701234567", "<phone>"),
        ("cased_elongations", {"keep": 1}, "Zzzz", "Z"),
        ("cased_elongations", {"keep": 3}, "Zzzzzz SOOO", "Zzz SO"),
        ("all_caps", {"mark": "<caps>"}, "so ANGRY! ok", "so angry! <caps> ok"),
        ("all_caps", {"shortest": 2}, "I am SO MAD", "I am so mad"),
        ("emoji_words", {"language": "es"}, "te quiero❤️", "te quiero corazón rojo"),
        ("emoji_words", {"language": "de"}, "😂", "gesicht mit freudentränen"),
        ("quotes", {"keep": True}, "> you said\nI did", "you said I did"),
    ],
)
def test_options(step: str, options: dict, text: str, expected: str):
    (cleaned,) = TextPipeline([StepSpec(step, options)])([text])
    assert " ".join(cleaned.split()) == expected


@pytest.mark.parametrize(
    ("step", "options", "message"),
    [
        ("links", {"word": "a link"}, "'word' of step 'links': expected one word, or nothing"),
        ("users", {"site": "myspace"}, "expected one of twitter, reddit, facebook, got 'myspace'"),
        ("cased_elongations", {"keep": 4}, "expected 1 to 3, got 4"),
        ("all_caps", {"shortest": 0}, "expected 1 or more, got 0"),
        ("emoji_words", {"language": "xx"}, "no descriptions in 'xx'; there are ar, de, en, es,"),
    ],
)
def test_option_values_are_checked(step: str, options: dict, message: str):
    with pytest.raises(InputError, match=message):
        TextPipeline([StepSpec(step, options)])


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "it", "pt", "ar", "ja"])
def test_every_emoji_has_words(language: str):
    assert language in LANGUAGES
    names = _load_emoji_names(language)
    assert {to_canonical(emoji) for emoji in EMOJI_DATA} - {""} <= names.keys()
    for name in names.values():
        assert name.strip()
        assert "_" not in name
        assert not name.startswith(":")
        assert not contains_emoji(name)
    assert not [name for name in _load_emoji_names("en").values() if "skin tone" in name]


@pytest.mark.parametrize(
    ("site", "text", "expected"),
    [
        (
            "twitter",
            "@ann OMG this is Soooo good!!! 😂😂 #BestDayEver &amp; #somuchfun https://t.co/Ab1",
            "@user OMG this is So good!!! 😂 😂 Best Day Ever & so much fun http",
        ),
        ("twitter", "https://t.co/Ab1", "http"),
        ("twitter", "Don’t   shout, NASA :)", "Don't shout, NASA :)"),
        ("twitter", "", ""),
        (
            "reddit",
            "> he left\n\n*I* really love [this](https://x.example) /r/MadeMeSmile, thx "
            "/u/some-one &amp;#x200B; &lt;3\n\n* [NAME] did it 👍🏽",
            "I really love this Made Me Smile, thx @user <3 [NAME] did it 👍",
        ),
        ("reddit", "[removed]", ""),
        (
            "facebook",
            "With @Ann.Lee at home, call 202-555-0143 ❤️",
            "With @user at home, call phone ❤",
        ),
    ],
)
def test_lists_of_steps(site: str, text: str, expected: str):
    assert PIPELINES[site]([text]) == [expected]


def test_lists_are_found_by_site_and_saved_as_json():
    assert SOCIAL_STEPS == {
        "twitter": TWITTER_STEPS,
        "reddit": REDDIT_STEPS,
        "facebook": FACEBOOK_STEPS,
    }
    for pipeline in PIPELINES.values():
        config = json.loads(json.dumps(pipeline.to_config()))
        assert TextPipeline.from_config(config) == pipeline
        assert {step.name for step in pipeline.steps} <= set(available_steps())


def test_the_page_describes_every_step_and_list():
    page = Path(__file__).parents[2].joinpath("docs", "social.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| `")
    ]
    described = {row[0].strip("`"): row for row in rows if len(row) == 3}
    assert {*CASES, "hashtags", "subreddits"} == set(described)
    for name, (_, does, options) in described.items():
        assert available_steps()[name] == does
        written = yaml.safe_load("{" + options.replace("`", "") + "}")
        assert written == pipeline_module._REGISTRY[name].defaults
    lists = {row[0].strip("`"): row[1] for row in rows if len(row) == 2}
    assert set(lists) == set(DOMAIN_STEPS)
    for site in SOCIAL_STEPS:
        names = re.findall("`([a-z_]+)`", lists[site])
        assert names == [step.name for step in PIPELINES[site].steps]


def test_every_step_has_cases():
    used = {step.name for pipeline in PIPELINES.values() for step in pipeline.steps}
    assert used - {"unicode", "emoji", "hashtags", "subreddits"} <= set(CASES)


@pytest.mark.parametrize("site", PIPELINES)
def test_the_order_of_turns_and_their_number_stay(site: str):
    turns = ["one @ann", "[deleted]", "#two"]
    cleaned = PIPELINES[site](turns)
    assert len(cleaned) == 3
    assert cleaned[0] == "one @user"
    assert cleaned[2] == "two"


_pieces = st.sampled_from(
    [
        *["@", "@ann", "<x>", "u/", "/u/ann", "r/", "http://", "www.", "t.co/", ".com", "a.b@c.de"],
        *["#", "love", "SOOOO", "NOOO", "haha", "III", "A", "z", "zzz", "1", "202-555-0143", "+1 "],
        *[
            "2025550143",
            "(",
            ")",
            "[",
            "]",
            "](",
            "*",
            "**",
            "_",
            "`",
            "~~",
            ">",
            "&gt;",
            ">!",
            "!<",
        ],
        *["^", "'", ".", ",", "!", "-", "/", "&", ";", "…", "😂", "❤️", "👍🏽", "\u200d", "\ufe0f"],
        *["é", "İ", "ß", "ब", "्", " ", "  ", "\n", "\n> ", "\n* ", "[deleted]"],
    ]
)
_posts = st.lists(_pieces, max_size=12).map("".join)
_anything = st.text(st.characters(exclude_categories=()), max_size=60)

_SPECS = [
    *[StepSpec(step) for step in CASES if step != "markdown"],
    StepSpec("users", {"site": "reddit"}),
    StepSpec("users", {"site": "facebook"}),
    StepSpec("cased_elongations", {"keep": 3}),
    StepSpec("quotes", {"keep": True}),
    StepSpec("all_caps", {"mark": "<caps>", "shortest": 1}),
    StepSpec("emoji_words", {"language": "fr"}),
]


@pytest.mark.parametrize("spec", _SPECS, ids=str)
@settings(max_examples=80, deadline=None)
@given(_posts | _anything)
@example("[a](b)[c](d)")
@example("İSOOOO")
@example("@ann@@@")
def test_a_step_again_changes_nothing(spec: StepSpec, text: str):
    pipeline = TextPipeline([spec])
    once = pipeline([text])
    assert pipeline(once) == once


@pytest.mark.parametrize("site", PIPELINES)
@settings(max_examples=120, deadline=None)
@given(_posts | _anything)
def test_no_post_is_too_odd(site: str, text: str):
    (cleaned,) = PIPELINES[site]([text])
    cleaned.encode("utf-8")
    assert cleaned.split() == list(filter(None, cleaned.split(" ")))
    assert len(cleaned) <= 20 * len(text)


@settings(max_examples=120, deadline=None)
@given(_posts | _anything)
def test_markdown_only_takes_away(text: str):
    (cleaned,) = TextPipeline(["markdown"])([text])
    assert len(cleaned) <= len(text)
    letters = iter(text.replace("nbsp", "").replace("x200b", "").replace("x200B", ""))
    if "&" not in text and "](" not in text:
        assert all(letter in letters for letter in filter(str.isalpha, cleaned))
