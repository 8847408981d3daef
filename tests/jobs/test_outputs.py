"""What is written in each format, and read back."""

import csv
import gzip
import io
import json
import math
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, Source, annotate_file
from emoscope.jobs.columns import find_column_types
from emoscope.jobs.outputs import find_output_format, make_labelling_config
from emoscope.jobs.readback import read_labels, read_scores
from emoscope.jobs.scores import Labels
from emoscope.jobs.tables import Layout
from emoscope.jobs.values import to_json_line, to_text
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy
from tests.inference.fakes import NAMES, annotated, lengths, streamed, write_csv

SEVERAL = lengths(False, Calibration(thresholds=(0.6, 0.6, 0.6, 0.6)))
LABELS = Labels(NAMES, False, (0.5,) * 4)


@pytest.fixture
def source(tmp_path):
    """Two rows of two turns and a bad one; probabilities σ(length), ½ where there is no turn."""
    rows = [("a", "x", "", "1"), ("b", "", "yy", "2"), ("c", " ", "", "3")]
    path = write_csv(tmp_path / "in.csv", ("key", "one", "two", "likes"), rows)
    return Source(path, turns=("one", "two"), id="key")


def records(data: bytes):
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def test_json_lines(source):
    options = Options(bad_rows="keep")
    one, _, bad = annotated(source, SEVERAL, options)
    assert one == {
        "id": "a",
        "turns": ["x", ""],
        "columns": {"likes": "1"},
        "labels": ["others"],
        "emotions": {"others": 0.731059, "happy": 0.5, "sad": 0.5, "angry": 0.5},
    }
    assert list(one) == ["id", "turns", "labels", "emotions", "columns"]
    assert bad["id"] == "c"
    assert bad["columns"] == {"key": "c", "one": " ", "two": "", "likes": "3"}


@pytest.mark.parametrize("exclusive", [True, False])
def test_the_most_probable_labels_alone(source, exclusive):
    options = Options(bad_rows="keep", top_k=2)
    model = lengths(exclusive, Calibration(thresholds=(0.1,) * 4))
    one, two, _ = annotated(source, model, options)
    assert list(one["emotions"]) == ["others", "happy"], "equal ones in the order of the labels"
    assert list(two["emotions"]) == ["happy", "others"]
    assert two.get("label", two.get("labels")) == ("happy" if exclusive else ["others", "happy"])
    table = records(streamed(source, model, replace(options, format="csv")))
    assert table[2][7:] == ["", "", ""], "beyond the two: sad, angry, and no error"
    more = annotated(source, model, Options(bad_rows="keep", top_k=9))
    assert len(more[0]["emotions"]) == 4


def test_a_csv_table(source):
    data = streamed(source, SEVERAL, Options(bad_rows="keep", format="csv"))
    header, one, two, bad = records(data)
    assert header == ["key", "one", "two", "likes", "labels", *NAMES, "error"]
    assert one == ["a", "x", "", "1", "others", "0.731059", "0.5", "0.5", "0.5", ""]
    assert two[4:6] == ["happy", "0.5"]
    assert bad[:9] == ["c", " ", "", "3", "", "", "", "", ""]
    assert bad[9].startswith(f"{source.file}, line 4: expected text")
    assert data.count(b"\r\n") == 4
    header, *rows = records(
        streamed(source, lengths(), Options(bad_rows=source.file.parent / "bad", format="csv"))
    )
    assert header == ["key", "one", "two", "likes", "label", *NAMES]
    assert [row[0] for row in rows] == ["a", "b"]


def test_an_empty_table_has_its_columns(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("text", "date"), [])
    assert records(streamed(Source(path), options=Options(format="csv"))) == [
        ["text", "date", "label", *NAMES]
    ]
    for name in ("in.txt", "in.jsonl"):
        (tmp_path / name).write_text("")
        added = [["text"] * (name == "in.txt") + ["label", *NAMES]]
        assert records(streamed(Source(tmp_path / name), options=Options(format="csv"))) == added
    (tmp_path / "in.json").write_text("[]")
    spec = lengths()
    for name in ("out.parquet", "out.csv", "out.jsonl", "out.csv.gz", "out.jsonl.zst"):
        annotate_file(spec, Source(tmp_path / "in.json"), tmp_path / name)
        assert list(read_rows(tmp_path / name)) == []


