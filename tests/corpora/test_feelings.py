import pytest

from emoscope.corpora.feelings import load_feelings, read_feelings
from emoscope.errors import InputError
from emoscope.taxonomy import Taxonomy, builtin_taxonomies

FEELINGS = load_feelings()
NO_FEELINGS = {"neutral", "others", "positive", "negative", "ambiguous"}
# Their vocabularies are wider: intents of those who answer, and states that are no feelings.
WIDER = {"edos", "event2mind", "kote"}


def test_size_and_order():
    assert len(FEELINGS) >= 250
    assert sum(map(len, FEELINGS.values())) >= 600
    assert list(FEELINGS) == sorted(FEELINGS)
    for key, forms in FEELINGS.items():
        assert forms[0] == key
        assert len(forms) >= 2


def test_no_form_is_in_two_families():
    forms = [form for family in FEELINGS.values() for form in family]
    assert len(set(forms)) == len(forms)


@pytest.mark.parametrize("name", sorted({*builtin_taxonomies()} - WIDER))
def test_words_of_taxonomies_are_there(name):
    words = {word for label in Taxonomy.load(name).labels for word in (label.name, *label.words)}
    assert words - NO_FEELINGS <= {form for family in FEELINGS.values() for form in family}


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ("wistful", "nostalgia"), ("envious", "jealousy"), ("feeling bored", "boredom"),
        ("happiness", "joy"), ("angry", "anger"), ("outraged", "moral outrage"),
    ],
)  # fmt: skip
def test_forms_are_in_their_families(form, key):
    assert form in FEELINGS[key]


def test_it_is_read_once_and_cannot_be_changed():
    assert load_feelings() is FEELINGS
    with pytest.raises(TypeError):
        FEELINGS["joy"] = ("joy",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[joy]", "must be a mapping"),
        ("joy: glad", "family 'joy' must be a list"),
        ("joy: [1]", "must be text, got 1"),
        ("1: [joy]", "must be text, got 1"),
        ("joy: [Glad]", "Write 'glad'"),
        ("joy: [glad]\nbliss: [glad]", "the form 'glad' more than once"),
        ("joy: [joy]", "the form 'joy' more than once"),
        ("joy: [glad]\njoy: [happy]", "the key 'joy' more than once"),
    ],
)
def test_a_bad_inventory_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        read_feelings(text)
