"""Explanations of models whose reasons are known, and of trained ones."""

import json

import numpy as np
import pytest

from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.explain.explanation import EDGE, MAX_CHARACTERS, to_log_odds
from emoscope.inference.annotator import Annotator, load
from emoscope.inference.backend import Attentive
from emoscope.taxonomy import Taxonomy

JOY = {"happy": 2.0, "glad": 1.0, "not": -0.5, "😂": 0.25}
FEAR = {"scared": 3.0}
TAXONOMY = Taxonomy.load("joy, fear")


class Words:
    """A backend whose logits are −1 and what the words of a text add: a word counts once."""

    def __init__(self):
        self.calls = []

    def encode(self, conversations):
        self.calls.append(len(conversations))
        return [{word for turn in turns for word in turn.split()} for turns in conversations]

    def logits(self, encoded):
        return np.array(
            [[sum(of.get(word, 0.0) for word in one) - 1 for of in (JOY, FEAR)] for one in encoded]
        )


@pytest.fixture
def annotator():
    return Annotator(Words(), TAXONOMY, Calibration())


def by_word(explanation, label):
    values = explanation.attributions[explanation.labels.index(label)]
    return {span.text: value for span, value in zip(explanation.spans, values, strict=True)}


@pytest.mark.parametrize("method", ["shapley", "occlusion"])
def test_words_that_add_up_get_what_they_add(annotator, method):
    explanation = annotator.explain("so happy  and not scared", method=method)
    expected = {"so": 0, "happy": 2, "and": 0, "not": -0.5, "scared": 0}
    assert by_word(explanation, "joy") == pytest.approx(expected)
    assert by_word(explanation, "fear") == pytest.approx(
        {**dict.fromkeys(expected, 0), "scared": 3}
    )
    assert explanation.base == pytest.approx([-1, -1])
    assert explanation.labels == ("joy", "fear")
    probabilities = 1 / (1 + np.exp([-0.5, -2]))
    assert explanation.probabilities == pytest.approx(probabilities)
    assert explanation.given.tolist() == [True, True]
    assert explanation.attention is None
    assert not explanation.errors.any()


def test_words_that_say_the_same_share_what_they_say(annotator):
    """Leaving out one of them shows nothing."""
    text = "happy happy day"
    assert annotator.explain(text).attributions[0] == pytest.approx([1, 1, 0])
    assert annotator.explain(text, method="occlusion").attributions[0] == pytest.approx(0)


def test_the_texts_are_scored_at_once(annotator):
    explanation = annotator.explain("a b c")
    assert annotator.backend.calls == [8, 1]
    assert explanation.evaluations == 8


def test_a_long_text_is_estimated(annotator):
    text = "happy " * 2 + "glad scared " + "word " * 30
    explanation = annotator.explain(text)
    assert explanation.evaluations <= 512
    assert annotator.explain(text, evaluations=256).evaluations <= 256
    values = explanation.attributions
    whole = to_log_odds(explanation.probabilities)
    assert explanation.base + values.sum(axis=1) == pytest.approx(whole)
    assert values[:, 4:] == pytest.approx(0)
    assert values[0, :3] == pytest.approx([1, 1, 1])
    assert values[1, :4] == pytest.approx([0, 0, 0, 3])
    again = annotator.explain(text)
    assert np.array_equal(again.attributions, values)


def test_exclusive_labels_are_explained_by_the_odds_against_all_others():
    exclusive = Taxonomy("two", TAXONOMY.labels, exclusive=True)
    annotator = Annotator(Words(), exclusive, Calibration(temperature=2.0))
    explanation = annotator.explain("happy scared")
    # Of two labels the log-odds are the difference of their logits.
    assert explanation.attributions == pytest.approx(np.array([[2, -3], [-2, 3]]) / 2)
    assert explanation.given.tolist() == [False, True]


def test_turns_and_places_are_those_of_the_text(annotator):
    turns = ["are you happy?", "", " not😂\nme"]
    explanation = annotator.explain(turns)
    assert explanation.turns == tuple(turns)
    places = [(one.turn, one.start, one.end, one.text) for one in explanation.spans]
    assert places == [
        (0, 0, 3, "are"),
        (0, 4, 7, "you"),
        (0, 8, 14, "happy?"),
        (2, 1, 4, "not"),
        (2, 4, 5, "😂"),
        (2, 6, 8, "me"),
    ]


def test_labels_may_be_chosen(annotator):
    whole = annotator.explain("happy scared")
    for chosen in (whole.only(["fear"]), annotator.explain("happy scared", ["fear"])):
        assert chosen.labels == ("fear",)
        assert np.array_equal(chosen.attributions, whole.attributions[1:])
        assert np.array_equal(chosen.errors, whole.errors[1:])
        assert chosen.base == whole.base[1]
        assert chosen.probabilities == whole.probabilities[1]
        assert chosen.given == whole.given[1]
    assert whole.only(["fear", "joy"]).labels == ("fear", "joy")
    assert whole.leading().labels == ("joy", "fear")
    assert annotator.explain("scared").leading().labels == ("fear",)
    assert annotator.explain("word not").leading().labels == ("fear",), "the most probable"