@pytest.mark.parametrize(
    ("columns", "prefix"),
    [
        (["text"], ""),
        (["text", "joy_"], ""),
        (["text", "happy"], "emoscope_"),
        (["text", "labels"], "emoscope_"),
        (["text", "happy", "emoscope_sad"], "emoscope2_"),
        (["happy", "emoscope_sad", "emoscope2_labels"], "emoscope3_"),
    ],
)
def test_names_that_are_taken(columns, prefix):
    layout = Layout.of(dict.fromkeys(columns), LABELS, errors=False)
    assert layout.names == [*columns, prefix + "labels", *(prefix + name for name in NAMES)]


def test_a_label_may_be_called_as_a_column_of_the_table():
    labels = Labels(("labels", "error", "labels_"), False, (0.5,) * 3)
    layout = Layout.of({"text": None}, labels, errors=True)
    assert layout.names == ["text", "labels__", "labels", "error", "labels_", "error_"]


def test_an_annotated_table_is_annotated_again(tmp_path):
    path = write_csv(tmp_path / "in.csv", ("text",), [("a",)])
    for number in range(3):
        annotate_file(lengths(), Source(path), tmp_path / f"{number}.csv")
        path = tmp_path / f"{number}.csv"
    (header, row) = records(path.read_bytes())
    assert len(set(header)) == len(header) == 16
    assert {row[header.index(f"{each}happy")] for each in ("", "emoscope_", "emoscope2_")} == {
        row[header.index("happy")]
    }


MIXED = [
    {"text": "a", "n": 1, "x": 1, "flag": True, "tags": ["p"], "odd": 1, "big": 1, "none": None},
    {"text": "b", "n": 2, "x": 1.5, "flag": None, "tags": [], "odd": "z", "big": 2**70},
    {"text": "c", "late": {"deep": [1, None]}, "x": float("nan")},
]


@pytest.mark.parametrize("name", ["in.jsonl", "in.json"])
@pytest.mark.parametrize("piped", [True, False])
def test_rows_of_json_become_a_table(tmp_path, name, piped):
    path = tmp_path / name
    lines = [json.dumps(row) for row in MIXED]
    lines.insert(2, "3")
    path.write_text("\n".join(lines) if name == "in.jsonl" else f"[{', '.join(lines)}]")
    options = Options(bad_rows="keep", chunk_rows=2)
    for output in ("out.parquet", "out.csv"):
        with path.open("rb") as stream:
            given = Source(stream if piped else path, format=path.suffix[1:])
            annotate_file(lengths(), given, tmp_path / output, options)
    table = pq.read_table(tmp_path / "out.parquet")
    kinds = {field.name: field.type for field in table.schema}
    text = pa.string()
    assert list(kinds.items())[:9] == [
        ("text", text),
        ("n", pa.int64()),
        ("x", pa.float64()),
        ("flag", pa.bool_()),
        ("tags", pa.list_(text)),
        ("odd", text),
        ("big", text),
        ("none", text),
        ("late", text),
    ]
    rows = table.to_pylist()
    assert [row["odd"] for row in rows] == ["1", "z", None, None]
    assert rows[1]["big"] == str(2**70)
    assert json.loads(rows[3]["late"]) == {"deep": [1, None]}
    assert [row["error"] is None for row in rows] == [True, True, False, True]
    assert rows[2]["label"] is None
    header, one, *_, last = records((tmp_path / "out.csv").read_bytes())
    assert header == table.schema.names
    assert one[:9] == ["a", "1", "1", "true", '["p"]', "1", "1", "", ""]
    assert last[8] == '{"deep": [1, null]}'


