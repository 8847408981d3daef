"""Which feelings a phrase names, and which it only seems to name."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.corpora import event2mind_answers
from emoscope.corpora.event2mind_answers import find_feelings
from emoscope.taxonomy import Taxonomy

NAMES = Taxonomy.load("event2mind").names


@pytest.mark.parametrize(
    ("phrase", "labels"),
    [
        ("happy", "happy"),
        ("Happy.", "happy"),
        ("very  angry", "angry"),
        ("so happy, tired/proud and excited", "happy, tired, proud, excited"),
        ("like they are loved", "loved"),
        ("feels a bit nervous about himself", "nervous"),
        ("contented with himself", "content"),
        ("embarassed & releived", "embarrassed, relieved"),
        ("satisified; exhilerated; accomlished", "satisfied, exhilarated, accomplished"),
        ("happy that they weren't late", "happy"),
        ("relieved the dog is safe", "relieved"),
        ("re leaved happy", "relieved, happy"),
        ("left out", "left out"),
        ("full of joy", "joyful"),
        ("a sense of accomplishment", "accomplished"),
        ("more self conscious", "self-conscious"),
        ("wanted by his friends", "wanted"),
        ("proud of themselves for helping", "proud"),
        # No feeling, or not theirs.
        ("none", ""),
        ("helpful", ""),
        ("not happy", ""),
        ("less worried", ""),
        ("no longer sad", ""),
        ("a safe driver", ""),
        ("wanted to leave", ""),
        ("lost the game", ""),
        ("stress free", ""),
        ("happiness-", "happy"),
        ("", ""),
    ],
)
def test_named_feelings(phrase, labels):
    assert find_feelings([phrase]) == set(filter(None, labels.split(", ")))


def test_several_phrases_name_a_feeling_once():
    assert find_feelings(["sad", "sadness, sad", "upset"]) == {"sad", "upset"}
    assert find_feelings([]) == set()


def test_every_label_names_itself():
    for name in NAMES:
        assert find_feelings([f"very {name}"]) == {name}


def test_the_words_fit_together():
    path = event2mind_answers.files("emoscope.corpora").joinpath("data", "event2mind_answers.yaml")
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    forms = [form for words in data["forms"].values() for form in words]
    assert set(data["forms"]) <= set(NAMES)
    assert len(forms) == len(set(forms))
    assert not set(forms) & set(NAMES)
    assert set(data["transitive"].split()) | set(data["passive"].split()) <= set(NAMES)
    before, after = set(data["before"].split()), set(data["after"].split())
    assert not (before | after) & (set(NAMES) | set(forms))


@given(st.lists(st.text(max_size=20), max_size=2))
@settings(max_examples=40)
def test_any_text_is_read(phrases):
    assert find_feelings(phrases) <= set(NAMES)
