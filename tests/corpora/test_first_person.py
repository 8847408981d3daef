"""Events as PersonX would tell them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.corpora.first_person import NAMES, to_base_form, to_first_person


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("PersonX pays the bills", "I pay the bills"),
        ("PersonX has PersonX's car", "I have my car"),
        ("PersonX is running late", "I am running late"),
        ("PersonX does not like PersonX's job", "I do not like my job"),
        ("PersonX does n't go well", "I don't go well"),
        ("PersonX is n't good enough", "I am not good enough"),
        ("PersonX can n't sleep", "I can't sleep"),
        ("PersonX would n't budge", "I wouldn't budge"),
        ("PersonX wouldnt hurts a fly", "I wouldn't hurt a fly"),
        ("PersonX not knows which end is up", "I don't know which end is up"),
        ("PersonX not is able to get in", "I am not able to get in"),
        ("PersonX never looks back", "I never look back"),
        ("PersonX finally gets ___", "I finally get something"),
        ("PersonX loses ___ in the park", "I lose something in the park"),
        ("PersonX passes the test", "I pass the test"),
        ("PersonX goes and buy ___", "I go and buy something"),
        ("PersonX left early", "I left early"),
        ("PersonX 'd better go", "I'd better go"),
        ("PersonX cries himself to sleep", "I cry myself to sleep"),
        ("PersonX feels proud of herself", "I feel proud of myself"),
        ("PersonX divides the ___ among themselves", "I divide the something among themselves"),
        ("PersonX plays ___ with his friends", "I play something with my friends"),
        ("PersonX gives the devil his due", "I give the devil his due"),
        ("PersonX gives as good as PersonX gets", "I give as good as I get"),
        ("PersonX plays the hand PersonX is dealt", "I play the hand I am dealt"),
        ("PersonX bites the hand that feeds PersonX", "I bite the hand that feeds me"),
        ("PersonX enters PersonX's father 's ___", "I enter my father's something"),
        ("It licks PersonX's face", "It licks my face"),
        ("It is raining all day", "It is raining all day"),
        ("PersonX", "I"),
        ("PersonX never", "I never"),
    ],
)
def test_first_person(event, told):
    assert to_first_person(event) == told


def test_others_have_names_that_stay():
    told = to_first_person("PersonX gives PersonY PersonZ's hat and PersonY's coat")
    [(first, second, again)] = re.findall(r"^I give (\w+) (\w+)'s hat and (\w+)'s coat$", told)
    assert first == again != second
    assert {first, second} <= set(NAMES)
    assert to_first_person("PersonX gives PersonY PersonZ's hat and PersonY's coat") == told
    assert " his " in to_first_person("PersonX hands PersonY his hat")
    names = {to_first_person(f"PersonX sees PersonY {n} times").split()[2] for n in range(60)}
    assert len(names) > len(NAMES) / 2


@pytest.mark.parametrize(
    ("verb", "base"),
    [
        *(("carries", "carry"), ("dies", "die"), ("cries", "cry"), ("kisses", "kiss")),
        *(("washes", "wash"), ("catches", "catch"), ("fixes", "fix"), ("goes", "go")),
        *(("loses", "lose"), ("uses", "use"), ("realizes", "realize"), ("buzzes", "buzz")),
        *(("plays", "play"), ("leaves", "leave"), ("focuses", "focus"), ("aches", "ache")),
        *(("miss", "miss"), ("left", "left"), ("was", "was"), ("his", "his"), ("", "")),
    ],
)
def test_base_form(verb, base):
    assert to_base_form(verb) == base


PEOPLE = ("PersonX", "PersonX's", "PersonY", "PersonZ's", "___")
OTHERS = ("not", "never", "is", "has", "himself", "his", "the", "goes", ",", "that")
WORDS = st.sampled_from(PEOPLE + OTHERS)


@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_nobody_stays_without_a_name(event):
    told = to_first_person(event)
    assert "Person" not in told
    assert "___" not in told
