"""A generated corpus in EmoContext's format, so that everything runs without a download.

EmoContext (Chatterjee et al. 2019, SemEval-2019 Task 3) may not be passed on, so this project
ships templates of its own (`data/sample.yaml`) and makes conversations from them: three turns, the
label of the last one in others, happy, sad, angry. Like the original, train is half `others`, dev
and test are 85 % `others`; dev and test also use templates and fillers that train never shows.

Only `random.Random.random` is used, whose sequence Python keeps across versions, and no `hash`, so
the same seed gives the same rows everywhere.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

import numpy as np

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.shipped import read_shipped
from emoscope.errors import InputError
from emoscope.reading.errors import BadRows
from emoscope.strict import parse
from emoscope.taxonomy import Taxonomy

__all__ = ["LABELS", "SIZES", "SampleRow", "generate_conversations", "load", "write"]

LABELS = ("others", "happy", "sad", "angry")
SIZES = {"train": 3000, "dev": 1000, "test": 1000}
HEADER = ("id", "turn1", "turn2", "turn3", "label")

_EMOTION_SHARE = {"train": 1 / 6, "dev": 0.05, "test": 0.05}
_LABEL_NOISE = 0.02
_EMOJI_SHARE = {"others": 0.10, "happy": 0.26, "sad": 0.24, "angry": 0.22}
# One template or filler in this many is never seen in train; short slots are shared entirely.
_HELD_OUT_EVERY = 8
# Templates that end in a closer say nothing by their last turn: only context decides. They are
# drawn more often, because they are what a model of conversations is for.
_CONTEXT_WEIGHT = 3

_SLOT = re.compile(r"\{(\w+)\}")
_ABBREVIATIONS = {
    "you": "u", "are": "r", "your": "ur", "please": "plz", "thanks": "thx", "why": "y",
    "because": "coz", "and": "n", "to": "2", "for": "4", "what": "wat", "okay": "k", "ok": "k",
    "really": "rly", "tomorrow": "tmrw", "today": "2day", "people": "ppl", "don't": "dont",
    "with": "wid", "have": "hv", "about": "abt", "great": "gr8", "before": "b4", "right": "rite",
    "friend": "frnd", "good": "gud", "night": "nite", "tell": "tel", "very": "vry", "the": "d",
}  # fmt: skip
_STRETCHABLE = {
    "so", "no", "yes", "very", "really", "please", "what", "why", "hey", "love", "bad", "good",
    "wow", "much", "haha", "ok", "aww", "hi", "bye",
}  # fmt: skip

T = TypeVar("T")


class SampleRow(NamedTuple):
    """One conversation: its number as text, three turns, the label of the last one."""

    id: str
    turns: tuple[str, str, str]
    label: str


@dataclass(frozen=True)
class _Material:
    """Templates by label, fillers by slot, emoji by label; for train, less what is held out."""

    templates: dict[str, tuple[str, ...]]
    slots: dict[str, tuple[str, ...]]
    emoji: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Habits:
    """How one person types; the shares are chances for each word or turn."""

    abbreviates: float
    drops_apostrophes: bool
    capitalises: bool
    shouts: float
    mistypes: float
    stretches: float


def generate_conversations(split: str, seed: int = 0, size: int | None = None) -> list[SampleRow]:
    """Generate one split.

    No conversation (case aside) can be in two splits, whatever the seeds and sizes.

    Args:
        split: `train`, `dev` or `test`.
        seed: seed of the split; the same seed gives the same rows on every machine.
        size: number of rows; by default `SIZES[split]`.

    Returns:
        `size` rows with ids `"0"`, `"1"`, …

    Raises:
        InputError: if the split is unknown or the size is less than 1.
    """
    if split not in SIZES:
        raise InputError(f"the sample corpus has the splits {', '.join(SIZES)}, not {split!r}")
    count = SIZES[split] if size is None else size
    if count < 1:
        raise InputError(f"size must be at least 1, got {count}")
    rng = Random(f"{split}:{seed}")  # noqa: S311 - text to learn from, not a secret
    material = _read_material(held_out=split == "train")
    rows = []
    for number, label in enumerate(_draw_labels(split, count, rng)):
        content = label
        if rng.random() < _LABEL_NOISE:
            content = _pick([other for other in LABELS if other != label], rng)
        turns = _make_conversation(content, material, rng)
        while _find_split_of_turns(turns) != split:
            turns = _make_conversation(content, material, rng)
        rows.append(SampleRow(str(number), turns, label))
    return rows


def load_split(root: Path, split: str, *, bad_rows: BadRows = "stop") -> Corpus:
    """`load` as the registry calls every corpus: there are no files to read, and no bad rows."""
    return load(split)


def load(split: str, seed: int = 0) -> Corpus:
    """A split as a corpus with EmoContext's labels.

    Args:
        split: `train`, `dev` or `test`.
        seed: the random seed of the generation.
    """
    rows = generate_conversations(split, seed)
    taxonomy = Taxonomy.load("emocontext")
    labels = np.eye(len(taxonomy), dtype=np.float32)[[taxonomy.index(row.label) for row in rows]]
    ids, turns = [row.id for row in rows], [list(row.turns) for row in rows]
    return Corpus.from_rows("sample", taxonomy, ids, turns, labels)


def write(folder: Path, seed: int = 0) -> None:
    """Write `train.txt`, `dev.txt` and `test.txt` in EmoContext's layout.

    Tab-separated UTF-8 with the header `id turn1 turn2 turn3 label` and one row a line.

    Args:
        folder: where to write; made if it does not exist.
        seed: seed of all three splits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for split in SIZES:
        lines = [
            HEADER,
            *((row.id, *row.turns, row.label) for row in generate_conversations(split, seed)),
        ]
        text = "".join("\t".join(line) + "\n" for line in lines)
        (folder / f"{split}.txt").write_text(text, encoding="utf-8", newline="\n")


