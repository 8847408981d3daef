import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.errors import InputError
from emoscope.taxonomy import Label, Taxonomy, builtin_taxonomies

BUILTINS = (
    "cedr",
    "edos",
    "ekman",
    "emocontext",
    "event2mind",
    "french_election",
    "goemotions",
    "kote",
    "plutchik",
    "prdect_id",
    "red1",
    "red2",
    "semeval2018",
    "semeval2025",
    "sentiment",
    "situations",
    "xed",
)

FORBIDDEN = ("Cc", "Cs", "Zl", "Zp")
ALLOWED = st.characters(exclude_categories=FORBIDDEN, exclude_characters="\ufffe\uffff\ufeff")
texts = st.text(ALLOWED, min_size=1, max_size=8).filter(lambda text: text == text.strip())
word_lists = st.lists(texts, min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def taxonomies(draw):
    names = draw(st.lists(texts, min_size=1, max_size=5, unique=True))
    languages = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    return Taxonomy(
        name=draw(texts),
        labels=tuple(Label(name, draw(word_lists)) for name in names),
        language=languages[0],
        exclusive=draw(st.booleans()),
        ignored=tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=len(names) - 1))),
        translations={code: {name: draw(word_lists) for name in names} for code in languages[1:]},
        made_of=draw(st.dictionaries(st.sampled_from(names), word_lists)),
    )


def make(**changes):
    """Three labels, one ignored, in two languages."""
    arguments = {
        "name": "weather",
        "labels": (
            Label("sun", ("sun",)),
            Label("rain", ("rain", "drizzle")),
            Label("none", ("no",)),
        ),
        "ignored": ("none",),
        "translations": {"fr": {"none": ("non",), "rain": ("pluie", "bruine"), "sun": ("soleil",)}},
    }
    return Taxonomy(**(arguments | changes))


