"""A generated corpus of emoji, alone and behind neutral sentences, with GoEmotions' labels.

What an emoji says is in the words that annotated comments rarely hold. This project's own table
(`data/emoji.yaml`) says which emotions a reader expects of some 300 emoji, and has sentences
without emotion, each of which is in one split only. Train shows every emoji alone; no text is in
two splits.

Only `random.Random.random` is used, whose sequence Python keeps across versions, and no `hash`, so
every machine makes the same texts.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.shipped import read_shipped
from emoscope.errors import InputError
from emoscope.reading.errors import BadRows
from emoscope.strict import (
    check_keys,
    check_list,
    check_mapping,
    check_text,
    check_unique,
    parse,
    short,
)
from emoscope.taxonomy import Taxonomy
from emoscope.text.emoji import contains_emoji, is_emoji, to_canonical

__all__ = [
    "Emoji",
    "EmojiText",
    "Material",
    "generate_emoji_texts",
    "load",
    "load_material",
    "read_material",
]

SIZES = {"train": 2500, "dev": 300, "test": 300}
TAXONOMY = "goemotions"

_PAIRS = {"train": 300, "dev": 40, "test": 40}
# Every seventh sentence is of dev, every seventh of test; so are emoji that are typed repeatedly.
_SPLITS = ("train", "train", "train", "train", "train", "dev", "test")
_GENDERS = ("\u2640\ufe0f", "\u2642\ufe0f")
_TIMES = (1, 1, 1, 1, 1, 1, 2, 2, 3, 3)
_PAIR_SHARE = 0.1
# Behind sentences a frequent emoji comes this many times more than another.
_EXTRA = 3
_LAYOUTS = ("{text} {marks}",) * 7 + ("{text}{marks}",) * 2 + ("{marks} {text}",)

T = TypeVar("T")


@dataclass(frozen=True)
class Emoji:
    """What a reader expects of an emoji.

    Attributes:
        spelling: as it is usually typed.
        labels: weight by label of GoEmotions, the main label first: 1 for what the emoji says, 0.5
            for what it may say besides.
        words: words for emotions beyond those labels.
    """

    spelling: str
    labels: Mapping[str, float]
    words: tuple[str, ...] = ()

    @property
    def main(self) -> str:
        """The main label."""
        return next(iter(self.labels))


@dataclass(frozen=True)
class Material:
    """What the corpus is made of.

    Attributes:
        emoji: each emoji by its canonical form (`emoscope.text.emoji.to_canonical`); genders of a
            person are emoji of their own, skin tones are not.
        frequent: canonical forms of those that people type most.
        carriers: sentences without emotion.
    """

    emoji: Mapping[str, Emoji]
    frequent: tuple[str, ...]
    carriers: tuple[str, ...]


class EmojiText(NamedTuple):
    """One text: its number, as text, and weight by label."""

    id: str
    text: str
    labels: Mapping[str, float]


def load(root: Path, split: str, *, bad_rows: BadRows = "stop") -> Corpus:
    """A split as a corpus with GoEmotions' labels, whose values are 0, 0.5 and 1.

    Args:
        root: not read: there are no files.
        split: `train`, `dev` or `test`.
        bad_rows: without effect: there are no bad rows.

    Raises:
        InputError: if the split is unknown.
    """
    rows = generate_emoji_texts(split)
    taxonomy = Taxonomy.load(TAXONOMY)
    labels = np.zeros((len(rows), len(taxonomy)), dtype=np.float32)
    for number, row in enumerate(rows):
        for name, weight in row.labels.items():
            labels[number, taxonomy.index(name)] = weight
    ids, turns = [row.id for row in rows], [[row.text] for row in rows]
    return Corpus.from_rows("emoji", taxonomy, ids, turns, labels)


def generate_emoji_texts(split: str) -> list[EmojiText]:
    """The texts of a split, always the same, in random order.

    Args:
        split: `train`, `dev` or `test`.

    Returns:
        `SIZES[split]` texts with ids `"0"`, `"1"`, …

    Raises:
        InputError: if the split is unknown.
    """
    if split not in SIZES:
        raise InputError(f"the emoji corpus has the splits {', '.join(SIZES)}, not {split!r}")
    material = load_material()
    rng = Random(f"emoji:{split}")  # noqa: S311 - text to learn from, not a secret
    carriers = _select_split(material.carriers, split)
    texts: dict[str, Mapping[str, float]] = {carrier: {"neutral": 1.0} for carrier in carriers}
    if split == "train":
        texts |= {each.spelling: each.labels for each in material.emoji.values()}
    for place, each in enumerate(_select_split(list(material.emoji.values()), split)):
        texts[each.spelling * (2 + place % 2)] = each.labels
    wanted = len(texts) + _PAIRS[split]
    for marks, labels in _draw_pairs(material, rng):
        if len(texts) == wanted:
            break
        if _SPLITS[zlib.crc32(marks.encode()) % len(_SPLITS)] == split:
            texts[marks] = labels
    for text, labels in _draw_carried(carriers, material, rng):
        if len(texts) == SIZES[split]:
            break
        texts[text] = labels
    return [
        EmojiText(str(number), text, labels)
        for number, (text, labels) in enumerate(_shuffle(texts.items(), rng))
    ]


@cache
def load_material() -> Material:
    """The table of emoji and the sentences that ship."""
    return read_material(read_shipped("emoji.yaml"))


def read_material(text: str) -> Material:
    """Read a table of emoji and sentences from YAML.

    Args:
        text: the YAML text: `emoji`, a mapping of each emoji to its `labels` (weight by label, the
            main one first) and perhaps `words` and `genders`, true if there are a woman and a man
            of it; `frequent`, a list of those that people type most;
            and `carriers`, a list of sentences.

    Raises:
        ValueError: if the text is no valid YAML.
        InputError: if a key is no emoji, an emoji stands there in two spellings, a label is
            unknown, a weight is neither 1 nor 0.5 or the main one is not 1, a word is a label, a
            frequent emoji is not in the table, or a sentence stands there twice or has an emoji.
    """
    data = parse(text, ".yaml")
    check_keys(data, ("emoji", "frequent", "carriers"), (), "the table of emoji")
    taxonomy = Taxonomy.load(TAXONOMY)
    every = [
        _make_emoji(typed, entry, taxonomy)
        for spelling, entry in check_mapping(data["emoji"], "'emoji'").items()
        for typed in _find_spellings(spelling, entry)
    ]
    forms = [to_canonical(each.spelling) for each in every]
    check_unique(forms, "the table of emoji", "emoji")
    frequent = tuple(map(to_canonical, check_list(data["frequent"], "'frequent'")))
    check_unique(frequent, "'frequent'", "emoji")
    if unknown := [form for form in frequent if form not in forms]:
        raise InputError(
            f"'frequent' has {short(unknown[0])}, which 'emoji' has not. Add it there."
        )
    carriers = check_list(data["carriers"], "'carriers'")
    for carrier in carriers:
        check_text(carrier, "a sentence")
        if contains_emoji(carrier):
            raise InputError(f"a sentence must have no emoji, got {short(carrier)}. Remove it.")
    check_unique(carriers, "'carriers'", "sentence")
    by_form = MappingProxyType(dict(zip(forms, every, strict=True)))
    return Material(by_form, frequent, carriers)


def _make_emoji(spelling: Any, entry: Any, taxonomy: Taxonomy) -> Emoji:
    check_text(spelling, "an emoji")
    if not is_emoji(spelling):
        raise InputError(f"'emoji' must have emoji as keys, got {short(spelling)}. Correct it.")
    what = f"emoji {spelling}"
    check_keys(entry, ("labels",), ("words", "genders"), what)
    labels = check_mapping(entry["labels"], f"labels of {what}")
    for name, weight in labels.items():
        taxonomy.index(name)
        if isinstance(weight, bool) or weight not in (1, 0.5):
            raise InputError(f"{what}: the weight of {name} must be 1 or 0.5, got {short(weight)}")
    if next(iter(labels.values()), 0) != 1:
        raise InputError(f"{what}: the first label must have the weight 1. Put the main one first.")
    words = check_list(entry.get("words", ()), f"words of {what}")
    for word in words:
        check_text(word, f"a word of {what}")
        if word in taxonomy.names:
            raise InputError(f"{what}: {word!r} is a label. Put it under 'labels'.")
    check_unique(words, what, "word")
    weights = {name: float(weight) for name, weight in labels.items()}
    return Emoji(spelling, MappingProxyType(weights), words)


def _find_spellings(spelling: Any, entry: Any) -> tuple[Any, ...]:
    """The emoji and, if the entry says so, the woman and the man, which other words describe."""
    if not (isinstance(entry, Mapping) and entry.get("genders")):
        return (spelling,)
    return (spelling, *(f"{to_canonical(spelling)}\u200d{sign}" for sign in _GENDERS))


def _select_split(items: Sequence[T], split: str) -> list[T]:
    """The items whose places are of this split."""
    return [item for place, item in enumerate(items) if _SPLITS[place % len(_SPLITS)] == split]


def _draw_pairs(material: Material, rng: Random) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Two different emoji of one main label, without end."""
    every = list(material.emoji.values())
    while True:
        pair = _draw_pair(_pick(every, rng), every, rng)
        if pair is not None:
            yield pair


