"""What the patterns of the cleaning steps must not use."""

import re
from pathlib import Path

import pytest

import emoscope.text

SOURCES = sorted(Path(emoscope.text.__file__).parent.glob("*.py"))
POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+")


def test_the_search_finds_them():
    found = [r"(?:a)*+", r"(?:a)++", r"(?:a)?+", r"(?:a){3,}+", r"(?:a){,2}+"]
    assert all(POSSESSIVE_GROUP.search(one) for one in found)
    fine = [r"(?>(?:a)*)", r"(?:a)*", r"[a)]++", r"a{2}+", r"\)++"]
    assert not any(POSSESSIVE_GROUP.search(one) for one in fine)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_group_is_repeated_possessively(path):
    """Python 3.11.0 to 3.11.4 goes on at the wrong place after one (CPython issue 106052)."""
    assert POSSESSIVE_GROUP.findall(path.read_text(encoding="utf-8")) == []