@cache
def _read_material(held_out: bool) -> _Material:
    """Read the material; with `held_out`, leave out what only dev and test may use."""
    data = parse(read_shipped("sample.yaml"), ".yaml")

    def kept(items: list[str]) -> tuple[str, ...]:
        if not held_out or len(items) < _HELD_OUT_EVERY:
            return tuple(items)
        return tuple(x for i, x in enumerate(items, 1) if i % _HELD_OUT_EVERY)

    def weighted(templates: Sequence[str]) -> tuple[str, ...]:
        return tuple(
            x for x in templates for _ in range(_CONTEXT_WEIGHT if x.endswith("{closer}") else 1)
        )

    return _Material(
        templates={k: weighted(kept(v.splitlines())) for k, v in data["templates"].items()},
        slots={k: kept([x.strip() for x in v.split(";")]) for k, v in data["slots"].items()},
        emoji={k: tuple(v.split()) for k, v in data["emoji"].items()},
    )


def _draw_labels(split: str, size: int, rng: Random) -> list[str]:
    """The labels of a split in random order, in the shares of the split."""
    each = round(size * _EMOTION_SHARE[split])
    if size >= len(LABELS):
        each = max(each, 1)
    labels = [name for name in LABELS[1:] for _ in range(each)]
    labels += [LABELS[0]] * (size - len(labels))
    order = [rng.random() for _ in labels]
    return [labels[i] for i in sorted(range(size), key=order.__getitem__)]


def _find_split_of_turns(turns: Sequence[str]) -> str:
    """The only split that may hold a conversation, decided by a checksum of its words."""
    return tuple(SIZES)[zlib.crc32("\t".join(turns).lower().encode()) % len(SIZES)]


def _make_conversation(content: str, material: _Material, rng: Random) -> tuple[str, str, str]:
    first, second, third = (
        _fill(turn.strip(), material, rng)
        for turn in _pick(material.templates[content], rng).split("|")
    )
    person = _draw_habits(content, rng)
    bot = _Habits(0.0, rng.random() < 0.2, rng.random() < 0.6, 0.0, 0.0, 0.02)
    turns = [
        _type_text(first, person, rng),
        _type_text(second, bot, rng),
        _type_text(third, person, rng),
    ]
    if rng.random() < _EMOJI_SHARE[content]:
        turns = _add_emoji(turns, material.emoji[content], rng)
    return turns[0], turns[1], turns[2]


def _draw_habits(content: str, rng: Random) -> _Habits:
    return _Habits(
        abbreviates=_pick((0.0, 0.0, 0.2, 0.6), rng),
        drops_apostrophes=rng.random() < 0.4,
        capitalises=rng.random() < 0.5,
        shouts=0.06 if content == "angry" else 0.02,
        mistypes=_pick((0.0, 0.02, 0.05), rng),
        stretches=0.1 if content == "others" else 0.2,
    )


def _fill(text: str, material: _Material, rng: Random) -> str:
    """Replace slots by fillers, which may hold slots themselves."""
    while _SLOT.search(text):
        text = _SLOT.sub(lambda found: _pick(material.slots[found[1]], rng), text)
    return text


def _type_text(text: str, habits: _Habits, rng: Random) -> str:
    """The text as a person with these habits would type it."""
    words = [_type_word(word, habits, rng) for word in text.split()]
    line = " ".join(words)
    if habits.drops_apostrophes:
        line = line.replace("'", "")
    roll = rng.random()
    if line[-1] in "?!":
        line = line + line[-1] * int(roll * 5) if roll < 0.5 else line
    elif roll < 0.2:
        line += _pick(("!", "!!", "..", "...", "....", "."), rng)
    if habits.capitalises:
        line = line[0].upper() + line[1:]
    return line.upper() if rng.random() < habits.shouts else line


def _type_word(word: str, habits: _Habits, rng: Random) -> str:
    """One word, perhaps abbreviated, stretched or mistyped."""
    bare = word.rstrip("?!.,")
    tail = word[len(bare) :]
    if bare in _ABBREVIATIONS and rng.random() < habits.abbreviates:
        return _ABBREVIATIONS[bare] + tail
    if bare in _STRETCHABLE and rng.random() < habits.stretches:
        return bare + bare[-1] * (2 + int(rng.random() * 4)) + tail
    if len(bare) > 3 and rng.random() < habits.mistypes:
        at = 1 + int(rng.random() * (len(bare) - 2))
        swapped = bare[:at] + bare[at + 1] + bare[at] + bare[at + 2 :]
        dropped = bare[:at] + bare[at + 1 :]
        doubled = bare[:at] + bare[at] + bare[at:]
        return _pick((swapped, dropped, doubled), rng) + tail
    return word


def _add_emoji(turns: list[str], pool: Sequence[str], rng: Random) -> list[str]:
    """Put one emoji up to three times after a turn, mostly the last, or instead of it."""
    emoji = _pick(pool, rng)
    # Emoticons are typed once; pictures are easily repeated.
    marks = emoji if emoji.isascii() else emoji * _pick((1, 1, 1, 2, 3), rng)
    at = _pick((0, 1, 2, 2, 2, 2), rng)
    changed = list(turns)
    changed[at] = marks if at == 2 and rng.random() < 0.12 else f"{turns[at]} {marks}"
    return changed


def _pick(items: Sequence[T], rng: Random) -> T:
    return items[int(rng.random() * len(items))]
