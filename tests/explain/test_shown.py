"""Explanations as pages and in terminals: safe whatever a text holds, read without colour too."""

import html
import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from emoscope.explain.display import compute_shades, explain_shading, format_signed
from emoscope.explain.explanation import Explanation
from emoscope.explain.html import SHADES
from emoscope.explain.spans import find_words
from emoscope.explain.terminal import AGAINST, FOR
from emoscope.inference.backend import Attention
from tests.html_page import Page

HOSTILE = (
    "</style></section><script>alert('x')</script> \"onclick=\x1b[2J\x00 &amp; \u202eabc "
    "<img src=x>"
)


def made(turns, seed=0, labels=("joy", "fear", "anger"), given=(True, False, False), **options):
    spans = tuple(find_words(turns))
    rng = np.random.default_rng(seed)
    size = (len(labels), len(spans))
    return Explanation(
        turns=tuple(turns),
        spans=spans,
        labels=labels,
        probabilities=np.linspace(0.6, 0.1, len(labels)),
        given=np.array(given[: len(labels)]),
        **{
            "method": "shapley",
            "base": np.zeros(len(labels)),
            "attributions": rng.normal(size=size) * 3,
            "errors": np.zeros(size),
            "evaluations": 300,
            **options,
        },
    )


def shown(explanation, **options):
    """What a terminal gets."""
    stream = io.StringIO()
    console = Console(file=stream, width=100, **options)
    console.print(explanation)
    return stream.getvalue()


def marked(source):
    """The turns in a page as they read, one list for each label."""
    found = re.findall('<p class="turn" dir="auto">(.*?)</p>', source, re.DOTALL)
    return [html.unescape(re.sub("<[^>]*>", "", one)) for one in found]