def test_columns_are_bounded(monkeypatch, tmp_path):
    monkeypatch.setattr("emoscope.jobs.columns.MAX_COLUMNS", 3)
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'{{"text": "a", "c{n}": 1}}\n' for n in range(4)))
    with pytest.raises(InputError, match=r"at most 3 columns.*by line 3.*Write JSONL"):
        find_column_types(read_rows(path), "in")
    assert len(annotated(Source(path))) == 4


def test_tasks_for_label_studio(source, tmp_path):
    data = streamed(source, SEVERAL, Options(bad_rows="keep", format="labelstudio", chunk_rows=1))
    one, two, bad = json.loads(data)
    assert one["data"] == {"text": "x\n", "id": "a", "columns": {"likes": "1"}}
    (prediction,) = one["predictions"]
    assert prediction["score"] == 0.731059
    assert prediction["model_version"].startswith("emoscope ")
    assert prediction["result"] == [
        {
            "from_name": "emotion",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": ["others"]},
        }
    ]
    assert two["predictions"][0]["result"][0]["value"]["choices"] == ["happy"]
    assert "predictions" not in bad
    assert "nothing but blanks" in bad["data"]["error"]
    none = lengths(False, Calibration(thresholds=(1.0,) * 4))
    tasks = json.loads(streamed(source, none, Options(bad_rows="keep", format="labelstudio")))
    assert tasks[0]["predictions"][0]["result"] == []
    path = write_csv(tmp_path / "empty.csv", ("text",), [])
    assert json.loads(streamed(Source(path), options=Options(format="labelstudio"))) == []


@pytest.mark.parametrize("exclusive", [True, False])
def test_the_configuration_of_label_studio(source, tmp_path, exclusive):
    output = tmp_path / "tasks.json"
    options = Options(bad_rows="keep", format="labelstudio")
    annotate_file(lengths(exclusive), source, output, options)
    config = ElementTree.fromstring((tmp_path / "tasks.json.config.xml").read_text())
    choices = config.find("Choices")
    assert choices.attrib == {
        "name": "emotion",
        "toName": config.find("Text").attrib["name"],
        "choice": "single" if exclusive else "multiple",
    }
    assert [each.attrib["value"] for each in choices] == list(NAMES)
    odd = make_labelling_config(Labels(('"<&>',), False, (0.5,)))
    assert ElementTree.fromstring(odd)[1][0].attrib["value"] == '"<&>'


def test_lines_for_doccano(source):
    data = streamed(source, SEVERAL, Options(bad_rows="keep", format="doccano"))
    one, two, bad = map(json.loads, data.splitlines())
    assert one == {"text": "x\n", "label": ["others"], "id": "a", "columns": {"likes": "1"}}
    assert two["label"] == ["happy"]
    assert bad["label"] == []
    assert bad["text"].endswith("Fill it in or remove the row."), "doccano takes no empty text"


def test_the_format_of_an_output(tmp_path):
    assert find_output_format(None) == "jsonl"
    assert find_output_format(None, "csv") == "csv"
    for name, form in (("a.jsonl", "jsonl"), ("A.CSV.GZ", "csv"), ("a.ndjson.zst", "jsonl")):
        assert find_output_format(Path(name)) == form
    assert find_output_format(Path("a.json"), "doccano") == "doccano"
    for name in ("a.json", "a.xlsx", "a", "a.gz", "a.tsv"):
        with pytest.raises(InputError, match="--output-format"):
            find_output_format(Path(name))
    for path, form in (
        (None, "parquet"),
        (Path("a.parquet.gz"), None),
        (None, "xls"),
        (tmp_path, None),
    ):
        with pytest.raises(InputError):
            find_output_format(path, form)


def test_compressed_outputs(source, tmp_path):
    plain = streamed(source, options=Options(bad_rows="keep", format="csv"))
    options = Options(bad_rows="keep", chunk_rows=1)
    annotate_file(lengths(), source, tmp_path / "out.csv.gz", options)
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()) == plain
    annotate_file(lengths(), source, tmp_path / "out.csv.zst", options)
    assert [row.values for row in read_rows(tmp_path / "out.csv.zst")] == [
        row.values for row in read_rows(tmp_path / "out.csv.gz")
    ]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet", "out.jsonl.gz"])
