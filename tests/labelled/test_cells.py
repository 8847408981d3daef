"""Cells of labels: however they were written, they are read rightly or refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.labelled.cells import MAX_CELL, CellError, parse_value
from emoscope.labelled.names import LabelColumn, is_number, load_label_names

NAMES = ("joy", "love", "anger", "don't care")


def read(cell, names=NAMES, others=True, **options):
    return LabelColumn(names, others=others, **options).read(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "joy, love",
        "joy;love",
        "joy | love",
        "joy\nlove",
        "joy#love",
        "JOY,Love",
        "['joy', 'love']",
        '["joy", "love"]',
        "['joy' 'love']",
        "['joy'\n 'love']",
        "('joy', 'love')",
        "{'joy', 'love'}",
        "[joy, love]",
        "array(['joy', 'love'], dtype=object)",
        '{"choices":["joy","love"]}',
        {"choices": ["joy", "love"]},
        ["joy", "love"],
        "joy, love, joy",
    ],
)
@pytest.mark.parametrize("names", [NAMES, None])
def test_two_labels_in_a_cell(cell, names):
    assert [name.casefold() for name in read(cell, names)] == ["joy", "love"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("joy", ["joy"]),
        ("'joy'", ["joy"]),
        ('"Joy"', ["joy"]),
        ("['joy']", ["joy"]),
        ("('joy',)", ["joy"]),
        ({"choices": "joy"}, ["joy"]),
        ("don't care", ["don't care"]),
        ("[\"don't care\", 'joy']", ["don't care", "joy"]),
        (r"['don\'t care']", ["don't care"]),
        ("[]", []),
        ([], []),
        ("none", []),
        ("", None),
        (None, None),
        (float("nan"), None),
        ("NaN", None),
        ("hope", ["hope"]),
        ("fear (mild)", ["fear (mild)"]),
    ],
)
def test_one_cell(cell, expected):
    assert read(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "['joy'",
        "joy', 'love']",
        "(joy",
        "['joy', ['love']]",
        "{'joy': 1}",
        '{"joy": 1}',
        "[np.str_('joy')]",
        "joy, love; anger",
        "3",
        "2.0",
        "[17 18]",
        7,
        [0, 1],
        True,
        "TRUE",
        "no",
        "-",
        "[nan]",
        ["joy", None],
        [["joy"]],
        {"labels": ["joy"]},
        "x" * 101,
        "joy," * MAX_CELL,
    ],
)
def test_what_is_no_label_is_refused(cell):
    with pytest.raises(CellError):
        read(cell)


def test_only_known_labels_where_there_are_no_others():
    with pytest.raises(CellError, match="Did you mean 'joy'"):
        read("joi", others=False)
    with pytest.raises(CellError, match="one of joy, love"):
        read("['joy', 'hope']", others=False)


def test_spellings_of_a_label_that_was_met():
    column = LabelColumn()
    assert [column.read(cell) for cell in ("Joy", "joy; JOY")] == [["Joy"], ["Joy"]]


odd = st.text("jo yl|;,#[]{}()'\"\\\n123.xTRUE", max_size=14)


@given(odd, st.booleans())
def test_no_label_is_called_as_the_source_of_a_list(cell, known):
    """Whatever a cell holds, its labels are known, or names that have nothing of code."""
    try:
        found = read(cell, NAMES if known else None)
    except CellError:
        return
    for name in found or ():
        assert name in NAMES or not set(name) & set('[]{}"\\;|\n')
        assert not (known and is_number(name))


names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)


@given(names, st.sampled_from([repr, json.dumps, ", ".join, ";".join, tuple, set, list]))
def test_every_writer_of_lists_is_read_back(labels, write):
    written = write(labels)
    cell = str(written) if isinstance(written, tuple | set) else written
    assert sorted(read(cell)) == sorted(labels)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sadness, joy", {"0": "sadness", "1": "joy"}),
        ("0=sadness, 2 = joy", {"0": "sadness", "2": "joy"}),
        ("Happy=joy", {"happy": "joy"}),
        (["sadness", "joy"], {"0": "sadness", "1": "joy"}),
        ({0: "sadness"}, {"0": "sadness"}),
        (None, {}),
    ],
)
def test_names_of_numbers(given, expected, tmp_path):
    assert load_label_names(given) == expected
    if given is not None and not isinstance(given, str):
        (tmp_path / "names.json").write_text(json.dumps(given))
        assert load_label_names(str(tmp_path / "names.json")) == expected


def test_names_of_a_taxonomy(tmp_path):
    assert load_label_names("goemotions")["17"] == "joy"
    (tmp_path / "mine.yaml").write_text("name: mine\nlabels: [joy, fear]\n")
    assert load_label_names(str(tmp_path / "mine.yaml")) == {"0": "joy", "1": "fear"}


@pytest.mark.parametrize("given", ["0=", "=joy", "", [], {}, [1], "nowhere.json", "goemotion"])
def test_names_that_cannot_be_read(given):
    with pytest.raises(InputError):
        load_label_names(given)


def test_what_names_stand_for():
    stands_for = load_label_names("0=joy, 1=anger, happy=joy")
    for cell, expected in (("0", "joy"), (1.0, "anger"), ("1.0", "anger"), ("Happy", "joy")):
        assert read(cell, stands_for=stands_for) == [expected]
    with pytest.raises(CellError, match=r"0=joy.*give 2 a name"):
        read("2", stands_for=stands_for)
    with pytest.raises(InputError, match="none of joy, love"):
        LabelColumn(NAMES, stands_for={"0": "hope"})


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *((cell, 1.0) for cell in (1, "1", "1.0", True, "TRUE", "true", "Yes", "x", "X", "✓")),
        *((cell, 0.0) for cell in (0, "0", False, "FALSE", "no", "N")),
        *((cell, None) for cell in ("", " ", None, "NA", "nan", float("nan"))),
        ("0.25", 0.25),
        ("0,25", 0.25),
    ],
)
def test_values(cell, value):
    assert parse_value(cell) == value


@pytest.mark.parametrize("cell", ["2", -1, "maybe", "inf", [], "1e400", 10**400])
def test_values_that_are_none(cell):
    with pytest.raises(CellError, match="0 or 1"):
        parse_value(cell)


def test_accents_are_the_same_however_they_are_coded():
    composed, parted = "col\u00e8re", "Cole\u0300re"
    column = LabelColumn((composed,), others=True)
    assert column.read(parted) == [composed]
    free = LabelColumn()
    assert free.read(parted) == free.read(composed) == [parted]
    assert read("\U0001f620", stands_for=load_label_names("\U0001f620=anger")) == ["anger"]


@pytest.mark.parametrize("cell", ["\U0001f602", "❤️", ":("])
def test_the_advice_for_a_sign_in_place_of_a_name_can_be_followed(cell):
    with pytest.raises(CellError) as caught:
        read(cell)
    pair = f"{cell}=joy"
    assert f"--label-names '{pair}'" in caught.value.advice
    assert read(cell, stands_for=load_label_names(pair)) == ["joy"]
