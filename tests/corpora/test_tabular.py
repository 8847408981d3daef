"""Corpora in one's own tables: where turns and labels may be, and what is refused."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.corpora import tabular
from emoscope.corpora.registry import load_corpus
from emoscope.corpora.tabular import TabularOptions
from emoscope.errors import InputError
from emoscope.reading.conversations import Columns
from emoscope.reading.errors import RejectFile, RowError
from emoscope.recipes.schema import CorpusSection
from emoscope.taxonomy import Label, Taxonomy

NAMES = ("joy", "fear", "awe")
MULTI = Taxonomy("three", tuple(Label(name, (name,)) for name in NAMES), "fr")
SINGLE = Taxonomy("three", MULTI.labels, "en", exclusive=True)
NAN = float("nan")
OPEN = TabularOptions(open_labels=True)
LABEL = Columns(label="label")


def jsonl(folder, rows):
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def table(folder, text, name="mine.csv"):
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_turns_in_several_columns_and_a_label(tmp_path):
    path = table(tmp_path, "n,b,a,emotion\nx,two,one,fear\ny,four,three,joy\n")
    columns = Columns(turns=("a", "b"), id="n", label="emotion")
    corpus = tabular.load(path, SINGLE, columns)
    assert (corpus.name, corpus.ids) == ("mine", ["x", "y"])
    assert corpus.turns == [["one", "two"], ["three", "four"]]
    np.testing.assert_array_equal(corpus.labels, [[0, 1, 0], [1, 0, 0]])
    assert corpus.languages == ["en", "en"]


def test_ids_default_to_line_numbers(tmp_path):
    assert tabular.load(table(tmp_path, "text\na\n\nb\n"), MULTI).ids == ["2", "4"]


def test_turns_in_a_list_column_of_parquet(tmp_path):
    rows = [
        {"turns": ["a", "b"], "labels": ["joy", "awe"], "lang": "es"},
        {"turns": ["c"], "labels": [], "lang": "ar"},
        {"turns": ["d"], "labels": None, "lang": "en"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "mine.parquet")
    columns = Columns(turns=("turns",), label="labels", language="lang")
    corpus = tabular.load(
        tmp_path / "mine.parquet", MULTI, columns, options=TabularOptions(name="other")
    )
    assert (corpus.name, corpus.turns) == ("other", [["a", "b"], ["c"], ["d"]])
    assert corpus.languages == ["es", "ar", "en"]
    np.testing.assert_array_equal(corpus.labels, [[1, 0, 1], [0, 0, 0], [NAN] * 3])


def test_turns_parted_in_one_column(tmp_path):
    columns = Columns(turn_separator="<eos>")
    assert tabular.load(table(tmp_path, "text\na <eos> b\n"), MULTI, columns).turns == [["a", "b"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("joy", [1, 0, 0]),
        (" awe ", [0, 0, 1]),
        ("joy, awe", [1, 0, 1]),
        ("joy,,awe,", [1, 0, 1]),
        ("Joy", [1, 0, 0]),
        (["awe", "joy"], [1, 0, 1]),
        ([], [0, 0, 0]),
        ("", [NAN] * 3),
        ("  ", [NAN] * 3),
        (None, [NAN] * 3),
    ],
)
def test_labels_in_one_column(tmp_path, value, expected):
    path = jsonl(tmp_path, [{"text": "a", "label": value}])
    np.testing.assert_array_equal(tabular.load(path, MULTI, LABEL).labels, [expected])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", [1, 0, 0]),
        ("2,1", [0, 1, 1]),
        ("2.0", [0, 0, 1]),
        (2, [0, 0, 1]),
        (2.0, [0, 0, 1]),
        ([0, 1], [1, 1, 0]),
        ("[0 1]", [1, 1, 0]),
    ],
)
def test_numbers_are_labels_where_they_have_names_only(tmp_path, value, expected):
    path = jsonl(tmp_path, [{"text": "a", "label": value}])
    for taxonomy in (MULTI, None):
        with pytest.raises(InputError, match=r"corpus\.label_names"):
            tabular.load(path, taxonomy, LABEL)
    named = TabularOptions(label_names=NAMES)
    np.testing.assert_array_equal(tabular.load(path, MULTI, LABEL, named).labels, [expected])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("sadness, joy", ("joy", "sadness")),
        (["sadness", "joy"], ("joy", "sadness")),
        ({0: "fear", 1: "awe"}, ("awe", "fear")),
        ("ekman", ("anger", "disgust")),
    ],
)
def test_a_recipe_names_numbers(tmp_path, names, expected):
    table(tmp_path, "text,label\na,0\nb,1\n")
    given = {"name": "tabular", "train": "mine.csv", "label": "label", "label_names": names}
    section = CorpusSection.model_validate(given)
    assert load_corpus(section, tmp_path, "mine.csv").taxonomy.names == expected


def test_a_recipe_reads_lists_of_names(tmp_path):
    table(tmp_path, "text,labels\na,\"['joy', 'love']\"\nb,['anger']\n")
    section = CorpusSection(name="tabular", train="mine.csv", label="labels")
    corpus = load_corpus(section, tmp_path, "mine.csv")
    assert corpus.taxonomy.names == ("anger", "joy", "love")
    np.testing.assert_array_equal(corpus.labels, [[0, 1, 1], [1, 0, 0]])


def test_names_that_hold_the_separator_or_look_like_numbers(tmp_path):
    odd = Taxonomy("odd", tuple(Label(name, (name,)) for name in ("a, b", "c", "0")), "en")
    path = jsonl(tmp_path, [{"text": "t", "label": each} for each in ("a, b", "0", "c,0")])
    expected = [[1, 0, 0], [0, 0, 1], [0, 1, 1]]
    np.testing.assert_array_equal(tabular.load(path, odd, LABEL).labels, expected)
    single = Columns(label="label", label_separator=None)
    with pytest.raises(RowError, match="'c,0'"):
        tabular.load(path, odd, single)


def test_a_column_for_each_label(tmp_path):
    text = "awe,text,joy,fear\n1,a,0,0\n0.0,b,1,0.5\n,c,,\n"
    expected = [[0, 0, 1], [1, 0.5, 0], [NAN] * 3]
    corpus = tabular.load(table(tmp_path, text), MULTI)
    np.testing.assert_array_equal(corpus.labels, expected)
    renamed = table(tmp_path, text.replace("joy", "J").replace("fear", "F").replace("awe", "A"))
    corpus = tabular.load(renamed, MULTI, Columns(labels=("J", "F", "A")))
    np.testing.assert_array_equal(corpus.labels, expected)
    assert not corpus.labelled


def test_a_table_may_be_about_other_labels(tmp_path):
    """A column for each label: those there are; one column: those that some row has."""
    path = table(tmp_path, "text,awe,joy,pride\na,1,0,1\nb,,,\n")
    corpus = tabular.load(path, MULTI, options=OPEN)
    assert (corpus.taxonomy, corpus.taxonomy.names) == (
        MULTI.subset(["joy", "awe"]),
        ("joy", "awe"),
    )
    np.testing.assert_array_equal(corpus.labels, [[0, 1], [NAN] * 2])
    rows = [{"text": "a", "label": each} for each in ("awe,zeal", "pride", "joy", "")]
    corpus = tabular.load(jsonl(tmp_path, rows), MULTI, LABEL, options=OPEN)
    assert corpus.taxonomy.names == ("joy", "awe", "pride", "zeal")
    assert corpus.taxonomy.language == "fr"
    expected = [[0, 1, 0, 1], [0, 0, 1, 0], [1, 0, 0, 0], [NAN] * 4]
    np.testing.assert_array_equal(corpus.labels, expected)
    # None of those that are known: then it is not about them.
    corpus = tabular.load(jsonl(tmp_path, rows[1:2]), MULTI, LABEL, options=OPEN)
    assert corpus.taxonomy.names == ("pride",)
    with pytest.raises(RowError, match="--label-names"):
        tabular.load(
            jsonl(tmp_path, [{"text": "a", "label": "7"}]),
            MULTI,
            LABEL,
            options=OPEN,
        )
    blank = tabular.load(table(tmp_path, "text\na\n"), MULTI, options=OPEN)
    assert (blank.taxonomy, blank.labelled) == (MULTI, False)


def test_labels_that_exclude_each_other_are_all_known(tmp_path):
    with pytest.raises(RowError, match="one of joy, fear, awe"):
        tabular.load(
            table(tmp_path, "text,label\na,pride\n"),
            SINGLE,
            LABEL,
            options=OPEN,
        )
    with pytest.raises(InputError, match="none called 'fear'"):
        tabular.load(
            table(tmp_path, "text,joy,awe\na,1,0\n"),
            SINGLE,
            options=OPEN,
        )


def test_tables_without_labels(tmp_path):
    corpus = tabular.load(table(tmp_path, "text\na\n"), SINGLE)
    assert np.isnan(corpus.labels).all()


@pytest.mark.parametrize(
    ("labels", "names", "exclusive"),
    [
        (["b", "a", "b", ""], ("a", "b"), True),
        (["b", "a;c", ""], ("a", "b", "c"), False),
        (["10", "2", "x"], ("2", "10", "x"), True),
        (["a", "a"], ("a",), False),
    ],
)
def test_a_taxonomy_from_the_column_of_labels(tmp_path, labels, names, exclusive):
    rows = [{"text": "t", "label": each} for each in labels]
    columns = Columns(label="label", label_separator=";")
    corpus = tabular.load(
        jsonl(tmp_path, rows), columns=columns, options=TabularOptions(language="de")
    )
    assert (corpus.taxonomy.names, corpus.taxonomy.exclusive) == (names, exclusive)
    assert (corpus.taxonomy.name, corpus.taxonomy.language) == ("mine", "de")
    for values, text in zip(corpus.labels, labels, strict=True):
        found = {name for name, value in zip(names, values, strict=True) if value == 1}
        assert found == set(filter(None, text.split(";")))


def test_a_taxonomy_from_columns_of_labels(tmp_path):
    path = table(tmp_path, "text,b,a\nt,1,0\nu,0,1\n")
    corpus = tabular.load(path, columns=Columns(labels=("b", "a")))
    assert (corpus.taxonomy.names, corpus.taxonomy.exclusive) == (("b", "a"), True)
    soft = table(tmp_path, "text,b,a\nt,1,0.5\n")
    assert not tabular.load(soft, columns=Columns(labels=("b", "a"))).taxonomy.exclusive


@pytest.mark.parametrize(
    ("taxonomy", "row", "column", "message"),
    [
        (MULTI, {"text": "a", "label": "jay"}, "label", "one of joy, fear, awe.*mean 'joy'"),
        (MULTI, {"text": "a", "label": "3"}, "label", "--label-names"),
        (MULTI, {"text": "a", "label": -1}, "label", "--label-names"),
        (MULTI, {"text": "a", "label": True}, "label", "name of a label, got True"),
        (MULTI, {"text": "a", "label": 0.5}, "label", "name of a label, got 0.5"),
        (MULTI, {"text": "a", "label": ["joy", None]}, "label", "got None"),
        (SINGLE, {"text": "a", "label": "joy,awe"}, "label", "a single label, got 2"),
        (SINGLE, {"text": "a", "label": []}, "label", "a single label, got 0"),
        (MULTI, {"text": " ", "label": "joy"}, "text", "expected text, got nothing"),
        (MULTI, {"text": 1, "label": "joy"}, "text", "expected text"),
        (MULTI, {"label": "joy"}, "text", "expected text, got nothing"),
    ],
)
def test_bad_rows(tmp_path, taxonomy, row, column, message):
    good = {"text": "fine", "label": "awe"}
    path = jsonl(tmp_path, [good, row, good])
    with pytest.raises(RowError, match=message) as caught:
        tabular.load(path, taxonomy, LABEL)
    assert (caught.value.line, caught.value.column) == (2, column)
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        assert tabular.load(
            path, taxonomy, LABEL, options=TabularOptions(bad_rows=rejects)
        ).ids == ["1", "3"]
    [reject] = map(json.loads, rejects.path.read_text().splitlines())
    assert (reject["line"], reject["column"], reject["values"]) == (2, column, row)


@pytest.mark.parametrize(
    ("taxonomy", "cells", "message"),
    [
        (MULTI, "1,0,2", "column 'awe': expected 0 or 1.*got '2'"),
        (MULTI, "1,some,0", "column 'fear'.*'some'"),
        (MULTI, "1,inf,0", "column 'fear'.*'inf'"),
        (MULTI, "1,nan,0", "column 'fear'.*got nothing"),
        (MULTI, "1,,0", "column 'fear'.*got nothing"),
        (SINGLE, "1,1,0", "a single label that is 1"),
        (SINGLE, "0,0,0", "a single label that is 1"),
        (SINGLE, "1,0.5,0", "a single label that is 1"),
    ],
)
def test_bad_rows_with_a_column_for_each_label(tmp_path, taxonomy, cells, message):
    path = table(tmp_path, f"text,joy,fear,awe\na,1,0,0\nb,{cells}\n")
    with pytest.raises(RowError, match=message) as caught:
        tabular.load(path, taxonomy)
    assert caught.value.line == 3


def test_a_language_that_is_missing(tmp_path):
    path = table(tmp_path, "text,lang\na,en\nb,\n")
    with pytest.raises(RowError, match="line 3, column 'lang': expected the code of a language"):
        tabular.load(path, MULTI, Columns(language="lang"))


@pytest.mark.parametrize(
    ("text", "taxonomy", "columns", "message"),
    [
        ("tweet,label\na,joy\n", MULTI, LABEL, "expected a column 'text'"),
        ("text,lable\na,joy\n", MULTI, LABEL, "Is it 'lable'"),
        ("text,joy\na,1\n", MULTI, Columns(), "none called 'fear', 'awe'"),
        ("text,a,b\nt,1,0\n", MULTI, Columns(labels=("a", "b")), "3 columns of labels.*got 2"),
        ("text\na\n", None, Columns(), "expected a taxonomy"),
        ("text,label\na,\n", None, LABEL, "rows without any"),
        ("text,label\n", MULTI, LABEL, "got none"),
        ("", MULTI, LABEL, "empty file"),
    ],
)
def test_tables_that_do_not_fit_stop_whatever_the_policy(
    tmp_path, text, taxonomy, columns, message
):
    path = table(tmp_path, text)
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        for policy in ("stop", rejects):
            with pytest.raises(InputError, match=message):
                tabular.load(path, taxonomy, columns, options=TabularOptions(bad_rows=policy))


turn = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda text: not text.isspace()
)
row = st.tuples(st.lists(turn, min_size=2, max_size=2), st.sets(st.sampled_from(NAMES), min_size=1))


@given(st.lists(row, min_size=1, max_size=6))
@settings(deadline=None, max_examples=40)
def test_the_same_corpus_from_every_format(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("formats")
    records = [
        {"id": str(n), "t1": turns[0], "t2": turns[1], "label": ",".join(sorted(labels))}
        for n, (turns, labels) in enumerate(rows)
    ]
    with (folder / "mine.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, records[0])
        writer.writeheader()
        writer.writerows(records)
    lines = ["\t".join(each.values()) for each in records]
    table(folder, "\n".join(["\t".join(records[0]), *lines]), "mine.tsv")
    jsonl(folder, records)
    table(folder, json.dumps(records), "mine.json")
    pq.write_table(pa.Table.from_pylist(records), folder / "mine.parquet")
    expected = [[float(name in labels) for name in NAMES] for _, labels in rows]
    columns = Columns(turns=("t1", "t2"), id="id", label="label")
    for ending in ("csv", "tsv", "jsonl", "json", "parquet"):
        corpus = tabular.load(folder / f"mine.{ending}", MULTI, columns)
        assert corpus.ids == [each["id"] for each in records]
        assert corpus.turns == [turns for turns, _ in rows]
        np.testing.assert_array_equal(corpus.labels, expected)