@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("top_k", [None, 2])
def test_scores_are_read_back(source, tmp_path, name, exclusive, top_k):
    options = Options(bad_rows="keep", top_k=top_k)
    model = lengths(exclusive, Calibration(thresholds=(0.6,) * 4))
    annotate_file(model, source, tmp_path / name, options)
    labels = read_labels(tmp_path / name)
    assert labels == Labels(NAMES, exclusive, (0.6,) * 4)
    (rows,) = read_scores(tmp_path / name)
    lines = annotated(source, model, options)
    for place, line in enumerate(lines):
        emotions = line.get("emotions", {})
        expected = [emotions.get(each, math.nan) for each in NAMES]
        assert rows.scores.probabilities[place] == pytest.approx(expected, nan_ok=True)
        chosen = [each for each, yes in zip(NAMES, rows.scores.given[place], strict=True) if yes]
        assert chosen == line.get("labels", [line["label"]] if "label" in line else [])
    assert [row["likes"] for row in rows.values] == ["1", "2", "3"]


def test_what_has_no_scores_is_not_read_back(source, tmp_path):
    with pytest.raises(InputError, match="finished job file"):
        read_scores(tmp_path / "none.csv")
    annotate_file(
        lengths(), source, tmp_path / "a.json", Options(bad_rows="keep", format="doccano")
    )
    with pytest.raises(InputError, match="for doccano and has no probabilities"):
        read_scores(tmp_path / "a.json")


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def without_infinities(value):
    if isinstance(value, dict):
        return {key: without_infinities(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_infinities(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@given(json_value)
@settings(deadline=None)
def test_values_survive_as_json(value):
    text = to_json_line(value)
    assert "\n" not in text
    assert json.loads(text) == without_infinities(value)


def test_values_that_json_has_not():
    odd = {1: b"\xff", "set": {1}, "nan": [math.nan], "t": (1, 2), "n": np.float64(1)}
    assert json.loads(to_json_line(odd)) == {
        "1": "\\xff",
        "set": "{1}",
        "nan": [None],
        "t": [1, 2],
        "n": 1.0,
    }
    assert [to_text(each) for each in (None, True, 1.5, [1], "é", b"a")] == [
        "", "true", "1.5", "[1]", "é", "a",
    ]  # fmt: skip


def test_thresholds_are_checked():
    assert LABELS.cut_at(0.25).thresholds == (0.25,) * 4
    assert LABELS.cut_at({"sad": 1}).thresholds == (0.5, 0.5, 1.0, 0.5)
    for wrong in ({"sadd": 0.5}, {"sad": 1.1}, {"sad": -0.1}, {"sad": "x"}, {"sad": True}, 2.0):
        with pytest.raises(InputError, match="threshold"):
            LABELS.cut_at(wrong)
    with pytest.raises(InputError, match="between 0 and 1"):
        LABELS.cut_at(math.nan)
    with pytest.raises(InputError, match="exclude each other"):
        replace(LABELS, exclusive=True).cut_at(0.5)


def test_a_model_that_ships_is_the_default():
    assert ModelSpec().folder is None


def test_ten_thousand_labels(tmp_path):
    """Each is written and read back, in a time that does not grow with the square of their number.

    It took a minute.
    """
    names = [f"label {n}" for n in range(10_000)]

    class Many:
        def encode(self, conversations):
            return conversations

        def logits(self, encoded):
            return np.sin(np.arange(10_000))[None].repeat(len(encoded), 0)

    (tmp_path / "in.txt").write_text("one\ntwo\n")
    output = tmp_path / "out.csv"
    model = Annotator(Many(), Taxonomy.of(names), Calibration())
    started = time.process_time()
    summary = annotate_file(model, Source(tmp_path / "in.txt", format="txt"), output)
    assert time.process_time() - started < 10
    assert summary.rows == 2
    (rows,) = read_scores(output)
    assert rows.scores.given.sum() == 2 * (np.sin(np.arange(10_000)) >= 0).sum()
