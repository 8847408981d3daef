"""The contract of a corpus: columns, shapes, and what is no corpus."""

import datasets
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.taxonomy import Label, Taxonomy

PAIR = Taxonomy("pair", (Label("joy", ("joy",)), Label("fear", ("fear",))), "fr")
EXCLUSIVE = Taxonomy("one", PAIR.labels, "en", exclusive=True)
NAN = float("nan")


def corpus(labels, taxonomy=PAIR, turns=None):
    count = len(labels)
    ids = [f"id{number}" for number in range(count)]
    return Corpus.from_rows("mine", taxonomy, ids, turns or [["a", "b"]] * count, labels)


def test_columns_and_views():
    made = Corpus.from_rows("mine", PAIR, ["x", "y"], [["a", "b"], ["c"]], [[1, 0], [0.5, 0]])
    assert made.data.features == datasets.Features(
        {
            "id": datasets.Value("string"),
            "turns": datasets.List(datasets.Value("string")),
            "language": datasets.Value("string"),
            "labels": datasets.List(datasets.Value("float32")),
        }
    )
    assert made.data.cache_files == []
    assert made.data[0] == {"id": "x", "turns": ["a", "b"], "language": "fr", "labels": [1.0, 0.0]}
    assert (made.ids, made.turns, made.languages) == (["x", "y"], [["a", "b"], ["c"]], ["fr", "fr"])
    assert made.labels.dtype == np.float32


def test_labels_and_what_is_labelled():
    made = corpus([[1, 0], [0, 0.25]])
    np.testing.assert_array_equal(made.labels, np.float32([[1, 0], [0, 0.25]]))
    assert made.labelled
    half = corpus([[1, 0], [NAN, NAN]])
    assert not half.labelled
    np.testing.assert_array_equal(half.labels, np.float32([[1, 0], [NAN, NAN]]))
    none = Corpus.from_rows("mine", EXCLUSIVE, ["x"], [["a"]], None, ["es"])
    assert np.isnan(none.labels).all()
    assert none.labels.shape == (1, 2)
    assert (none.labelled, none.languages) == (False, ["es"])


def test_an_empty_corpus():
    made = Corpus.from_rows("mine", PAIR, [], [], [])
    assert (len(made), made.ids, made.turns, made.labels.shape) == (0, [], [], (0, 2))
    assert len(corpus([[1, 0]]).select([])) == 0


@given(st.data())
@settings(deadline=None, max_examples=12)
def test_select_equals_the_obvious_one(data):
    count = data.draw(st.integers(1, 6))
    turns = data.draw(
        st.lists(st.lists(st.text(max_size=3), min_size=1), min_size=count, max_size=count)
    )
    made = corpus(np.eye(2)[np.arange(count) % 2], turns=turns)
    places = data.draw(st.lists(st.integers(0, count - 1), max_size=8))
    for chosen in (made.select(places), made.select(places).select(range(len(places)))):
        assert chosen.ids == [made.ids[place] for place in places]
        assert chosen.turns == [turns[place] for place in places]
        np.testing.assert_array_equal(chosen.labels, made.labels[places].reshape(-1, 2))


def test_a_selection_made_by_the_data_set_itself():
    made = corpus([[1, 0], [0, 1], [1, 1]])
    for rows in (made.data.select([2, 0]), made.data.select(range(1, 3))):
        view = Corpus("view", PAIR, rows)
        assert view.ids == rows["id"][:]
        np.testing.assert_array_equal(view.labels, np.float32(rows["labels"][:]))


@pytest.mark.parametrize("places", [[-1], [2], [0, 5]])
def test_select_outside_the_corpus(places):
    with pytest.raises(InputError, match="expected places from 0 to 1"):
        corpus([[1, 0], [0, 1]]).select(places)


@pytest.mark.parametrize(
    ("labels", "taxonomy", "message"),
    [
        ([[1, 0], [1, NAN]], PAIR, "id 'id1'.*or all of them NaN"),
        ([[1, 0], [2, 0]], PAIR, "id 'id1'.*from 0 to 1"),
        ([[-0.1, 0]], PAIR, "id 'id0'"),
        ([[float("inf"), 0]], PAIR, "id 'id0'"),
        ([[1, 0], [1, 1]], EXCLUSIVE, "id 'id1'.*a single 1"),
        ([[0, 0]], EXCLUSIVE, "a single 1"),
        ([[0.5, 0.5]], EXCLUSIVE, "a single 1"),
        ([[1, 0.5]], EXCLUSIVE, "a single 1"),
        ([[1, 0, 0]], PAIR, r"\(1, 2\).*\(1, 3\)"),
        ([1], PAIR, r"\(1, 2\).*\(1,\)"),
        ([[1, 0], [1]], PAIR, "expected numbers of shape"),
        ([["joy", "fear"]], PAIR, "expected numbers of shape"),
    ],
)
def test_labels_that_do_not_fit(labels, taxonomy, message):
    with pytest.raises(InputError, match=message):
        corpus(labels, taxonomy)


