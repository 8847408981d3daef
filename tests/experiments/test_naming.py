"""Names of folders, and when two configurations are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.experiments.naming import (
    LONGEST,
    keep_active,
    make_folder_name,
    to_comparable,
    to_safe_name,
)
from emoscope.strict import flatten


def test_values_stand_in_the_order_of_the_parameters_names():
    params = {
        "loss": "intra",
        "_model": "bert",
        "share": 0.2,
        "corpus": {"languages": ["en", "es"]},
    }
    naming = ["share", "_model", "corpus.languages", "loss"]
    assert make_folder_name(params, naming) == "bert,en+es,intra,0.2"


def test_what_a_configuration_does_not_have_is_not_in_the_name():
    assert make_folder_name({"a": None, "c": False}, ["a", "b", "c"]) == "None,False"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("cardiffnlp/twitter", "cardiffnlp-twitter"),
        ('a<b>c:d"e|f?g*h\\i\x00j', "a-b-c-d-e-f-g-h-i-j"),
        ("ends. .", "ends"),
        ("con", "-con"),
        ("NUL.txt", "-NUL.txt"),
        ("..", "default"),
        ("", "default"),
        ("e\u0301", "é"),
    ],
)
def test_names_are_safe(value, name):
    assert to_safe_name(value) == name


def test_a_long_name_is_cut_and_stays_its_own():
    one, other = to_safe_name("ü" * 200 + "a"), to_safe_name("ü" * 200 + "b")
    assert one != other
    assert max(len(one.encode()), len(other.encode())) <= LONGEST


@given(st.text())
def test_any_name_is_safe(text):
    name = to_safe_name(text)
    assert 0 < len(name.encode("utf-8", "replace")) <= LONGEST
    assert not set(name) & set('<>:"/\\|?*\x00')
    assert name == name.strip(" .")


def test_flatten():
    nested = {"a": {"b": {"c": 1}, "d": {}}, "e": [1, {"f": 2}]}
    assert flatten(nested) == {"a.b.c": 1, "a.d": {}, "e": [1, {"f": 2}]}


def test_what_is_off_makes_no_difference():
    before = {"rate": 0.1, "loss": {"name": "intra"}}
    after = {"rate": 0.1, "loss": {"name": "intra", "plus_one": False}, "global": None}
    assert keep_active(before) == keep_active(after)
    assert keep_active({**after, "global": "cossim"}) != keep_active(before)


def test_zero_is_a_value():
    assert keep_active({"share": 0.0}) != keep_active({})
    assert keep_active({"share": 0}) == keep_active({"share": 0.0})
    assert keep_active({"share": 1}) != keep_active({"share": True})


@pytest.mark.parametrize("off", [None, False])
def test_parameters_of_a_parent_that_is_off_make_no_difference(off):
    parents = {"transform": "weights", "plus_one": "transform"}
    one = {"weights": off, "transform": "square", "plus_one": True}
    assert (
        keep_active(one, parents)
        == keep_active({"weights": None, "transform": "log"}, parents)
        == {}
    )
    # One that is not there is off, too.
    assert keep_active({"transform": "square"}, parents) == {}
    on = {"weights": "data", "transform": "square", "plus_one": True}
    assert set(keep_active(on, parents)) == {"weights", "transform", "plus_one"}


def test_a_parameter_that_is_its_own_parent_is_an_error():
    with pytest.raises(ValueError, match="own parent"):
        keep_active({"a": 1, "b": 1}, {"a": "b", "b": "a"})


def test_ignored_parameters_and_sections_make_no_difference():
    one = {"name": "x", "names": 1, "notes": {"by": "me"}}
    assert set(keep_active(one, ignored=("name", "notes"))) == {"names"}


def test_values_are_the_same_once_written_and_read():
    assert to_comparable((1, [2, None])) == to_comparable([1.0, (2, None)])
    assert to_comparable({"b": 1, "a": 2}) == to_comparable({"a": 2, "b": 1})