@given(taxonomy=taxonomies())
def test_files_round_trip(taxonomy, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    taxonomy.to_yaml(folder / "t.yaml")
    taxonomy.to_json(folder / "t.json")
    assert Taxonomy.from_yaml(folder / "t.yaml") == taxonomy
    assert Taxonomy.from_json(folder / "t.json") == taxonomy
    assert Taxonomy.load(str(folder / "t.yaml")) == taxonomy
    assert Taxonomy.from_dict(json.loads(json.dumps(taxonomy.to_dict()))) == taxonomy


@given(taxonomy=taxonomies())
def test_copies_are_equal_and_hash_alike(taxonomy):
    for twin in (pickle.loads(pickle.dumps(taxonomy)), copy.deepcopy(taxonomy)):
        assert twin == taxonomy
        assert hash(twin) == hash(taxonomy)


@given(taxonomy=taxonomies(), data=st.data())
def test_subset_and_without_agree_with_plain_filtering(taxonomy, data):
    averaged = [taxonomy.names[i] for i in taxonomy.averaged]
    chosen = data.draw(st.lists(st.sampled_from(taxonomy.names), unique=True))
    if not set(chosen) & set(averaged):
        chosen.append(averaged[0])
    part = taxonomy.subset(chosen)
    by_name = {label.name: label for label in taxonomy.labels}
    assert part.names == tuple(chosen)
    assert part.labels == tuple(by_name[name] for name in chosen)
    assert set(part.ignored) == set(taxonomy.ignored) & set(chosen)
    assert part.made_of == {n: parts for n, parts in taxonomy.made_of.items() if n in chosen}
    for language, table in taxonomy.translations.items():
        assert part.translated(language).labels == tuple(Label(n, table[n]) for n in chosen)
    dropped = [name for name in taxonomy.names if name not in chosen]
    kept = [name for name in taxonomy.names if name in chosen]
    assert taxonomy.without(*dropped) == taxonomy.subset(kept)


@given(taxonomy=taxonomies())
def test_translating_there_and_back_loses_nothing(taxonomy):
    for language in taxonomy.languages:
        there = taxonomy.translated(language)
        assert there.language == language
        assert there.names == taxonomy.names
        assert there.ignored == taxonomy.ignored
        assert there.made_of == taxonomy.made_of
        assert set(there.languages) == set(taxonomy.languages)
        assert there.translated(taxonomy.language) == taxonomy


def test_builtins_load_and_carry_their_file_name():
    assert builtin_taxonomies() == BUILTINS
    for name in BUILTINS:
        taxonomy = Taxonomy.load(name)
        assert taxonomy.name == name
        for language in taxonomy.languages:
            translated = Taxonomy.load(f"{name}:{language}")
            assert translated.language == language
            assert translated.names == taxonomy.names


def test_emocontext_is_exclusive_and_averages_three_emotions():
    taxonomy = Taxonomy.load("emocontext")
    assert taxonomy.names == ("others", "happy", "sad", "angry")
    assert taxonomy.exclusive
    assert taxonomy.ignored == ("others",)
    assert taxonomy.averaged == (1, 2, 3)


def test_goemotions_follows_the_published_ids():
    taxonomy = Taxonomy.load("goemotions")
    assert len(taxonomy) == 28
    assert not taxonomy.ignored
    for name, position in {
        "admiration": 0,
        "disgust": 11,
        "realization": 22,
        "neutral": 27,
    }.items():
        assert taxonomy.index(name) == position


def test_other_builtins_have_the_published_labels():
    eleven = "anger anticipation disgust fear joy love optimism pessimism sadness surprise trust"
    assert Taxonomy.load("semeval2018").names == tuple(eleven.split())
    assert Taxonomy.load("semeval2018").languages == ("en", "es", "fr", "ar")
    assert Taxonomy.load("semeval2018:es").labels[1] == Label("anticipation", ("anticipación",))
    six = ("anger", "disgust", "fear", "joy", "sadness", "surprise")
    assert Taxonomy.load("ekman").names == (*six, "neutral")
    assert Taxonomy.load("semeval2025").names == six
    assert len(Taxonomy.load("plutchik")) == 8
    election = Taxonomy.load("french_election")
    assert len(election) == 10
    assert election.labels[0].words == ("anger", "hate", "contempt", "disgust")
    french = election.translated("fr")
    assert [len(x.words) for x in french.labels] == [len(x.words) for x in election.labels]


@pytest.mark.parametrize(
    ("name", "sizes"), [("ekman", "3 1 2 12 5 4 1"), ("sentiment", "12 11 4 1")]
)
def test_groups_of_goemotions_share_out_its_labels(name, sizes):
    """As the publisher's files do: each of the 28 labels is in one group."""
    taxonomy = Taxonomy.load(name)
    assert [len(taxonomy.made_of[label]) for label in taxonomy.names] == list(
        map(int, sizes.split())
    )
    parts = [part for group in taxonomy.made_of.values() for part in group]
    assert sorted(parts) == sorted(Taxonomy.load("goemotions").names)
    assert "fear" in taxonomy.made_of["fear" if name == "ekman" else "negative"]


def test_what_says_nothing_of_parts_is_written_as_ever():
    assert "made_of" not in make().to_dict()
    assert make(made_of={"rain": ["drizzle", "hail"]}).to_dict()["made_of"] == {
        "rain": ["drizzle", "hail"]
    }


def test_immutable():
    taxonomy = make()
    with pytest.raises(AttributeError):
        taxonomy.name = "other"
    with pytest.raises(TypeError):
        taxonomy.translations["fr"]["sun"] = ("lune",)
    with pytest.raises(TypeError):
        taxonomy.translations["es"] = {}
    with pytest.raises(TypeError):
        taxonomy.made_of["sun"] = ("noon",)


def test_later_changes_to_the_given_mapping_do_not_leak_in():
    table = {"sun": ("sol",), "rain": ("lluvia",), "none": ("nada",)}
    taxonomy = make(translations={"es": table})
    table["sun"] = ("luna",)
    assert taxonomy.translated("es").labels[0].words == ("sol",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ()}, "at least one label"),
        ({"labels": (Label("sun", ("a",)), Label("sun", ("b",)))}, "'sun' more than once"),
        ({"ignored": ("fog",)}, "no label 'fog'"),
        ({"ignored": ("none", "none")}, "'none' more than once"),
        ({"ignored": ("sun", "rain", "none")}, "ignores all"),
        ({"ignored": "none"}, "must be a list"),
        ({"ignored": (1,)}, "must be text"),
        ({"exclusive": "yes"}, "true or false"),
        ({"name": ""}, "name must not be empty"),
        ({"language": ""}, "language must not be empty"),
        ({"translations": {"en": {}}}, "repeats the language"),
        ({"translations": {"fr": {"sun": ("soleil",)}}}, "none, rain"),
        (
            {"translations": {"fr": {"sun": ("s",), "rain": (), "none": ("n",)}}},
            "label 'rain' needs at least one word",
        ),
        ({"made_of": {"son": ("sun",)}}, r"'made_of' .* no label 'son'; did you mean sun\?"),
        ({"made_of": {"sun": ()}}, "label 'sun' needs at least one word"),
        ({"made_of": {"sun": ("noon", "noon")}}, "'noon' more than once"),
        ({"made_of": ("sun",)}, "must be a mapping"),
    ],
)
def test_invalid_taxonomies_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        make(**changes)


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("", ("a",), "name must not be empty"),
        (" sun", ("a",), "space around"),
        ("su\tn", ("a",), "control character"),
        (False, ("a",), "quote"),
        ("sun", (), "at least one word"),
        ("sun", ("a", ""), "must not be empty"),
        ("sun", ("a", "a"), "more than once"),
        ("sun", "abc", "must be a list"),
        ("sun", (1,), "must be text"),
    ],
)
def test_invalid_labels_are_refused(name, words, message):
    with pytest.raises(InputError, match=message):
        Label(name, words)


