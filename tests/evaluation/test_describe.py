"""Figures about a corpus, against figures counted by hand."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.evaluation.describe import describe
from emoscope.taxonomy import Label, Taxonomy

PAIR = Taxonomy("pair", (Label("joy", ("joy",)), Label("fear", ("fear",))), "en")
NAN = float("nan")


def corpus(turns, labels=None):
    return Corpus.from_rows("mine", PAIR, [str(n) for n in range(len(turns))], turns, labels)


TURNS = [["so glad", "me too 😀"], ["hm"], ["a b c d e"], ["Glad"]]
LABELS = [[1, 0], [1, 1], [NAN, NAN], [0.4, 0.6]]


def test_figures_counted_by_hand():
    got = describe(corpus(TURNS, LABELS), cutoff=4)
    assert (got.conversations, got.labelled) == (4, 3)
    assert got.class_shares == pytest.approx({"joy": 200 / 3, "fear": 200 / 3})
    assert got.emoji_share == 25
    assert (got.token_mean, got.token_median, got.token_max) == (3.0, 3.0, 5)
    assert (got.token_p95, got.token_p99) == (5, 5)
    assert (got.cutoff, got.within_cutoff) == (4, 50)
    assert got.types == 12
    assert got.turns_per_example == 1.25
    assert got.labels_per_example == pytest.approx(4 / 3)
    assert got.length_counts == (0, 2, 0, 0, 0, 2)


def test_the_pipeline_cleans_before_counting():
    got = describe(
        corpus(TURNS), lambda turns: [" <eos> ".join(turns).lower().replace("😀", "")], cutoff=5
    )
    assert got.types == 11  # "Glad" is "glad", the emoji is gone, <eos> is new
    assert got.length_counts == (0, 2, 0, 0, 0, 2)
    assert got.emoji_share == 25
    assert got.within_cutoff == 100


def test_without_labels():
    got = describe(corpus(TURNS))
    assert (got.labelled, got.class_shares, got.labels_per_example) == (0, {}, None)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=30), st.integers(1, 40))
@settings(deadline=None, max_examples=40)
def test_lengths_equal_the_obvious_ones(lengths, cutoff):
    got = describe(corpus([["w " * length] for length in lengths]), cutoff=cutoff)
    ordered = sorted(lengths)
    assert got.token_max == ordered[-1]
    assert got.token_mean == pytest.approx(sum(lengths) / len(lengths))
    for percent, value in ((95, got.token_p95), (99, got.token_p99)):
        assert value == next(
            each
            for each in ordered
            if 100 * sum(other <= each for other in lengths) >= percent * len(lengths)
        )
    inside = sum(length <= cutoff for length in lengths)
    assert got.within_cutoff == pytest.approx(100 * inside / len(lengths))


def test_to_dict_is_plain_json():
    figures = describe(corpus(TURNS, LABELS)).to_dict()
    assert json.loads(json.dumps(figures)) == figures
    assert figures["token_max"] == 5
    assert "length_counts" not in figures


def test_what_cannot_be_described():
    with pytest.raises(InputError, match="at least one example"):
        describe(corpus([]))
    with pytest.raises(InputError, match="at least 1 token, got 0"):
        describe(corpus(TURNS), cutoff=0)
