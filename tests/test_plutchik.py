"""The wheel: its places, and which labels have one."""

import math
import re
from pathlib import Path

import pytest

from emoscope.errors import InputError
from emoscope.plutchik import KIN, PRIMARY, WHEEL, angle_of, kin, on_wheel, place_of
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