def _draw_pair(
    first: Emoji, every: Sequence[Emoji], rng: Random
) -> tuple[str, Mapping[str, float]] | None:
    """The emoji and another one of its main label, if there is one."""
    others = [each for each in every if each.main == first.main and each is not first]
    if not others:
        return None
    second = _pick(others, rng)
    labels = dict(first.labels)
    for name, weight in second.labels.items():
        labels[name] = max(weight, labels.get(name, 0.0))
    return first.spelling + second.spelling, labels


def _draw_carried(
    carriers: Sequence[str], material: Material, rng: Random
) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Sentences with emoji, without end; all of both come before any comes again."""
    every = list(material.emoji.values())
    often = [material.emoji[form] for form in material.frequent for _ in range(_EXTRA)]
    sentences = _repeat_shuffled(carriers, rng)
    for emoji in _repeat_shuffled([*every, *often], rng):
        marks, labels = emoji.spelling * _pick(_TIMES, rng), emoji.labels
        if rng.random() < _PAIR_SHARE:
            marks, labels = _draw_pair(emoji, every, rng) or (marks, labels)
        yield _pick(_LAYOUTS, rng).format(text=next(sentences), marks=marks), labels


def _repeat_shuffled(items: Sequence[T], rng: Random) -> Iterator[T]:
    while True:
        yield from _shuffle(items, rng)


def _shuffle(items: Iterable[T], rng: Random) -> list[T]:
    every = list(items)
    order = [rng.random() for _ in every]
    return [every[place] for place in sorted(range(len(every)), key=order.__getitem__)]


def _pick(items: Sequence[T], rng: Random) -> T:
    return items[int(rng.random() * len(items))]