def test_unknown_label_names_close_matches():
    with pytest.raises(InputError, match=r"did you mean anger\?"):
        Taxonomy.load("ekman").index("angr")
    with pytest.raises(InputError, match="known: anger, disgust"):
        Taxonomy.load("ekman").index("zzz")


def test_unknown_language_lists_the_available_ones():
    with pytest.raises(InputError, match="available: en, es, fr, ar"):
        Taxonomy.load("semeval2018:pt")


def test_subset_refuses_unknown_repeated_and_nothing_averaged():
    with pytest.raises(InputError, match="no label 'fog'"):
        make().subset(["fog"])
    with pytest.raises(InputError, match="more than once"):
        make().subset(["sun", "sun"])
    with pytest.raises(InputError, match="ignores all"):
        make().without("sun", "rain")
    with pytest.raises(InputError, match="at least one label"):
        make(ignored=()).without("sun", "rain", "none")
    with pytest.raises(InputError, match="must be a list"):
        make().subset("sun")


def test_parse_labels():
    taxonomy = Taxonomy.parse_labels("pride, relief ,anger | rage|fury")
    assert taxonomy.labels == (
        Label("pride", ("pride",)),
        Label("relief", ("relief",)),
        Label("anger", ("anger", "rage", "fury")),
    )
    assert not taxonomy.exclusive
    assert Taxonomy.load("pride, relief ,anger | rage|fury") == taxonomy
    assert Taxonomy.parse_labels("ira", language="es").language == "es"


@pytest.mark.parametrize("text", ["", "a,,b", "a|", ",", "a, a|b"])
def test_parse_labels_refuses_gaps_and_repeats(text):
    with pytest.raises(InputError):
        Taxonomy.parse_labels(text)


@pytest.mark.parametrize("name", ["emocontex", "EmoContext", "Emocontext:en", "semeval"])
def test_load_unknown_name_says_what_is_possible(name):
    meant = "emocontext" if "mo" in name else "semeval20"
    with pytest.raises(InputError, match=rf"did you mean {meant}.*\.yaml.*commas; a comma after"):
        Taxonomy.load(name)


def test_labels_between_semicolons_are_not_taken_for_one():
    with pytest.raises(InputError, match="did you mean 'joy, anger'"):
        Taxonomy.load("joy; anger;")
    assert Taxonomy.of(["joy;anger"]).names == ("joy;anger",)


def test_a_word_that_looks_like_no_taxonomy_is_a_label(tmp_path, monkeypatch):
    """What may be a misspelt name or a file is none, but for a comma after it."""
    monkeypatch.chdir(tmp_path)
    for word in ("pride", " pride ", "excited", "vexed", "mixed feelings", "Freude", "希望"):
        assert Taxonomy.load(word) == Taxonomy.parse_labels(word)
        assert Taxonomy.load(f"{word},") == Taxonomy.parse_labels(word)
    assert Taxonomy.load("pride").labels == (Label("pride", ("pride",)),)
    assert Taxonomy.load("emotions,").names == ("emotions",)
    assert Taxonomy.load("pride,relief, ").names == ("pride", "relief")
    for word in ("emotions", "labels/moods", "moods.txt", "pride:es", "ekmann"):
        with pytest.raises(InputError, match="no taxonomy"):
            Taxonomy.load(word)
    (tmp_path / "moods.yml").write_text("{joy: joy}")
    with pytest.raises(InputError, match=r"no taxonomy 'moods'; there is a file moods\.yml"):
        Taxonomy.load("moods")
    with pytest.raises(InputError, match="word is empty"):
        Taxonomy.load("")


def test_every_emotion_of_the_built_in_taxonomies_is_a_label_by_itself():
    for name in BUILTINS:
        for label in Taxonomy.load(name).names:
            assert Taxonomy.load(label).names == (label,)
