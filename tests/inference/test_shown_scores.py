"""How an annotator and its scores are shown: in a line, and as a table of a notebook."""

import copy
import json
import pickle

import pytest

from emoscope.calibration import Calibration
from emoscope.inference.annotator import Annotator
from emoscope.inference.ranking import Score, ScoredTexts, ScoreList
from emoscope.taxonomy import Taxonomy
from tests.inference.fakes import Fixed, lengths

MANY = ScoreList([Score(f"label {n}", 0.9 - n / 50) for n in range(28)])


@pytest.fixture
def fixed():
    return Annotator(Fixed(), Taxonomy.load("emocontext"), Calibration())


def test_an_annotator_says_what_it_scores(fixed):
    assert repr(fixed) == "Annotator(one of 4 labels: others, happy, sad, …)"
    english = Annotator(Fixed(), Taxonomy.load("joy, fear"), Calibration(), ["en"])
    assert repr(english) == "Annotator(2 labels: joy, fear; reads en)"


def test_scores_are_shown_in_a_line(fixed):
    found = fixed.annotate(["1 3 2 0", "0 0 0 0"], top_k=2)
    assert repr(found) == "[[happy 0.64, sad 0.24],\n [others 0.25, happy 0.25]]"
    assert repr(MANY) == "[label 0 0.90, label 1 0.88, label 2 0.86, … 25 more]"
    assert repr(ScoredTexts([[]] * 1010)).endswith(" [],\n … 1,000 more]")
    assert (repr(ScoreList()), repr(ScoredTexts())) == ("[]", "[]")


def test_scores_stay_lists(fixed):
    found = fixed.annotate(["1 3 2 0"])
    plain = [[tuple(score) for score in scores] for scores in found]
    assert found == plain
    assert json.loads(json.dumps(found)) == [[list(pair) for pair in plain[0]]]
    for other in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert (other, other.texts) == (found, found.texts)


def test_a_notebook_shows_the_texts_beside_their_labels():
    several = lengths(False)
    found = several.annotate(["<script>alert(1)</script> & \x1b[31m", ["a", "b"]], top_k=1)
    shown = found._repr_html_()
    assert "<script" not in shown
    assert "\x1b" not in shown
    assert "&lt;script&gt;" in shown
    assert "a / b" in shown
    assert "others 1.00" in shown
    found.append([])
    assert "a / b" not in found._repr_html_(), "the texts no longer fit"


def test_tables_are_short():
    one = MANY._repr_html_()
    assert one.count("<tr") == 21
    assert "8 more" in one
    many = ScoredTexts([MANY] * 1000, [["x" * 1000]] * 1000)._repr_html_()
    assert many.count("<tr") == 21
    assert "980 more" in many
    assert len(many) < 10_000
    assert "none" in ScoredTexts([[]])._repr_html_()