@pytest.mark.parametrize("text", ["", " \n", [], ["", " "]])
def test_a_text_without_words_has_a_base_alone(annotator, text):
    for method in ("shapley", "occlusion"):
        explanation = annotator.explain(text, method=method)
        assert explanation.spans == ()
        assert explanation.attributions.shape == (2, 0)
        assert explanation.base == pytest.approx([-1, -1])
        json.dumps(explanation.to_dict())


def test_what_cannot_be_explained_is_refused_before_the_model_runs(annotator):
    for wrong, message in (
        ({"text": ["a", 3]}, "turn 2 is int"),
        ({"text": "x" * MAX_CHARACTERS}, "at most 10,000 characters to explain, got 10,001"),
        ({"text": [""] * MAX_CHARACTERS + ["a"]}, "at most 10,000 characters"),
        ({"text": ["a"] * 65}, "at most 64 turns with words"),
        ({"text": "a", "labels": ["jo"]}, "no label 'jo' to explain; did you mean joy"),
        ({"text": "a", "labels": "joy"}, r"pass \['joy'\]"),
        ({"text": "a", "method": "lime"}, "shapley or occlusion, got 'lime'"),
        ({"text": "a", "evaluations": 255}, "256 to 65,536 evaluations, got 255"),
        ({"text": "a", "evaluations": 10**9}, "evaluations"),
    ):
        with pytest.raises(InputError, match=message):
            annotator.explain(**wrong)
    assert annotator.backend.calls == []
    assert len(annotator.explain("a " * (MAX_CHARACTERS // 2 - 1), method="occlusion").spans) <= 64


def test_log_odds_are_finite():
    found = to_log_odds(np.array([0.0, 0.5, 1.0, 0.8]))
    assert found == pytest.approx([np.log(EDGE), 0, -np.log(EDGE), np.log(4)])


def test_the_json_holds_it_all(annotator):
    explanation = annotator.explain(["are you", "happy"])
    values = json.loads(json.dumps(explanation.to_dict()))
    assert values["turns"] == ["are you", "happy"]
    assert values["spans"][1] == {"turn": 0, "start": 4, "end": 7, "text": "you"}
    assert values["labels"]["joy"] == {
        "probability": pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6),
        "given": True,
        "base": -1.0,
        "attributions": [0.0, 0.0, 2.0],
        "errors": [0.0, 0.0, 0.0],
    }
    assert list(values) == [
        "turns",
        "method",
        "unit",
        "evaluations",
        "spans",
        "labels",
        "attention",
        "reasons",
    ]


@pytest.fixture(scope="module")
def nelec(trained):
    return load(trained.folder)


TURNS = ["good day", "what?", "I am soo happy 😂😂"]


def test_nelec_shows_what_it_attends_to(nelec):
    import torch

    backend = nelec.with_truncation().backend
    assert isinstance(backend, Attentive)
    attention = nelec.explain(TURNS).attention
    assert attention.words == tuple(backend.encoder.read_words(TURNS))
    assert "<eos>" in attention.words
    assert attention.branches == ("LSTM", "GRU")
    assert attention.weights.sum(axis=1) == pytest.approx([1, 1])
    ids = torch.tensor([backend.encoder.vocabulary.ids(list(attention.words))])
    with torch.inference_mode():
        expected = backend.model(ids, torch.ones_like(ids)).attentions[0]
    assert attention.weights == pytest.approx(expected.numpy())
    assert np.ptp(attention.weights, axis=1).min() > 1e-4, "the test needs weights that differ"
    shown = attention.to_dict()
    assert shown["words"] == list(attention.words)
    assert shown["branches"]["GRU"] == pytest.approx(attention.weights[1].tolist(), abs=1e-6)


def test_words_that_nelec_cuts_are_not_attended_to(nelec):
    length = nelec.backend.encoder.max_length
    attention = nelec.explain(" ".join(f"w{n}" for n in range(60)), method="occlusion").attention
    assert len(attention.words) == attention.weights.shape[1] == length
    assert nelec.explain(" ").attention is None


def test_a_trained_network_is_explained(nelec):
    explanation = nelec.explain(TURNS)
    whole = to_log_odds(nelec.probabilities([TURNS]))[0]
    found = explanation.base + explanation.attributions.sum(axis=1)
    assert found == pytest.approx(whole, abs=1e-4)
    assert explanation.base == pytest.approx(
        to_log_odds(nelec.probabilities([[""] * 3]))[0], abs=1e-4
    )
    assert np.abs(explanation.attributions).max() > 0.05


@pytest.mark.parametrize("text", ["🦓", "\ud83d", "x" * 5000, "a " * 4000, ["\x00", "سعيد"]])
def test_any_text_is_explained(nelec, text):
    explanation = nelec.explain(text, method="occlusion")
    assert np.isfinite(explanation.attributions).all()
    assert explanation.attributions.shape == (4, len(explanation.spans))
