"""Figures of a model on a corpus: which examples and labels count, averages over languages."""

import logging

import numpy as np
import pytest

from emoscope.calibration import Calibration
from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import evaluate, with_groups
from emoscope.inference.annotator import Annotator
from emoscope.metrics.classification import report
from emoscope.metrics.metric import AVERAGED, read_metric
from emoscope.taxonomy import Taxonomy

LABELS = Taxonomy.load("joy, fear, awe")
NAN = float("nan")


class Fixed:
    """A backend whose logits are the numbers in the text."""

    def encode(self, conversations):
        return [[float(x) for x in " ".join(turns).split()] for turns in conversations]

    def logits(self, encoded):
        return np.array(encoded, dtype=np.float32)


ANNOTATOR = Annotator(Fixed(), LABELS, Calibration())


def corpus(logits, labels, languages=None, taxonomy=LABELS):
    ids = [str(place) for place in range(len(logits))]
    turns = [[" ".join(map(str, row))] for row in logits]
    return Corpus.from_rows("mine", taxonomy, ids, turns, labels, languages)


@pytest.fixture(scope="module")
def several():
    """Texts in three languages, 5, 12 and 3 of them."""
    rng = np.random.default_rng(0)
    languages = rng.permutation(["en"] * 5 + ["es"] * 12 + ["ar"] * 3).tolist()
    return corpus(rng.normal(size=(20, 3)), rng.integers(0, 2, (20, 3)), languages)


def test_averages_over_languages(several):
    measured = evaluate(ANNOTATOR, several)
    languages = np.array(several.languages)
    expected = {}
    for language in ("en", "es", "ar"):
        rows = languages == language
        decisions = measured.probabilities[rows] >= 0.5
        expected[language] = report(several.labels[rows], decisions, LABELS)
    assert measured.languages == expected
    sizes = {"en": 5, "es": 12, "ar": 3}
    averages = measured.over_languages()
    assert set(averages) == {"macro", "weighted"}
    for name in AVERAGED:
        of = {language: one.metrics()[read_metric(name)] for language, one in expected.items()}
        assert len(set(of.values())) > 1, "the test needs figures that differ"
        assert averages["macro"][name] == pytest.approx(sum(of.values()) / 3)
        weighted = sum(size * of[language] for language, size in sizes.items()) / 20
        assert averages["weighted"][name] == pytest.approx(weighted)
    figures = measured.to_dict()
    assert figures["over_languages"] == averages
    assert figures["languages"]["es"] == expected["es"].to_dict()


def test_one_language_has_no_averages_over_languages():
    figures = evaluate(ANNOTATOR, corpus([[1, -1, 1]], [[1, 0, 1]])).to_dict()
    assert not {"languages", "over_languages"} & set(figures)


def test_unlabelled_examples_are_left_out_and_counted(caplog):
    logits = [[1, -1, 1], [2, 2, 2], [-1, 1, -1]]
    part = corpus(logits, [[1, 0, 1], [NAN] * 3, [0, 1, 1]])
    whole = corpus([logits[0], logits[2]], [[1, 0, 1], [0, 1, 1]])
    with caplog.at_level(logging.WARNING):
        assert evaluate(ANNOTATOR, part).to_dict() == evaluate(ANNOTATOR, whole).to_dict()
    assert caplog.messages == ["mine: 1 of 3 texts left out, as unlabelled."]
    with pytest.raises(InputError, match=r"mine: expected texts labelled .*joy, fear, awe"):
        evaluate(ANNOTATOR, corpus(logits, None))


def test_only_the_labels_that_both_know_count():
    """Whichever side has more, and in whatever order."""
    logits, labels = [[1, -1, 1], [-1, 1, -1]], np.array([[1, 0, 1], [0, 0, 1]])
    other = Taxonomy.load("pride, awe, joy")
    wide = np.column_stack([[1, 1], labels[:, 2], labels[:, 0]])
    measured = evaluate(ANNOTATOR, corpus(logits, wide, taxonomy=other))
    assert measured.taxonomy.names == ("joy", "awe")
    expected = report(labels[:, [0, 2]], np.array(logits)[:, [0, 2]] > 0, measured.taxonomy)
    assert measured.report == expected
    with pytest.raises(InputError, match=r"joy, fear, awe; mine has pride, relief"):
        evaluate(ANNOTATOR, corpus(logits, labels[:, :2], taxonomy=Taxonomy.load("pride, relief")))


def test_labels_are_compared_whatever_their_case():
    logits, labels = [[1, -1, 1], [-1, 1, -1]], np.array([[1, 0, 1], [0, 0, 1]])
    shouted = corpus(logits, labels, taxonomy=Taxonomy.load("JOY, Fear, awe"))
    assert (
        evaluate(ANNOTATOR, shouted).to_dict()
        == evaluate(ANNOTATOR, corpus(logits, labels)).to_dict()
    )


def test_labels_made_of_those_of_a_corpus_are_measured_against_their_parts():
    """An example has a group if it has one of its labels; a group of others is as it was."""
    own = Taxonomy.load("joy, love, anger, pride")
    gold = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    rows = Corpus.from_rows("mine", own, list("abcd"), [["3 -3 0"]] * 4, gold)
    asked = Taxonomy(
        "asked",
        Taxonomy.load("joy, anger, warm").labels,
        made_of={"joy": ("joy", "love"), "anger": ("anger", "annoyance")},
    )
    found = with_groups(rows, asked)
    assert found.taxonomy.names == ("joy", "anger", "pride")
    assert found.labels.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]]
    measured = evaluate(Annotator(Fixed(), asked, Calibration()), rows)
    assert measured.taxonomy.names == ("joy", "anger")
    assert measured.report.labels["joy"].support == 2
    assert measured.report.labels["joy"].precision == 0.5
    assert with_groups(rows, LABELS) is rows
    assert with_groups(found, asked) is found


def test_a_label_that_is_given_itself_counts_beside_its_parts():
    """As where coders wrote `positive`, and a table may have its parts as well."""
    own = Taxonomy.load("joy, love, positive")
    gold = np.array([[0, 0, 1], [1, 0, 0], [0, 0, 0]])
    rows = Corpus.from_rows("mine", own, list("abc"), [["0"]] * 3, gold)
    asked = Taxonomy(
        "asked", Taxonomy.load("positive,").labels, made_of={"positive": ("joy", "love")}
    )
    assert with_groups(rows, asked).labels.tolist() == [[1], [1], [0]]
