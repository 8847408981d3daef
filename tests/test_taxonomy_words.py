import subprocess
import sys

import pytest
from hypothesis import given

from emoscope.errors import InputError
from emoscope.taxonomy import MAX_FILE_BYTES, Label, Taxonomy
from tests.test_taxonomy import taxonomies


def test_a_word_that_holds_the_name_of_a_taxonomy_may_be_a_label():
    for word in ("resentment", "contentment", "sentimentality"):
        assert Taxonomy.load(word).names == (word,)


@given(taxonomy=taxonomies())
def test_labels_of_a_program(taxonomy, tmp_path_factory):
    """Names in a list, words in a mapping, whatever they hold; what can be loaded; a taxonomy."""
    assert Taxonomy.of(taxonomy) is taxonomy
    for names in (list(taxonomy.names), taxonomy.names):
        labels = tuple(Label(name, (name,)) for name in names)
        assert Taxonomy.of(names) == Taxonomy("custom", labels)
    words = {label.name: list(label.words) for label in taxonomy.labels}
    assert Taxonomy.of(words) == Taxonomy("custom", taxonomy.labels)
    path = tmp_path_factory.getbasetemp() / "of.yaml"
    taxonomy.to_yaml(path)
    assert Taxonomy.of(path) == Taxonomy.of(str(path)) == taxonomy


def test_labels_of_a_list_are_not_parted():
    assert Taxonomy.of(["joy, fear", "a|b", "ekman"]).names == ("joy, fear", "a|b", "ekman")
    assert Taxonomy.of("joy, a|b").labels[1] == Label("a", ("a", "b"))
    assert Taxonomy.of({"Freude": "joy", "Wut": ["anger", "rage"]}).labels == (
        Label("Freude", ("joy",)),
        Label("Wut", ("anger", "rage")),
    )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "as a list of names, .* got NoneType"),
        (3, "got int"),
        (b"joy", "got bytes"),
        ({"joy", "fear"}, r"got set. .* pass list\(labels\)"),
        ((name for name in ("joy",)), "got generator"),
        ([], "at least one label, got none"),
        ({}, "at least one label, got none"),
        (["joy", 3], "label 2 of the list must be text, got 3"),
        (["joy", ["fear"]], "label 2 of the list must be text"),
        (["joy", ""], "label 2 of the list must not be empty"),
        (["joy", "fear", "joy"], "the list of labels has the label 'joy' more than once"),
        ({"joy": 3}, "words of label 'joy' must be a list"),
        ({"joy": []}, "at least one word"),
        ({"joy": ["joy", "joy"]}, "'joy' more than once"),
        ({3: "joy"}, "a label's name must be text"),
    ],
)
def test_what_are_no_labels_is_refused(labels, message):
    with pytest.raises(InputError, match=message):
        Taxonomy.of(labels)


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml", ".JSON"])
def test_emotion_configuration(tmp_path, suffix):
    path = tmp_path / f"mine{suffix}"
    path.write_text('{"Wut": "anger", "Hass": ["hate", "contempt"]}', encoding="utf-8-sig")
    expected = Taxonomy("mine", (Label("Wut", ("anger",)), Label("Hass", ("hate", "contempt"))))
    assert Taxonomy.load(path) == Taxonomy.load(str(path)) == expected


def test_short_forms_in_a_file(tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text(
        "name: w\nlabels: [sun, {name: rain, words: drizzle}]\n"
        "translations: {fr: {sun: soleil, rain: [pluie]}}\n"
    )
    assert Taxonomy.load(path) == Taxonomy(
        "w",
        (Label("sun", ("sun",)), Label("rain", ("drizzle",))),
        translations={"fr": {"sun": ("soleil",), "rain": ("pluie",)}},
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", "name: a\nlabels: [x]\ncolour: red\n", "unknown key 'colour'"),
        ("a.yaml", "labels: [x]\n", "lacks name"),
        ("a.yaml", "name: a\nlabels: x\n", "'labels' must be a list"),
        ("a.yaml", "name: a\nlabels: [{name: x}]\n", "a label lacks words"),
        ("a.yaml", "name: a\nlabels: [{name: x, words: [y], w: z}]\n", "unknown key 'w'"),
        ("a.yaml", "name: a\nlabels: [yes, no]\n", "quote"),
        ("a.yaml", "name: a\nlabels: [x]\ntranslations: [y]\n", "must be a mapping"),
        ("a.yaml", "name: a\nlabels: [x]\ntranslations: {fr: y}\n", "must be a mapping"),
        ("a.yaml", "name: a\nlabels: [x]\nmade_of: [y]\n", "'made_of' must be a mapping"),
        ("a.yaml", "name: a\nlabels: [x]\nmade_of: {x: 3}\n", "must be a list"),
        ("a.yaml", "joy: joy\nanger: anger\njoy: delight\n", "line 1 has the key 'joy' more than"),
        ("a.json", '{"joy": "joy", "joy": "delight"}', "'joy' more than once"),
        ("a.yaml", "a: &x [one]\nb: *x\n", "aliases"),
        ("a.yaml", "a: b\nc: [d\n", "line 3: not valid YAML"),
        ("a.yaml", "a: !!python/name:os.system\n", "line 1: not valid YAML"),
        ("a.yaml", "a: \x01\n", "not valid YAML"),
        ("a.yaml", "? [a]\n: b\n", "not valid YAML"),
        ("a.json", '{"joy":\n }', "line 2: not valid JSON"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.yaml", "[" * 10_000, "nested too deeply"),
        ("a.json", '{"n": ' + "1" * 5000 + "}", "digits"),
        ("a.json", "[]", "must be a mapping"),
        ("a.yaml", "", "must be a mapping"),
        ("a.json", "{}", "at least one label"),
        ("a.json", '{"joy": 3}', "must be a list"),
        ("a.json", '{"joy": []}', "at least one word"),
        ("a.json", b"\xff\xfe", "not UTF-8 at byte 0"),
        ("a.json", " " * (MAX_FILE_BYTES + 1), "larger than"),
        ("a.txt", "name: a", r"ending in \.yaml"),
    ],
)
def test_bad_files_are_errors_that_name_them(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message) as caught:
        Taxonomy.load(path)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value)) < len(str(path)) + 300


def test_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"Cannot read the taxonomy .*No such file"):
        Taxonomy.load(str(tmp_path / "none.yaml"))


def test_import_needs_nothing_heavy():
    code = (
        "import sys, emoscope.taxonomy; heavy = {'torch', 'transformers', 'datasets', 'scipy',"
        " 'sklearn', 'numpy', 'yaml'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
