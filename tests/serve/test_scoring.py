"""Texts of several requests in one pass have the scores that they have alone."""

from threading import Lock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.torch_backend import TorchBackend
from emoscope.models.demux.independent_encoder import IndependentEncoder
from emoscope.models.demux.network import Demux, DemuxConfig
from emoscope.models.shared.backbone import drop_pooler, to_shape
from emoscope.serve.label_sets import LabelSet, LabelSets, takes_any_labels
from emoscope.serve.scoring import Durations, Question, score_apart, score_together
from emoscope.taxonomy import Taxonomy
from emoscope.text import TextPipeline
from tests import tiny
from tests.inference.fakes import lengths
from tests.inference.independent import CALIBRATION, Independent, independent

SETS = ("joy, fear", "anger|rage, calm", "calm,", "joy, rage|wrath, anger", "goemotions", "ekman")


def ask(annotators, texts):
    sets = [LabelSet(annotator) for annotator in annotators]
    return [Question((text,), sets[n % len(sets)]) for n, text in enumerate(texts)]


def check_alone(questions, tolerance):
    rows = score_together(questions, Lock(), Durations())
    for question, row in zip(questions, rows, strict=True):
        alone = question.labels.annotator.probabilities([question.turns])[0]
        np.testing.assert_allclose(row, alone, atol=tolerance)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(SETS), min_size=1, max_size=6, unique=True),
    st.lists(st.text("abc ", min_size=1, max_size=5), min_size=1, max_size=12),
)
def test_each_text_has_its_own_scores(sets, texts):
    check_alone(ask([independent(labels) for labels in sets], texts), 0)


@pytest.fixture(scope="module")
def tiny_independent():
    """A small network with independent labels, and a calibration for some of GoEmotions'."""
    taxonomy = Taxonomy.load("goemotions")
    encoder = IndependentEncoder(TextPipeline(()), tiny.text_tokenizer("bert"), taxonomy)
    backbone = drop_pooler(tiny.encoder("bert"))
    config = DemuxConfig(
        backbone=to_shape(backbone.config),
        labels="independent",
        joint_layers=1,
        id2label=dict(enumerate(taxonomy.names)),
        label2id={name: k for k, name in enumerate(taxonomy.names)},
    )
    return Annotator(TorchBackend(Demux(config, backbone), encoder), taxonomy, CALIBRATION)


def test_a_real_network_agrees(tiny_independent):
    texts = ["I am so angry", "thank you all", "what a day, my team won", "lol", "thank you all"]
    asked = [tiny_independent, *map(tiny_independent.with_labels, ("joy, pride", "hope|trust,"))]
    check_alone(ask(asked, texts * 2), 1e-5)


def test_a_text_that_comes_twice_is_read_once():
    read = []

    class Counting(Independent):
        def encode(self, conversations):
            read.extend(conversations)
            return super().encode(conversations)

    score_together(
        ask([independent(labels, backend=Counting) for labels in SETS[:2]], ["same"] * 6),
        Lock(),
        Durations(),
    )
    assert len(read) == 1


class Fragile(Independent):
    """Breaks at some texts."""

    def logits(self, encoded):
        if any("POISON" in text for text in encoded):
            raise ValueError("broken")
        return super().logits(encoded)


@given(st.lists(st.booleans(), min_size=1, max_size=17))
def test_a_bad_text_fails_alone(bad):
    annotator = independent(backend=Fragile)
    texts = [f"text {n} {'POISON' * broken}" for n, broken in enumerate(bad)]
    outcomes = score_apart(ask([annotator], texts), Lock(), Durations())
    assert [isinstance(outcome, ValueError) for outcome in outcomes] == bad
    for text, outcome in zip(texts, outcomes, strict=True):
        if "POISON" not in text:
            np.testing.assert_array_equal(outcome, annotator.probabilities([[text]])[0])


def test_sets_of_labels_are_kept_and_the_oldest_is_forgotten():
    sets = LabelSets(independent(), at_most=2)
    assert sets.find(None) is sets.own
    one, two, three = (Taxonomy.of([name]) for name in ("one", "two", "three"))
    made = sets.make(one)
    assert sets.find(one) is made
    assert sets.find(two) is None
    sets.make(two)
    assert sets.find(one) is made
    sets.make(three)
    assert len(sets) == 2
    assert sets.find(two) is None
    assert sets.find(one) is made


def test_labels_that_the_model_does_not_take_are_refused_and_not_kept():
    class Choosy(Independent):
        def logits(self, encoded):
            if any(label.words == ("□",) for label in self.taxonomy.labels):
                raise InputError("no such word")
            return super().logits(encoded)

    sets = LabelSets(independent(backend=Choosy), at_most=2)
    with pytest.raises(InputError):
        sets.make(Taxonomy.of(["joy", "□"]))
    assert len(sets) == 0


def test_who_has_learnt_fixed_labels_takes_no_others():
    class Fixed(Independent):
        def for_taxonomy(self, taxonomy):
            raise InputError("fixed")

    assert takes_any_labels(independent())
    assert not takes_any_labels(independent(backend=Fixed))


def test_labels_that_exclude_each_other_are_scored_too():
    check_alone(ask([lengths()], ["a", "bb", "ccc"]), 1e-12)
