import hashlib
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import yaml

from emoscope.corpora import emoji
from emoscope.corpora.feelings import load_feelings
from emoscope.corpora.registry import load_corpus
from emoscope.errors import InputError
from emoscope.recipes.schema import CorpusSection
from emoscope.taxonomy import Taxonomy
from emoscope.text.emoji import space_emoji, to_canonical
from emoscope.text.pipeline import StepSpec, TextPipeline

MATERIAL = emoji.load_material()
SPLITS = {split: emoji.generate_emoji_texts(split) for split in emoji.SIZES}
LABELS = Taxonomy.load("goemotions").names
SMALL = {
    "emoji": {
        "😀": {"labels": {"joy": 1, "love": 0.5}},
        "🤷": {"labels": {"confusion": 1}, "genders": True},
    },
    "frequent": ["😀"],
    "carriers": ["It is late."],
}


def read(**changes):
    return emoji.read_material(yaml.safe_dump(SMALL | changes, allow_unicode=True, sort_keys=False))


def marks_of(text):
    return [token for token in space_emoji(text).split() if token in MATERIAL.emoji]


def digest(rows):
    lines = [f"{row.text}\t{sorted(row.labels.items())}" for row in rows]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def test_material_is_rich():
    assert len(MATERIAL.emoji) >= 180
    assert len(MATERIAL.carriers) >= 120
    assert sum(set(each.labels) == {"neutral"} for each in MATERIAL.emoji.values()) >= 50
    assert {each.main for each in MATERIAL.emoji.values()} == set(LABELS)


def test_further_words_are_of_the_inventory_and_no_labels():
    forms = {form for family in load_feelings().values() for form in family}
    words = {word for each in MATERIAL.emoji.values() for word in each.words}
    assert words <= forms - set(LABELS)
    assert len(words) >= 60


@pytest.mark.parametrize(
    ("mark", "main"),
    [
        ("😂", "amusement"), ("🤣", "amusement"), ("😍", "love"), ("😭", "sadness"),
        ("🙏", "gratitude"), ("🥰", "love"), ("🤬", "anger"), ("👍", "approval"), ("📅", "neutral"),
    ],
)  # fmt: skip
def test_what_readers_expect(mark, main):
    assert MATERIAL.emoji[mark].main == main


@pytest.mark.parametrize("split", emoji.SIZES)
def test_sizes_and_labels(split):
    rows = SPLITS[split]
    assert [row.id for row in rows] == [str(number) for number in range(emoji.SIZES[split])]
    assert len({row.text for row in rows}) == len(rows)
    for row in rows:
        assert set(row.labels) <= set(LABELS)
        assert set(row.labels.values()) <= {0.5, 1.0}
        assert row.text == " ".join(row.text.split())


def test_labels_are_those_of_the_emoji_in_the_text():
    for rows in SPLITS.values():
        for row in rows:
            marks = marks_of(row.text)
            expected = {} if marks else {"neutral": 1.0}
            for mark in marks:
                for name, weight in MATERIAL.emoji[mark].labels.items():
                    expected[name] = max(weight, expected.get(name, 0))
            assert row.labels == expected
            assert len({MATERIAL.emoji[mark].main for mark in marks}) <= 1


def test_no_text_and_no_sentence_is_in_two_splits():
    texts = Counter(row.text for rows in SPLITS.values() for row in rows)
    assert max(texts.values()) == 1
    seen = {}
    for split, rows in SPLITS.items():
        bare = {row.text for row in rows if not marks_of(row.text)}
        assert bare <= set(MATERIAL.carriers)
        for carrier in bare:
            assert seen.setdefault(carrier, split) == split
        held = [row.text for row in rows if any(carrier in row.text for carrier in bare)]
        assert len(held) > len(rows) / 2
    assert set(seen) == set(MATERIAL.carriers)
    for split, rows in SPLITS.items():
        others = [carrier for carrier, place in seen.items() if place != split]
        assert not any(carrier in row.text for row in rows for carrier in others)


def test_train_shows_every_emoji_alone_and_behind_sentences():
    texts = [row.text for row in SPLITS["train"]]
    assert {each.spelling for each in MATERIAL.emoji.values()} <= set(texts)
    behind = Counter(mark for text in texts if text[0].isascii() for mark in set(marks_of(text)))
    assert set(behind) == set(MATERIAL.emoji)
    often = np.mean([behind[mark] for mark in MATERIAL.frequent])
    rest = np.mean([n for mark, n in behind.items() if mark not in MATERIAL.frequent])
    assert often > 2 * rest


