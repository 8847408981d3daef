import io
import json
import re
import sys

import pytest

from emoscope.inference.annotator import load
from tests.html_page import Page

TEXT = "I lost my phone 😭"


@pytest.fixture
def stdin(monkeypatch):
    """Gives the program bytes to read."""

    def give(content: bytes):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


def test_the_labels_given_are_shown(emoscope, folder):
    ended = emoscope("explain", TEXT, "-m", folder)
    assert (ended.code, ended.err) == (0, "")
    leading = load(folder).explain(TEXT).leading()
    headlines = re.findall(r"^(\w+) 0\.\d{3}, (given|not given)$", ended.out, re.MULTILINE)
    assert {name for name, _ in headlines} == set(leading.labels)
    assert TEXT in ended.out
    assert "exact, from 32 versions" in ended.out
    assert "\x1b" not in ended.out


def test_labels_may_be_named(emoscope, folder):
    ended = emoscope("explain", TEXT, "-m", folder, "--label", "fear", "--label", "joy")
    assert {name for name in ("anger", "joy", "pride", "fear") if name in ended.out} == {
        "fear",
        "joy",
    }
    ended = emoscope(
        "explain", TEXT, "-m", folder, "--labels", "hope, rage|fury", "--label", "hope"
    )
    assert (ended.code, ended.err) == (0, "")
    assert re.match(r"hope 0\.\d{3}, ", ended.out)


def test_json(emoscope, folder):
    ended = emoscope("explain", "guess what", "سعيد", "-m", folder, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out) == load(folder).explain(["guess what", "سعيد"]).to_dict()
    assert "سعيد" in ended.out
    options = ["--label", "joy", "--method", "occlusion"]
    ended = emoscope("explain", TEXT, "-m", folder, "--json", *options)
    assert (
        json.loads(ended.out) == load(folder).explain(TEXT, ["joy"], method="occlusion").to_dict()
    )


def test_evaluations(emoscope, folder):
    text = " ".join(["word"] * 20)
    counts = [
        json.loads(emoscope("explain", text, "-m", folder, "--json", *options).out)["evaluations"]
        for options in ((), ("--evaluations", 256))
    ]
    assert 256 < counts[0] <= 512
    assert counts[1] <= 256


def test_a_page(emoscope, trained, tmp_path):
    path = tmp_path / "new" / "page.html"
    ended = emoscope("explain", "good day", TEXT, "-m", trained.folder, "--output", path)
    assert (ended.code, ended.out, ended.err) == (0, f"{path}\n", "")
    page = Page(path.read_text(encoding="utf-8"))
    said = " ".join(page.words)
    assert all(name in said for name in ("others", "happy", "sad", "angry", "LSTM", "GRU"))
    ended = emoscope("explain", TEXT, "-m", trained.folder, "-o", path, "--json", "--restart")
    assert json.loads(ended.out)["attention"]["branches"].keys() == {"LSTM", "GRU"}


def test_stdin(emoscope, stdin, folder):
    for content, expected in ((TEXT.encode(), TEXT), (b"caf\xe9 ok\r\n", "caf\ufffd ok")):
        stdin(content)
        ended = emoscope("explain", "-", "-m", folder, "--json")
        assert json.loads(ended.out)["turns"] == [expected]
    stdin("é".encode() * 1_000_000)
    ended = emoscope("explain", "-", "-m", folder)
    assert ended.code == 2
    assert "at most 10,000 characters" in ended.err


def test_bytes_of_another_encoding_are_shown_as_such(emoscope, folder):
    ended = emoscope("explain", "caf\udce9 ok", "-m", folder, "--json")
    assert json.loads(ended.out)["turns"] == ["caf\ufffd ok"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--label", "jo"], "no label 'jo' to explain"),
        (["a", "--evaluations", "3"], "Expected 256 to 65,536 evaluations"),
        (["a" * 20_000], "at most 10,000 characters"),
        ([""], "got an empty one"),
        (["a", "--labels", "joy", "--taxonomy", "ekman"], "give only one"),
    ],
)
def test_what_cannot_be_explained_is_said(emoscope, folder, arguments, message):
    ended = emoscope("explain", *arguments, "-m", folder)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_where_no_page_can_be_written_is_said_and_nothing_is_left(emoscope, folder, tmp_path):
    ended = emoscope("explain", "a", "-m", folder, "-o", tmp_path)
    assert ended.code == 2
    assert "It is a folder" in ended.err
    ended = emoscope("explain", "a", "-m", folder, "--label", "jo", "-o", tmp_path / "page.html")
    assert ended.code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_label_is_suggested_by_meaning_with_the_model_that_ships(emoscope):
    ended = emoscope("explain", "a", "--label", "happiness")
    assert ended.code == 2
    assert "did you mean joy?" in ended.err
    ended = emoscope("explain", "We won!", "--taxonomy", "ekman", "--label", "joy", "--json")
    assert list(json.loads(ended.out)["labels"]) == ["joy"]
