"""The wheel: its places, and which labels have one."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.plutchik import KIN, PRIMARY, WHEEL, angle_of, kin, map_onto_wheel, on_wheel, place_of
from emoscope.taxonomy import Label, Taxonomy


def placed(*words):
    return place_of(Label(words[0], words))


def test_the_wheel_has_sixteen_positions_an_eighth_of_pi_apart():
    assert [angle_of(name) for name in WHEEL] == pytest.approx(
        [index * math.pi / 8 for index in range(16)]
    )


def test_every_second_emotion_is_primary():
    assert tuple(PRIMARY) == WHEEL[::2]


def test_an_emotion_that_the_wheel_lacks_has_no_angle():
    assert not on_wheel("ennui")
    with pytest.raises(InputError, match="'ennui'"):
        angle_of("ennui")


def test_a_word_has_one_place():
    words = [*WHEEL, *(word for place in KIN for word in kin(place))]
    assert len(set(words)) == len(words)
    assert set(KIN) <= set(WHEEL)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("Joy",), "joy"),
        (("annoyance",), "anger"),
        (("grief",), "sadness"),
        (("disappointment",), "disapproval"),
        (("pessimism",), "disapproval"),
        (("happy",), "joy"),
        # Between emotions that are no neighbours.
        (("pride",), None),
        (("guilt",), None),
        (("neutral",), None),
        # In the words of the built-in taxonomies.
        (("tristeza",), "sadness"),
        (("غضب",), "anger"),
        (("डर",), "fear"),
        (("pesimismo",), "disapproval"),
        (("fierté",), None),
        # A name that says nothing, and one word that does.
        (("E7", "anger"), None),
    ],
)
def test_places_of_labels(words, place):
    assert placed(*words) == place


def test_a_label_is_known_by_its_only_word_but_not_by_one_of_several():
    assert place_of(Label("E7", ("anger",))) == "anger"
    assert placed("sarcasm", "amusement") is None
    assert placed("anger", "hate", "contempt") == "anger"


@pytest.mark.parametrize(("name", "lacking"), [("plutchik", 0), ("ekman", 1), ("emocontext", 1)])
def test_built_in_taxonomies_on_the_wheel(name, lacking):
    places = [place_of(label) for label in Taxonomy.load(name).labels]
    assert places.count(None) == lacking


def test_the_table_of_the_documentation_is_that_of_the_program():
    page = (Path(__file__).parent.parent / "docs" / "pictures.md").read_text(encoding="utf-8")
    section = page.partition("| emotion | also counted |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| (\w+) \| (.+) \|$", section, re.MULTILINE))
    assert rows == KIN | {"disapproval": f"{KIN['disapproval']}, pessimism"}


def cosines(vectors):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units @ units.T


@given(st.integers(0, 1000), st.booleans())
def test_a_model_that_has_learnt_the_wheel_lies_on_it(seed, mirrored):
    """Whatever its axes and what all labels share; a label unknown to the wheel goes along."""
    rng = np.random.default_rng(seed)
    names = [*WHEEL[1::2], "pessimism", *WHEEL[::2]]
    angles = np.array([angle_of(name) for name in names])
    plane = np.stack([np.cos(angles), np.sin(angles) * (-1 if mirrored else 1)], axis=1)
    basis = np.linalg.qr(rng.normal(size=(7, 7)))[0]
    vectors = plane @ basis[:2] + 2 * basis[2]
    shown = [name if name != "joy" else "glee" for name in names]
    placed = map_onto_wheel(shown, cosines(vectors))
    assert placed.explained == pytest.approx(1)
    # `pessimism` shares its place with `disapproval`, so that the centre is not quite the wheel's.
    assert placed.error < 5
    assert "glee" not in placed.angles
    x, y = placed.points["glee"]
    assert math.hypot(x, y) <= 1 + 1e-9
    assert abs(math.degrees(math.atan2(y, x)) - 90) < 8


def test_turning_moves_no_label_relative_to_another():
    vectors = np.random.default_rng(4).normal(size=(6, 2))
    similarity = cosines(vectors)
    placed = map_onto_wheel(["joy", "fear", "anger", "x", "y", "z"], similarity)
    points = np.array(list(placed.points.values()))
    assert np.linalg.norm(points, axis=1).max() == pytest.approx(1)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    expected = np.sqrt(np.maximum(2 - 2 * similarity, 0))
    np.testing.assert_allclose(apart / apart.max(), expected / expected.max(), atol=1e-6)


def test_too_little_to_place_by():
    names = ["joy", "fear", "x", "y"]
    assert map_onto_wheel(names, np.eye(4)) is None
    assert map_onto_wheel([*names, "anger"], np.ones((5, 5))) is None


@given(st.integers(0, 1000))
def test_labels_are_turned_as_scipy_would_turn_them(seed):
    from scipy.linalg import orthogonal_procrustes

    names = ["joy", "fear", "anger", "sadness", "x"]
    similarity = cosines(np.random.default_rng(seed).normal(size=(5, 3)))
    placed = map_onto_wheel(names, similarity)
    points = np.array([placed.points[name] for name in names])
    angles = np.array([angle_of(name) for name in names[:4]])
    turn, _ = orthogonal_procrustes(points[:4], np.stack([np.cos(angles), np.sin(angles)], axis=1))
    np.testing.assert_allclose(turn, np.eye(2), atol=1e-6)
