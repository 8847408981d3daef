"""Data sets as the hub has them, made here and read without a network."""

import json

import datasets
import numpy as np
import pytest

from emoscope.corpora import hub
from emoscope.corpora.hub import HubOptions
from emoscope.errors import InputError
from emoscope.reading.conversations import Columns
from emoscope.reading.errors import RejectFile, RowError
from emoscope.taxonomy import Label, Taxonomy

NAMES = ("joy", "fear", "awe")
THREE = Taxonomy("three", tuple(Label(name, (name,)) for name in NAMES), "fr")
SWAPPED = THREE.subset(NAMES[::-1])
TEXT = datasets.Value("string")
CLASS = datasets.ClassLabel(names=list(NAMES))


@pytest.fixture(autouse=True)
def _quiet_and_apart(tmp_path, monkeypatch):
    """No progress, and what `datasets` caches goes to the test's folder."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def lists(labels=((0, 2), (1,), ()), feature=CLASS):
    """Rows with a list of labels."""
    count = len(labels)
    return datasets.Dataset.from_dict(
        {
            "text": [f"text {n}" for n in range(count)],
            "labels": labels,
            "id": [f"i{n}" for n in range(count)],
        },
        features=datasets.Features({"text": TEXT, "labels": datasets.List(feature), "id": TEXT}),
    )


def singles(labels, feature=CLASS, column="label"):
    """Rows with one label, without ids."""
    return datasets.Dataset.from_dict(
        {"text": ["t"] * len(labels), column: labels},
        features=datasets.Features({"text": TEXT, column: feature}),
    )


def saved(root, form, **splits):
    """A folder with these splits in one of the forms that data sets are passed on in."""
    folder = root / "mine"
    if form == "disk":
        datasets.DatasetDict(splits).save_to_disk(folder)
        return folder
    folder.mkdir(parents=True)
    for name, data in splits.items():
        if form == "parquet":
            data.to_parquet(folder / f"{name}-00000-of-00001.parquet")
        else:
            data.to_json(folder / f"{name}.jsonl")
    return folder


@pytest.mark.parametrize("form", ["disk", "parquet"])
@pytest.mark.parametrize("spelt", ["path", "text"])
def test_lists_of_named_labels(tmp_path, form, spelt):
    folder = saved(tmp_path, form, train=lists(), validation=lists([[1]]))
    corpus = hub.load(
        folder if spelt == "path" else str(folder),
        "train",
        options=HubOptions(cache=tmp_path / "own"),
    )
    assert (corpus.name, corpus.taxonomy.names) == ("mine", NAMES)
    assert (corpus.taxonomy.exclusive, corpus.taxonomy.language) == (False, "en")
    assert corpus.ids == ["i0", "i1", "i2"]
    assert corpus.turns == [["text 0"], ["text 1"], ["text 2"]]
    np.testing.assert_array_equal(corpus.labels, [[1, 0, 1], [0, 1, 0], [0, 0, 0]])
    for split in ("dev", "validation"):
        np.testing.assert_array_equal(hub.load(folder, split).labels, [[0, 1, 0]])
    assert (tmp_path / "own").exists() == (form == "parquet")


def test_numbers_mean_the_data_sets_names_not_the_taxonomys_places(tmp_path):
    folder = saved(tmp_path, "parquet", train=lists())
    corpus = hub.load(folder, "train", taxonomy=SWAPPED, options=HubOptions(name="other"))
    assert (corpus.name, corpus.taxonomy, corpus.languages[0]) == ("other", SWAPPED, "fr")
    np.testing.assert_array_equal(corpus.labels, [[1, 0, 1], [0, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(corpus.labels[:, ::-1], hub.load(folder, "train").labels)
    with pytest.raises(RowError, match=r"mine \[train\], line 1, column 'labels'.*got 'awe'"):
        hub.load(folder, "train", taxonomy=THREE.without("awe"))


def test_numbers_without_names_need_them(tmp_path):
    folder = saved(tmp_path, "json", train=lists(feature=datasets.Value("int64")))
    for taxonomy in (SWAPPED, None):
        with pytest.raises(InputError, match=r"corpus\.label_names"):
            hub.load(folder, "train", taxonomy=taxonomy)
    named = HubOptions(label_names=NAMES)
    corpus = hub.load(folder, "train", taxonomy=SWAPPED, options=named)
    np.testing.assert_array_equal(corpus.labels, [[1, 0, 1], [0, 1, 0], [0, 0, 0]])
    assert set(hub.load(folder, "train", options=named).taxonomy.names) == set(NAMES)


@pytest.mark.parametrize("given", [None, Columns(), Columns(id="id"), Columns(label="labels")])
def test_usual_columns_serve_where_none_are_named(tmp_path, given):
    folder = saved(tmp_path, "parquet", train=lists())
    corpus = hub.load(folder, "train", columns=given)
    assert corpus.ids == ["i0", "i1", "i2"]
    assert corpus.labels.sum() == 3


def test_one_named_label_a_row(tmp_path):
    folder = saved(tmp_path, "parquet", train=singles([2, 0, -1, None]))
    corpus = hub.load(folder, "train", options=HubOptions(language="de"))
    assert (corpus.taxonomy.names, corpus.taxonomy.exclusive) == (NAMES, True)
    assert (corpus.taxonomy.language, corpus.languages[0]) == ("de", "de")
    assert corpus.ids == ["1", "2", "3", "4"]
    nothing = [np.nan] * 3
    np.testing.assert_array_equal(corpus.labels, [[0, 0, 1], [1, 0, 0], nothing, nothing])


def test_labels_in_text(tmp_path):
    folder = saved(tmp_path, "json", train=singles(["joy,awe", "fear", ""], TEXT, "mood"))
    columns = Columns(label="mood")
    corpus = hub.load(folder, "train", taxonomy=THREE, columns=columns)
    np.testing.assert_array_equal(corpus.labels, [[1, 0, 1], [0, 1, 0], [np.nan] * 3])
    inferred = hub.load(folder, "train", columns=columns)
    assert inferred.taxonomy.names == ("awe", "fear", "joy")


def test_a_column_for_each_label_and_a_language(tmp_path):
    data = datasets.Dataset.from_dict(
        {
            "turns": [["a", "b"], ["c"]],
            "awe": [1, 0],
            "lang": ["es", "ar"],
            "joy": [0, 1],
            "fear": [0.0, 0.5],
            "noise": [[1], [2]],
        }
    )
    folder = saved(tmp_path, "parquet", test=data)
    columns = Columns(turns=("turns",), language="lang")
    corpus = hub.load(folder, "test", taxonomy=THREE, columns=columns)
    assert (corpus.turns, corpus.languages) == ([["a", "b"], ["c"]], ["es", "ar"])
    np.testing.assert_array_equal(corpus.labels, [[0, 0, 1], [1, 0.5, 0]])
    beside = saved(tmp_path / "beside", "parquet", test=data.add_column("label", ["joy", "awe"]))
    again = hub.load(beside, "test", THREE, columns)
    np.testing.assert_array_equal(again.labels, corpus.labels)
    named = Columns(turns=("turns",), labels=("joy", "fear"))
    assert hub.load(folder, "test", columns=named).taxonomy.names == ("joy", "fear")


def test_a_data_set_saved_alone(tmp_path):
    lists().save_to_disk(tmp_path / "alone")
    assert len(hub.load(tmp_path / "alone", "train")) == 3
    with pytest.raises(InputError, match="expected the split 'dev', got 'train'"):
        hub.load(tmp_path / "alone", "dev")
    data = datasets.Dataset(lists([[1]]).data, split=datasets.Split.TEST)
    data.with_format("numpy").save_to_disk(tmp_path / "other")
    np.testing.assert_array_equal(hub.load(tmp_path / "other", "test").labels, [[0, 1, 0]])


def test_many_rows_come_in_order(tmp_path):
    labels = [[n % 3] for n in range(2500)]
    folder = saved(tmp_path, "disk", train=lists(labels))
    corpus = hub.load(folder, "train")
    assert corpus.ids == [f"i{n}" for n in range(2500)]
    assert np.argmax(corpus.labels, 1).tolist() == [n % 3 for n in range(2500)]


def test_bad_rows(tmp_path):
    data = singles([["joy"], ["jay"], ["joy", "awe"]], datasets.List(TEXT), "labels")
    folder = saved(tmp_path, "parquet", train=data)
    with pytest.raises(RowError, match="Did you mean 'joy'") as caught:
        hub.load(folder, "train", taxonomy=THREE)
    assert (caught.value.line, caught.value.column) == (2, "labels")
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        assert hub.load(
            folder, "train", taxonomy=THREE, options=HubOptions(bad_rows=rejects)
        ).ids == ["1", "3"]
    [reject] = map(json.loads, rejects.path.read_text().splitlines())
    assert reject["values"] == {"text": "t", "labels": ["jay"]}


def test_blank_texts_and_marks_inside_lists_are_bad_rows(tmp_path):
    data = datasets.Dataset.from_dict({"text": ["a", " ", None], "labels": [["joy"]] * 3})
    folder = saved(tmp_path, "parquet", train=data)
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        assert (
            len(hub.load(folder, "train", taxonomy=THREE, options=HubOptions(bad_rows=rejects)))
            == 1
        )
    assert rejects.count == 2


@pytest.mark.parametrize(
    ("split", "options", "message"),
    [
        ("test", {}, "expected the split 'test', got 'train', 'validation'"),
        ("train", {"columns": Columns(turns=("tweet",))}, "expected a column 'tweet'"),
        ("train", {"columns": Columns(label="label")}, "Is it 'labels'"),
        ("train", {"columns": Columns(turns=("labels",))}, "expected a taxonomy, or the column"),
        ("train", {"options": HubOptions(config="raw")}, "BuilderConfig 'raw' not found"),
    ],
)
def test_what_the_data_set_lacks(tmp_path, split, options, message):
    folder = saved(tmp_path, "parquet", train=lists(), validation=lists())
    with pytest.raises(InputError, match=message):
        hub.load(folder, split, **options)


def test_what_is_no_data_set(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.csv").write_text("text\na\n")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "train.parquet").write_text("no parquet")
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "state.json").write_text("{}")
    for root, message in [
        (tmp_path / "empty", "doesn't contain any data files"),
        (tmp_path / "file.csv", "got a file"),
        (tmp_path / "broken", "can be loaded"),
        (tmp_path / "disk", "can be loaded"),
        (tmp_path / "nowhere", "got neither"),
        ("nobody/nothing", "Couldn't reach 'nobody/nothing'.*connection"),
        ("not a name", "got neither"),
    ]:
        with pytest.raises(InputError, match=message):
            hub.load(root, "train")


def test_code_of_a_data_set_never_runs(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    lists().to_json(folder / "train.jsonl")
    (folder / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(InputError, match="code of their own are not loaded"):
        hub.load(folder, "train")
    assert not (tmp_path / "ran").exists()
