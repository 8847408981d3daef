import io
import json
import sys

import pytest

from emoscope.cli import _score
from emoscope.cli._terminal import to_line
from tests.cli.conftest import NAMES


@pytest.fixture
def stdin(monkeypatch):
    """Gives the program bytes to read."""

    def give(content: bytes):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


def test_each_text_has_a_bar_for_each_label(emoscope, folder):
    ended = emoscope("score", "I love it", "so bad", "-m", folder)
    assert ended.code == 0
    blocks = ended.out.split("\n\n")
    for text, block in zip(("I love it", "so bad"), blocks, strict=False):
        title, *bars = block.splitlines()
        assert title == text
        found = [bar.lstrip(" ●").split() for bar in bars]
        assert {name for name, *_ in found} == set(NAMES)
        numbers = [float(number) for _, number, *_ in found]
        assert numbers == sorted(numbers, reverse=True)
        lengths = [len("".join(bar)) for _, _, *bar in found]
        assert lengths == sorted(lengths, reverse=True)
        assert [bar.startswith(" ●") for bar in bars] == [number >= 0.5 for number in numbers]


def test_what_is_given_is_shown_beyond_the_number(emoscope, folder):
    ended = emoscope("score", "I love it", "-m", folder, "--top-k", "1", "--json")
    given = json.loads(ended.out)["labels"]
    shown = emoscope("score", "I love it", "-m", folder, "--top-k", "1").out
    assert all(name in shown for name in given)
    assert sum(name in shown for name in NAMES) == max(1, len(given))


def test_json_is_a_line_for_each_text(emoscope, folder, stdin):
    stdin("\ufeffone\r\n\n  \ntwo 😂\n".encode())
    ended = emoscope("score", "-", "-m", folder, "--json")
    assert ended.code == 0
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["text"] for line in lines] == ["one", "two 😂"]
    assert all(set(line["emotions"]) == set(NAMES) for line in lines)


def test_labels_that_exclude_each_other(emoscope, model):
    ended = emoscope("score", "good day", "-m", model, "--json")
    assert list(json.loads(ended.out)) == ["text", "label", "emotions"]
    assert emoscope("score", "good day", "-m", model).out.count("●") == 2, "a label and the legend"


def test_labels_of_ones_own_are_told_to_be_guesses(emoscope, folder):
    ended = emoscope("score", "I love it", "-m", folder, "--labels", "joy, hope")
    assert ended.code == 0
    assert "no threshold of its own for hope:" in ended.err


@pytest.mark.parametrize(
    ("arguments", "content"),
    [
        (["  "], b""),
        (["a", ""], b""),
        (["-"], b"\n \n"),
        (["-"], b"a\n" * (_score.MAX_TEXTS + 1)),
        (["-"], b"a" * (4 * _score.MAX_CHARACTERS + 2)),
        (["a" * (_score.MAX_CHARACTERS + 1)], b""),
    ],
    ids=["blank", "empty", "stdin", "many", "large", "long"],
)
def test_what_cannot_be_scored(emoscope, folder, stdin, arguments, content):
    stdin(content)
    ended = emoscope("score", *arguments, "-m", folder)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n b\t\u2028c", "a b c"),
        ("red \x1b[31m\x07\x9b", "red \ufffd[31m\ufffd\ufffd"),
        ("\u202egnp.exe\u2066", "gnp.exe"),
        ("x" * 50, "x" * 19 + "…"),
        (" " * 1000 + "x", "…"),
    ],
)
def test_nothing_that_controls_a_terminal_is_sent_to_it(text, line):
    assert to_line(text, 20) == line


def test_texts_are_shown_without_control_characters(emoscope, folder):
    ended = emoscope("score", "so \x1b[31mred", "-m", folder)
    assert ended.code == 0
    assert "\x1b" not in ended.out + ended.err


def test_an_encoding_without_blocks_gets_plain_signs(emoscope, folder, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert emoscope("score", "I love it 😂", "-m", folder).code == 0
    sys.stdout.flush()
    shown = raw.getvalue().decode("ascii")
    assert "I love it \\U0001f602" in shown
    assert "#" in shown


@pytest.mark.parametrize("command", ["score", "explain"])
def test_the_name_of_a_file_is_told_to_be_a_text(emoscope, folder, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("text\nI love it\n")
    ended = emoscope(command, "mine.csv", "-m", folder)
    assert ended.code == 0
    assert "emoscope annotate mine.csv" in ended.err
    assert "annotate" not in emoscope(command, "yours.csv", "-m", folder).err
