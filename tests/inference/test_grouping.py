"""Labels of a model that scores each by itself: the same number everywhere, and groups of them."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.calibration import Calibration, sigmoid
from emoscope.inference.annotator import Annotator
from emoscope.inference.grouping import Grouping, Known
from emoscope.inference.model_info import ModelInfo
from emoscope.jobs.scores import Labels
from emoscope.taxonomy import Label, Taxonomy
from tests.inference.independent import (
    CALIBRATION,
    TRAINED,
    Dependent,
    Independent,
    independent,
    logit,
)

KNOWN = set(TRAINED.names)
TEXTS = ["we won", "the bus is late", ""]
WORDS = (*TRAINED.names[:9], *TRAINED.names[-4:], "hope", "awe", "melancholy")

labels = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True).map(tuple)


@st.composite
def label_sets(draw):
    names = draw(st.lists(st.sampled_from([*WORDS, "x", "y"]), min_size=1, max_size=7, unique=True))
    made_of = draw(st.dictionaries(st.sampled_from(names), labels))
    chosen = tuple(Label(name, draw(labels)) for name in names)
    return Taxonomy("mine", chosen, draw(st.sampled_from(["en", "es"])), made_of=made_of)


def by_words(annotator: Annotator, texts=TEXTS):
    """Probabilities and threshold of each label by what it is, less those of a known name."""
    found = annotator.probabilities([[text] for text in texts])
    return {
        key: (tuple(found[:, place]), annotator.scoring.thresholds[place])
        for place, key in enumerate(annotator.scoring.keys)
        if set(key) <= KNOWN or annotator.taxonomy.names[place] in annotator.scoring.untrained
    }


ALONE = {(name,): by_words(independent([name]))[(name,)] for name in WORDS}


@settings(max_examples=50)
@given(label_sets(), label_sets())
def test_a_label_has_one_score_whatever_else_is_asked(first, second):
    """Alone, among others, after others, under any name; so has a group, in whatever order."""
    annotator = independent()
    one, two = by_words(annotator.with_labels(first)), by_words(annotator.with_labels(second))
    after = by_words(annotator.with_labels(second).with_labels(first))
    assert one == after
    assert all(one[key] == two[key] for key in one.keys() & two.keys())
    assert all(one[key] == ALONE[key] for key in one.keys() & ALONE.keys())


@settings(max_examples=50)
@given(label_sets())
def test_what_is_made_of_known_labels_is_their_noisy_or(taxonomy):
    found = independent(taxonomy).probabilities([[text] for text in TEXTS])
    own = independent().probabilities([[text] for text in TEXTS])
    for place, label in enumerate(taxonomy.labels):
        made_of = taxonomy.made_of.get(label.name, ())
        known = made_of and set(made_of) <= KNOWN
        parts = made_of if known else label.words
        if set(parts) <= KNOWN:
            members = own[:, [TRAINED.index(part) for part in parts]]
            expected = members[:, 0] if len(parts) == 1 else 1 - np.prod(1 - members, axis=1)
            assert np.array_equal(found[:, place], expected)


def test_the_models_own_labels_are_scored_as_ever():
    scored = independent().probabilities([["we won"]])
    logits = np.array([[logit("we won", name) for name in TRAINED.names]])
    assert scored == pytest.approx(sigmoid((logits + CALIBRATION.prior_shift) / 1.3))
    again = independent("goemotions")
    assert np.array_equal(again.probabilities([["we won"]]), scored)
    assert again.scoring.thresholds == CALIBRATION.thresholds
    assert again.scoring.untrained == ()


def test_each_part_is_asked_for_once_by_itself():
    annotator = independent("anger|annoyance, joy, annoyance|joy, hope|awe")
    asked = annotator.backend.taxonomy
    assert [label.words for label in asked.labels] == [
        ("anger",),
        ("annoyance",),
        ("joy",),
        ("hope", "awe"),
    ]
    assert annotator.taxonomy.names == ("anger", "joy", "annoyance", "hope")
    [scores] = annotator.annotate(["we won"])
    assert {score.label for score in scores} == {"anger", "joy", "annoyance", "hope"}
    assert annotator.scoring.untrained == ("hope",)


def test_labels_that_stand_for_others_are_shown_by_their_own_names():
    annotator = independent({"Freude": "joy", "Hoffnung": "hope", "Ärger": ["annoyance", "anger"]})
    own = independent(["joy"])
    assert annotator.scoring.untrained == ("Hoffnung",)
    [scores], [alone] = annotator.annotate(["we won"]), own.annotate(["we won"])
    assert dict(scores)["Freude"] == dict(alone)["joy"]
    single = independent({"Freude": "joy", "Hoffnung": "hope"})
    assert single.scoring.scored_labels.names == single.taxonomy.names


@pytest.mark.parametrize("labels", ["ekman", "sentiment"])
def test_built_in_groups_are_those_of_their_parts(labels):
    taxonomy = Taxonomy.load(labels)
    groups = independent(labels)
    assert groups.scoring.untrained == ()
    assert len(groups.backend.taxonomy) == len(TRAINED)
    clusters = independent({name: list(parts) for name, parts in taxonomy.made_of.items()})
    texts = [[text] for text in TEXTS]
    assert np.array_equal(groups.probabilities(texts), clusters.probabilities(texts))
    assert groups.scoring.thresholds == clusters.scoring.thresholds


def test_groups_are_given_from_a_threshold_of_their_own_or_the_mean_of_their_labels():
    annotator = independent("disapproval|anger|annoyance, anger|joy, joy, hope")
    cuts = dict(zip(TRAINED.names, CALIBRATION.thresholds, strict=True))
    expected = [0.33, (cuts["anger"] + cuts["joy"]) / 2, cuts["joy"], 0.25]
    assert annotator.scoring.thresholds == pytest.approx(expected)
    probabilities = np.array([expected, np.array(expected) - 1e-6])
    assert annotator.decide(probabilities).tolist() == [[True] * 4, [False] * 4]
    described = ModelInfo.of(annotator)
    assert described.scoring == annotator.scoring
    labels = Labels.of(described.scoring, 0.4)
    assert (labels.thresholds, labels.guessed) == ((0.4,) * 4, ("hope",))
    plain = independent("anger|joy, joy", Calibration())
    assert plain.scoring.thresholds == (0.5, 0.5)


def test_a_label_whose_parts_are_not_all_known_is_asked_for_by_its_words():
    taxonomy = Taxonomy(
        "mine",
        (Label("warm", ("warmth",)), Label("cold", ("sadness", "remorse"))),
        made_of={"warm": ("love", "tenderness"), "cold": ("grief", "chill")},
    )
    annotator = independent(taxonomy)
    assert [label.words for label in annotator.backend.taxonomy.labels] == [
        ("warmth",),
        ("sadness",),
        ("remorse",),
    ]
    assert annotator.scoring.untrained == ("warm",)


def test_an_unknown_label_is_shifted_and_cut_as_the_model_says():
    [scores] = independent(["hope"]).annotate(["we won"])
    assert scores[0].probability == pytest.approx(sigmoid((logit("we won", "hope") - 0.7) / 1.3))
    # A known label in other words is compared with itself.
    joy = CALIBRATION.prior_shift[TRAINED.index("joy")]
    for labels in ("joy|glee", Taxonomy("es", (Label("joy", ("alegría",)),), "es")):
        annotator = independent(labels)
        assert annotator.scoring.untrained == ()
        assert annotator.calibration.prior_shift == pytest.approx((joy,))
    other = independent({"joy": ["hope", "awe"]})
    assert other.scoring.untrained == ("joy",)
    assert other.calibration.prior_shift == (-0.7,)


def test_a_model_that_was_trained_on_clusters_answers_with_them():
    trained = Taxonomy.load("french_election")
    annotator = Annotator(Independent(trained), trained, Calibration())
    own = annotator.probabilities([["we won"]])[0]
    for labels in (["anger"], {"Wut": ["disgust", "anger", "contempt", "hate"]}, "anger, pride"):
        found = annotator.with_labels(labels)
        assert found.probabilities([["we won"]])[0, 0] == own[0]
        assert found.scoring.untrained == ()
    both = annotator.with_labels({"both": ["anger", "pride"]})
    expected = 1 - (1 - own[0]) * (1 - own[trained.index("pride")])
    assert both.probabilities([["we won"]])[0, 0] == pytest.approx(expected)
    named = Taxonomy("named", (Label("E7", ("rage",)), Label("E8", ("glee",))))
    asked = Annotator(Independent(named), named, Calibration()).with_labels("rage|E7|E8, E7")
    assert asked.scoring.grouping.members == ((0, 1), (0,))


def test_labels_that_exclude_each_other_are_asked_for_as_they_are():
    exclusive = Taxonomy(
        "mine",
        (Label("mad", ("anger", "annoyance")), Label("glad", ("joy",))),
        exclusive=True,
        made_of={"glad": ("joy", "love")},
    )
    annotator = independent(exclusive)
    assert annotator.backend.taxonomy == exclusive
    assert annotator.probabilities([["we won"]]).sum() == pytest.approx(1)
    # Of a set that was asked for in between nothing stays.
    through = independent("anger|joy, hope").with_labels(exclusive)
    assert np.array_equal(
        through.probabilities([["we won"]]), annotator.probabilities([["we won"]])
    )
    assert independent("emocontext").taxonomy.exclusive


@pytest.mark.parametrize("labels", ["anger|annoyance, joy, hope", "ekman", ["joy", "anger"]])
def test_nothing_changes_for_a_model_whose_labels_see_each_other(labels):
    taxonomy = Taxonomy.of(labels)
    annotator = independent(labels, backend=Dependent)
    assert annotator.backend.taxonomy == taxonomy
    assert annotator.scoring.grouping is None
    before = CALIBRATION.for_labels(TRAINED.names, taxonomy.names)
    assert annotator.calibration == before
    assert annotator.scoring.thresholds == before.thresholds
    known = [name for name in taxonomy.names if name not in annotator.scoring.untrained]
    assert set(known) == set(taxonomy.names) & KNOWN


def test_what_is_asked_for_goes_to_other_processes():
    grouping = Grouping.of(Taxonomy.load("ekman"), TRAINED)
    assert pickle.loads(pickle.dumps(grouping)) == grouping


def test_the_case_of_a_label_makes_no_difference():
    first, second = TRAINED.names[:2]
    names = (first.upper(), second.title())
    shouted = independent().with_labels({"one": names[0], "both": names})
    plain = independent().with_labels({"one": first, "both": (first, second)})
    turns = [[text] for text in TEXTS]
    assert np.array_equal(shouted.probabilities(turns), plain.probabilities(turns))
    assert shouted.scoring.untrained == ()
    assert shouted.scoring.thresholds == plain.scoring.thresholds


def test_names_that_differ_in_case_alone_stay_two_labels():
    known = Known(Taxonomy.of(["us", "US", "joy"]))
    assert known.place(Label("us", ("us",)), "en") == 0
    assert known.place(Label("US", ("US",)), "en") == 1
    assert known.place(Label("Us", ("Us",)), "en") is None
    assert known.place(Label("JOY", ("JOY",)), "en") == 2