def test_emoji_come_repeated_in_pairs_and_before_sentences():
    for rows in SPLITS.values():
        texts = [row.text for row in rows]
        alone = [marks_of(text) for text in texts if not any(map(str.isalpha, text))]
        assert any(len(marks) == 2 and len(set(marks)) == 1 for marks in alone)
        assert any(len(marks) == 3 and len(set(marks)) == 1 for marks in alone)
        assert sum(len(set(marks)) == 2 for marks in alone) >= 40
        assert any(not text[0].isascii() and text[-1].isascii() for text in texts)


def test_cleaning_turns_every_emoji_into_words_whatever_its_skin():
    clean = TextPipeline([StepSpec("emoji_words", {"language": "en"})])
    for row in SPLITS["train"]:
        assert clean([row.text])[0].replace("’", "").isascii()
    assert to_canonical("🙏🏿") in MATERIAL.emoji
    assert clean(["🙏🏿"]) == clean(["🙏"])
    genders = [MATERIAL.emoji[form] for form in ("🤷", "🤷\u200d♀", "🤷\u200d♂")]
    assert len({each.labels["confusion"] for each in genders}) == 1
    assert len({clean([each.spelling])[0] for each in genders}) == 3


def test_texts_never_change():
    """Whoever changes the material or the generator changes every figure measured on it."""
    assert {split: digest(rows) for split, rows in SPLITS.items()} == {
        "train": "13fea0a23480938d",
        "dev": "ed70c27ca6bf9b77",
        "test": "756f9bcf9e9cc246",
    }


def test_equal_in_another_process_with_another_hash_seed():
    code = (
        "import sys; from emoscope.corpora import emoji; sys.stdout.reconfigure(encoding='utf-8');"
        "sys.stdout.write('\\n'.join(row.text for row in emoji.generate_emoji_texts('dev')))"
    )
    command = [sys.executable, "-X", "utf8", "-c", code]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert done.stdout.decode().split("\n") == [row.text for row in SPLITS["dev"]]


def test_a_corpus_by_name(tmp_path):
    corpus = load_corpus(CorpusSection(name="emoji"), tmp_path, "dev")
    assert corpus.taxonomy == Taxonomy.load("goemotions")
    assert corpus.turns == [[row.text] for row in SPLITS["dev"]]
    first = dict(zip(LABELS, corpus.labels[0].tolist(), strict=True))
    assert {name: value for name, value in first.items() if value} == SPLITS["dev"][0].labels


def test_an_unknown_split_is_refused():
    with pytest.raises(InputError, match="train, dev, test, not 'valid'"):
        emoji.generate_emoji_texts("valid")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"emoji": {"x": {"labels": {"joy": 1}}}}, "emoji as keys, got 'x'"),
        ({"emoji": {"😀": {"labels": {"joi": 1}}}}, "did you mean joy"),
        ({"emoji": {"😀": {"labels": {"joy": 0.7}}}}, "must be 1 or 0.5, got 0.7"),
        ({"emoji": {"😀": {"labels": {"joy": True}}}}, "must be 1 or 0.5, got True"),
        ({"emoji": {"😀": {"labels": {"joy": 0.5, "love": 1}}}}, "Put the main one first"),
        ({"emoji": {"😀": {"labels": {}}}}, "first label must have the weight 1"),
        ({"emoji": {"😀": {}}}, "lacks labels"),
        ({"emoji": {"😀": {"labels": {"joy": 1}, "genders": True}}}, "emoji as keys, got '😀.+'"),
        ({"emoji": {"😀": {"labels": {"joy": 1}, "words": ["love"]}}}, "'love' is a label"),
        (
            {"emoji": {mark: {"labels": {"love": 1}} for mark in ("❤", "❤\ufe0f", "😀")}},
            "emoji '❤' more than once",
        ),
        ({"frequent": ["😢"]}, "'frequent' has '😢', which 'emoji' has not"),
        ({"carriers": ["So late 😀"]}, "must have no emoji"),
        ({"carriers": ["late", "late"]}, "more than once"),
        ({"more": []}, "unknown key 'more'"),
    ],
)
def test_a_bad_table_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        read(**changes)


def test_genders_share_a_line():
    material = read()
    assert list(material.emoji) == ["😀", "🤷", "🤷\u200d♀", "🤷\u200d♂"]
    assert material.emoji["🤷\u200d♀"].labels == {"confusion": 1.0}
    assert material.emoji["😀"].main == "joy"