def test_columns_of_other_lengths():
    with pytest.raises(InputError, match=r"1 ids.*got 2, 1"):
        Corpus.from_rows("mine", PAIR, ["x"], [["a"], ["b"]], [[1, 0]])
    with pytest.raises(InputError, match="got 1, 2"):
        Corpus.from_rows("mine", PAIR, ["x"], [["a"]], [[1, 0]], ["en", "fr"])


def test_rows_without_text():
    with pytest.raises(InputError, match=r"id 'id1'.*at least one turn"):
        corpus([[1, 0], [1, 0]], turns=[["a"], []])
    with pytest.raises(InputError, match="got null"):
        corpus([[1, 0]], turns=[[None]])
    with pytest.raises(InputError, match="'id' in each row, got 1 nulls"):
        Corpus.from_rows("mine", PAIR, [None], [["a"]], [[1, 0]])


def test_a_data_set_of_other_columns_or_other_labels():
    data = datasets.Dataset.from_dict({"text": ["a"]})
    with pytest.raises(InputError, match="expected a table with the columns"):
        Corpus("mine", PAIR, data)
    triple = Taxonomy("triple", (*PAIR.labels, Label("awe", ("awe",))))
    with pytest.raises(InputError, match=r"3 values \(joy, fear, awe\), got 2 values"):
        Corpus("mine", triple, corpus([[1, 0]]).data)


def test_by_language():
    """Each language's examples in their order, the languages in the order they first come."""
    codes = ["fr", "en", "fr", "es", "en"]
    labels = [[1, 0], [0, 1], [1, 1], [0, 0], [NAN, NAN]]
    ids, turns = list("vwxyz"), [["a"], ["b", "c"], ["d"], ["e"], ["f"]]
    made = Corpus.from_rows("mine", PAIR, ids, turns, labels, codes)
    parts = made.by_language()
    assert {code: part.ids for code, part in parts.items()} == {
        "fr": ["v", "x"],
        "en": ["w", "z"],
        "es": ["y"],
    }
    assert list(parts) == ["fr", "en", "es"]
    for code, part in parts.items():
        places = [ids.index(one) for one in part.ids]
        assert part.languages == [code] * len(part)
        assert part.turns == [turns[place] for place in places]
        np.testing.assert_array_equal(part.labels, np.float32(labels)[places])
        assert (part.name, part.taxonomy) == ("mine", PAIR)


def test_a_corpus_of_one_language_is_its_own_part():
    made = corpus([[1, 0], [0, 1]])
    (code,) = made.by_language()
    assert code == "fr"
    assert made.by_language()["fr"] is made
    assert Corpus.from_rows("mine", PAIR, [], [], []).by_language() == {}


def test_with_taxonomy_describes_the_same_labels():
    made = corpus([[1, 0], [0, 1]])
    other = Taxonomy("pair", (Label("joy", ("joie",)), Label("fear", ("peur", "crainte"))), "fr")
    described = made.with_taxonomy(other)
    assert described.taxonomy is other
    assert described.ids == made.ids
    np.testing.assert_array_equal(described.labels, made.labels)
    assert made.taxonomy is PAIR


@pytest.mark.parametrize("names", [("fear", "joy"), ("joy",), ("joy", "fear", "awe")])
def test_with_taxonomy_takes_no_other_labels(names):
    other = Taxonomy("other", tuple(Label(name, (name,)) for name in names))
    with pytest.raises(InputError, match=r"'mine': expected the labels joy, fear, got"):
        corpus([[1, 0]]).with_taxonomy(other)


def test_with_taxonomy_takes_no_exclusive_one_where_a_text_has_several():
    with pytest.raises(InputError, match="a single 1"):
        corpus([[1, 1]]).with_taxonomy(EXCLUSIVE)


TRIPLE = Taxonomy("triple", (*PAIR.labels, Label("awe", ("awe",))), "fr", ignored=("awe",))


def test_without_leaves_columns_out():
    made = Corpus.from_rows(
        "mine",
        TRIPLE,
        ["x", "y", "z"],
        [["a"], ["b", "c"], ["d"]],
        [[1, 0, 0.5], [0, 0, 1], [NAN] * 3],
        ["en", "fr", "en"],
    )
    left = made.without("joy")
    assert left.taxonomy.names == ("fear", "awe")
    assert left.taxonomy.ignored == ("awe",)
    np.testing.assert_array_equal(left.labels, np.float32([[0, 0.5], [0, 1], [NAN, NAN]]))
    assert (left.name, left.ids, left.turns) == (made.name, made.ids, made.turns)
    assert left.languages == made.languages
    assert made.without("awe", "fear").taxonomy.names == ("joy",)
    assert made.without() is made


@pytest.mark.parametrize("names", [("pride",), ("joy", "pride"), ("joy", "fear", "awe")])
def test_without_what_is_not_there_or_everything(names):
    with pytest.raises(InputError):
        corpus([[1, 0, 0]], TRIPLE).without(*names)


def test_exclusive_labels_cannot_be_left_out():
    made = corpus([[1, 0], [0, 1]], EXCLUSIVE)
    with pytest.raises(InputError, match="exclude each other cannot be left out"):
        made.without("joy")
    assert made.without() is made