@pytest.mark.parametrize("form", ["to_html", "_repr_html_"])
def test_a_page_needs_nothing_but_itself(form):
    attention = Attention((HOSTILE, "b"), ("LSTM",), np.array([[0.7, 0.3]]))
    explanation = made([HOSTILE, "سعيد جدا\n 😂"], attention=attention)
    source = getattr(explanation, form)()
    page = Page(source)
    assert not page.open, "every element is closed"
    kinds = {tag for tag, _ in page.elements}
    assert kinds <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "h3",
        "p",
        "span",
    } | {
        "section",
        "details",
        "summary",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert sum(tag == "style" for tag, _ in page.elements) == 1
    for _, attributes in page.elements:
        assert set(attributes) <= {
            "class",
            "dir",
            "title",
            "lang",
            "charset",
            "name",
            "content",
            "http-equiv",
        }
    style = source[source.index("<style>") : source.index("</style>")]
    assert not re.search(r"@import|url\(|https?:", style)
    assert "\x00" not in source
    assert "\x1b" not in source
    source.encode("utf-8")


def test_a_page_shows_the_text_as_it_was_written():
    turns = [HOSTILE, "سعيد  جدا\n 😂", ""]
    source = made(turns).to_html()
    expected = [re.sub("[\x00\x1b]", "\ufffd", turn) for turn in turns]
    assert marked(source) == expected * 3


def test_a_page_shows_the_labels_given_and_folds_the_others():
    page = Page(made(["a b"], given=(False, True, False)).to_html())
    assert page.elements.count(("details", {})) == 3 + 2
    said = " ".join(page.words)
    assert re.search(
        r"fear 0\.350\s+given.*Other labels.*joy 0\.600.*anger 0\.100", said, re.DOTALL
    )
    page = Page(made(["a b"], given=(False,) * 3).to_html())
    assert re.search(r"joy 0\.600\s+not given.*Other labels", " ".join(page.words), re.DOTALL)


def test_a_page_marks_words_by_sign_and_strength():
    values = np.array([[4.0, -4.0, 2.0, 0.1]])
    source = made(["a b c d"], labels=("joy",), attributions=values).to_html()
    for word, kind, number in (
        ("a", "for d8", "+4.00"),
        ("b", "against d8", "−4.00"),
        ("c", "for d4", "+2.00"),
    ):
        assert f'<span class="{kind}" title="{number}">{word}</span>' in source
    assert '<span title="+0.10">d</span>' in source
    page = Page(source)
    assert page.rows == [
        ["words", "log-odds"],
        ["a", "+4.00"],
        ["b", "−4.00"],
        ["c", "+2.00"],
        ["d", "+0.10"],
    ]


def test_a_page_tells_what_an_estimate_may_err():
    explanation = made(["a b"], labels=("joy",), errors=np.array([[0.25, 0.5]]))
    page = Page(explanation.to_html())
    assert ["words", "log-odds", "± standard error"] in page.rows
    assert sorted(row[2] for row in page.rows[1:]) == ["0.25", "0.50"]
    assert "estimated, standard error at most 0.50, from 300 versions" in " ".join(page.words)


def test_a_style_sheet_has_every_shade():
    import emoscope.explain.html as module

    sheet = (Path(module.__file__).parent / "explain.css").read_text(encoding="utf-8")
    for shade in range(1, SHADES + 1):
        assert f".d{shade} " in sheet


def luminance(rgb):
    """Relative luminance of WCAG 2, of sRGB in 0 to 255."""
    part = np.asarray(rgb, dtype=float) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def rgb(code):
    return [int(code[at : at + 2], 16) for at in (1, 3, 5)]


def test_words_are_read_on_every_shade():
    """At least 4.5 to 1, which WCAG asks for, in light and dark pages and in the terminal."""
    source = made(["a"]).to_html()
    grounds = re.findall(r"--ground: (#\w{6})", source)
    inks = re.findall(r"--ink: (#\w{6})", source)
    deepest = float(re.search(rf"\.d{SHADES} {{ --depth: (\S+);", source)[1])
    colours = re.findall(r"--(?:for|against|weight): (\d+) (\d+) (\d+);", source)
    assert (len(grounds), len(inks), len(colours)) == (2, 2, 3)
    for ground, ink in zip(grounds, inks, strict=True):
        for colour in colours:
            shade = deepest * np.array(colour, dtype=float) + (1 - deepest) * np.array(rgb(ground))
            assert contrast(shade, rgb(ink)) > 4.5
    for style in (*FOR, *AGAINST):
        assert contrast(rgb(style.removeprefix("black on ")), (0, 0, 0)) > 4.5


def test_a_terminal_shows_text_and_numbers_without_colour():
    values = np.array([[4.0, -1.5, 0.001]])
    attention = Attention(("a", "b"), ("LSTM",), np.array([[0.75, 0.25]]))
    explanation = made(["a b", "c"], labels=("joy",), attributions=values, attention=attention)
    lines = [line.rstrip() for line in shown(explanation).splitlines()]
    assert lines[:6] == ["joy 0.600, given", "a b", "c", "+4.00  a", "−1.50  b", ""]
    assert lines[6] == "Attention of the LSTM: a 0.75 b 0.25"
    assert lines[8] == " + speaks for the label   − speaks against it"
    assert "exact, from 300 versions of the text." in " ".join(lines)
    assert "\x1b" not in shown(explanation)


def test_a_terminal_shows_colour_where_it_has_some():
    values = np.array([[4.0, -4.0, 0.0]])
    explanation = made(["a b c"], labels=("joy",), attributions=values)
    printed = shown(explanation, force_terminal=True, color_system="truecolor", no_color=False)
    codes = {code: ";".join(map(str, rgb(code))) for code in ("#ee8f1f", "#4d9fdb")}
    assert f"\x1b[30;48;2;{codes['#ee8f1f']}ma\x1b[0m" in printed
    assert f"\x1b[30;48;2;{codes['#4d9fdb']}mb\x1b[0m c" in printed


def test_a_text_cannot_steer_the_terminal():
    explanation = made([f"{HOSTILE} \x9b2J [bold]x[/bold] \x07 :smile:"])
    printed = shown(explanation)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed)
    assert "[bold]x[/bold]" in printed
    assert ":smile:" in printed


def test_a_long_word_is_cut_in_tables_of_the_terminal():
    printed = shown(made(["x" * 200], labels=("joy",)))
    assert f"{'x' * 40}…" in printed


@given(st.lists(st.text(max_size=30), max_size=3), st.integers(0, 9))
def test_any_explanation_has_a_page_and_lines(turns, seed):
    explanation = made(turns, seed)
    page = Page(explanation.to_html())
    assert not page.open
    explanation.to_html().encode("utf-8")
    shown(explanation)


def test_a_text_without_words_is_said():
    explanation = made([" "], labels=("joy",))
    assert "There is no word in this text." in explanation.to_html()
    assert shown(explanation).startswith("joy 0.600, given\n")


def test_shades():
    assert compute_shades(np.array([2.0, -2.0, 1.0, 0.1]), 8) == [8, -8, 4, 0]
    assert compute_shades(np.array([0.05, -0.02]), 8) == [1, 0], "noise is not painted deep"
    assert compute_shades(np.array([]), 8) == []


def test_signed_numbers():
    assert [format_signed(value) for value in (1.234, -0.5, 0.004, -0.004)] == [
        "+1.23",
        "−0.50",
        "0.00",
        "0.00",
    ]


def test_what_the_numbers_are_is_told():
    assert "What the text without the word loses, from 300 versions" in explain_shading(
        made(["a"], method="occlusion")
    )
    assert "Shapley values, exact, from 300" in explain_shading(made(["a"]))
