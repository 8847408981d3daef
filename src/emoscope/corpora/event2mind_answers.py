"""Feelings in what people write freely when they are asked how someone feels."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml

from emoscope.taxonomy import Taxonomy

__all__ = ["find_feelings"]

_PARTS = re.compile(r"[,;:/&+.!?\n]+|\b(?:and|but|yet)\b")
_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")
_LONGEST = 3


class _Words(NamedTuple):
    """What `data/event2mind_answers.yaml` says: labels by their forms, words around them."""

    labels: Mapping[str, str]
    before: Collection[str]
    after: Collection[str]
    clause: Collection[str]
    transitive: Collection[str]
    passive: Collection[str]


def find_feelings(phrases: Iterable[str]) -> set[str]:
    """The labels of the taxonomy `event2mind` that some phrases name.

    A phrase is parted at marks, `and` and `but`. What may come before a feeling (`very`, `like he
    is`) and after it (`about himself`, `that she won`) is passed over; a part with any other word
    (`not happy`, `a safe driver`) names none.

    Args:
        phrases: what people wrote, such as `"very happy and releived"`.
    """
    return {
        label
        for phrase in phrases
        for part in _PARTS.split(phrase.lower().replace("’", "'"))
        for label in _find_labels(_WORD.findall(part))
    }


def _find_labels(words: list[str]) -> list[str]:
    """The labels that a part names."""
    table = _load_words()
    found: list[str] = []
    start = 0
    while start < len(words):
        if words[start] in table.before:
            start += 1
            continue
        length, label = _find_longest(words[start:], table.labels)
        if label is None:
            return []
        found.append(label)
        start += length
        if start < len(words) and _ends_label(label, words[start], table):
            return found
    return found


def _ends_label(label: str, word: str, table: _Words) -> bool:
    """Whether a word after a label goes on about it, so that the label stands for itself."""
    if label in table.passive:
        return word == "by"
    return word in table.after or (word in table.clause and label not in table.transitive)


def _find_longest(words: list[str], labels: Mapping[str, str]) -> tuple[int, str | None]:
    for length in range(min(_LONGEST, len(words)), 0, -1):
        label = labels.get(" ".join(words[:length]))
        if label is not None:
            return length, label
    return 0, None


@cache
def _load_words() -> _Words:
    data = yaml.safe_load(
        files("emoscope.corpora")
        .joinpath("data", "event2mind_answers.yaml")
        .read_text(encoding="utf-8")
    )
    names = Taxonomy.load("event2mind").names
    labels = {form: name for name, forms in data["forms"].items() for form in forms}
    return _Words(
        labels | {name: name for name in names},
        *(frozenset(data[key].split()) for key in _Words._fields[1:]),
    )
