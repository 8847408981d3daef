"""Features have names, groups and the values that they tell of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.models.combiner.buffers import CharacterBuffer, WordBuffer
from emoscope.models.combiner.encoder import FeatureEncoder
from emoscope.models.combiner.lexicon import (
    Lexicon,
    add_emoji,
    load_shipped_words,
    read_emoji_names,
    read_words,
)
from emoscope.models.combiner.style import STYLE, measure_style


@pytest.fixture(scope="module")
def features(trained):
    return FeatureEncoder.load(ModelFolder.open(trained)).features


def value(features, turns, name):
    (place,) = [at for at, each in enumerate(features.columns) if each.name == name]
    return float(features.compute([turns])[0, place])


@pytest.mark.parametrize(
    ("turns", "name", "expected"),
    [
        (["x", "y", "WOW so coool!!"], "turn-1 exclamation marks", 2),
        (["x", "y", "WOW so coool!!"], "turn-1 capital letters", 3),
        (["x", "y", "WOW so coool!!"], "turn-1 lengthened letters", 1),
        (["x", "y", "WOW so coool!!"], "turn-1 runs of punctuation", 1),
        (["no, never", "y", "z"], "turn-3 words of negation", 2),
        (["no, never", "y", "z"], "turn-1 words of negation", 0),
        (["x", "😢 😢 ok", "z"], "turn-2 emoji", 2),
        (["a b", "c", "b d"], "overlap of turn-1 and turn-3", 1 / 3),
        (["a b", "c", "b d"], "overlap of turn-1 and turn-2", 0),
        (["one only?"], "turn-1 question marks", 1),
        (["one only?"], "turn-2 words", 0),
        (["one two", "three", "four", "five"], "turn-3 words", 3),
    ],
)
def test_a_feature_says_what_its_name_says(features, turns, name, expected):
    assert value(features, turns, name) == pytest.approx(expected)


def test_names_differ_and_groups_are_known(features):
    names = [each.name for each in features.columns]
    assert len(set(names)) == len(names)
    assert {each.group for each in features.columns} == set(features.groups)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=4))
def test_style_is_that_of_a_loop(texts):
    found = measure_style(CharacterBuffer.of(texts), WordBuffer.of(texts))
    assert found.shape == (len(texts), len(STYLE))
    for text, row in zip(texts, found, strict=True):
        assert row[STYLE.index("exclamation marks")] == text.count("!")
        assert row[STYLE.index("characters")] == sum(each != " " for each in text)
        digits = sum(each in "0123456789" for each in text)
        assert row[STYLE.index("digits")] == digits


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.text(max_size=30), min_size=1, max_size=5), max_size=5))
def test_any_text_has_finite_features_whatever_it_is_beside(features, conversations):
    together = features.compute(conversations)
    assert np.isfinite(together).all()
    for row, turns in zip(together, conversations, strict=True):
        assert np.allclose(features.compute([turns])[0], row, atol=1e-5)


def test_groups_can_be_switched_off(small):
    folder = small("model.features=[emoji, vectors]", "model.turns=2", "vectors.words=glove-6b-50d")
    columns = FeatureEncoder.load(ModelFolder.open(folder)).features.columns
    assert {each.group for each in columns} == {"emoji", "vectors"}
    assert sum(each.group == "vectors" for each in columns) == 2 * 50


def test_a_lexicon_counts_words_by_category():
    lexicon = Lexicon.of({"joy": {"glad", "fun"}, "all": {"fun"}})
    counts = lexicon.count(WordBuffer.of(["fun glad fun", "", "sad"]))
    assert counts.tolist() == [[3, 2], [0, 0], [0, 0]]
    assert "never" in load_shipped_words()["negation"]


def test_an_emoji_is_of_the_categories_of_the_words_of_its_name():
    lists = add_emoji({"sadness": {"crying", "broken"}, "joy": {"grinning"}, "none": {"xyz"}})
    lexicon = Lexicon.of(lists)
    found = lexicon.count(WordBuffer.of(["😢 crying 💔", "😀 😿", "🚀 cry"]))
    assert found.tolist() == [[3, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert lists["none"] == {"xyz"}
    every = read_emoji_names()
    assert len(every) < 10_000
    assert all(" " not in emoji for emoji in every)
    assert "no" in every["🙅"]
    assert every["👉"] == {"backhand", "index", "pointing"}


def test_emoji_count_in_the_lexicon_where_the_recipe_asks_for_it(small, features):
    folder = small("model.features=[lexicon]", "model.emoji_names=true")
    counting = FeatureEncoder.load(ModelFolder.open(folder)).features
    turns, name = ["x", "😢 😢 I am sad 👍🏽 ❤️", "z"], "turn-2 words of sadness"
    assert (value(counting, turns, name), value(features, turns, name)) == (3, 1)
    names = [each.name for each in counting.columns]
    assert names == [each.name for each in features.columns if each.group == "lexicon"]


def test_a_lexicon_of_ones_own_is_read(tmp_path):
    path = tmp_path / "nrc.txt"
    path.write_text("abandon\tfear\t1\nabandon\tjoy\t0\nGlad\tjoy\t1\n\nwell done\tjoy\t1\n")
    assert read_words(path) == {"fear": {"abandon"}, "joy": {"glad"}}
    path.write_text("abandon\tfear\t1\nabandon fear 1\n")
    with pytest.raises(InputError, match=r"nrc\.txt, line 2: .*'abandon fear 1'"):
        read_words(path)
    with pytest.raises(InputError, match="none"):
        read_words(tmp_path / "none.txt")
