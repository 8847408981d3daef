"""Whatever is written is read back equal: labels, ids, columns and texts, in every format."""

import csv
import io
import json
import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emoscope.calibration import Calibration
from emoscope.charts import Tally
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.jobs.annotate import Options, Source, annotate_file
from emoscope.jobs.columns import find_column_types
from emoscope.jobs.outputs import OUTPUT_FORMATS, OUTPUT_SUFFIXES
from emoscope.jobs.readback import READABLE, read_labels, read_scores
from emoscope.jobs.values import to_text
from emoscope.reading.missing import MISSING_MARKS, is_missing
from emoscope.reading.row import Row
from emoscope.strict import check_text
from emoscope.taxonomy import Label, Taxonomy

MAX_EXAMPLES = 12
ODD = ", \"'\t\r\n\0;|#[]{}()=\\/<>&\ufeff\ufffe\x85\u2028\x0b é😀a0"
CHARACTERS = st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs"]))
TEXTS = st.text(CHARACTERS, max_size=12)


def can_be_label(name: str) -> bool:
    try:
        check_text(name, "a label")
    except InputError:
        return False
    return True


def is_text(text: str) -> bool:
    return not is_missing(text, frozenset(MISSING_MARKS))


LABELS = st.lists(TEXTS.filter(can_be_label), min_size=1, max_size=4, unique=True)
VALUES = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(TEXTS, max_size=3),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"text": TEXTS.filter(is_text), "id": TEXTS.filter(str.strip), "more": VALUES}
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Nothing here is about what a power cut leaves."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    before = csv.field_size_limit(10**8)
    yield
    csv.field_size_limit(before)


class Drawn:
    """A backend that gives each of K labels to some texts, by the text's hash."""

    def __init__(self, count: int) -> None:
        self.count = count

    def encode(self, conversations):
        return [sum(map(ord, turns[0])) for turns in conversations]

    def logits(self, encoded):
        return np.array(
            [[1.0 if (n >> k) & 1 else -1.0 for k in range(self.count)] for n in encoded],
            dtype=np.float32,
        )


def make_annotator(names, exclusive=False):
    taxonomy = Taxonomy("t", tuple(Label(name, (name,)) for name in names), exclusive=exclusive)
    return Annotator(Drawn(len(names)), taxonomy, Calibration())


def read_output(path: Path, form: str, names: list[str], column: str):
    """(labels, id, text, other column) of each row, read by others' programs."""
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))
        return [(None, row["id"], row["text"], row[column]) for row in rows]
    if form == "parquet":
        table = pq.read_table(path)
        decided = table.column(table.column_names[-len(names) - 1]).to_pylist()
        rows = table.to_pylist()
        return [
            (chosen, row["id"], row["text"], row[column])
            for chosen, row in zip(decided, rows, strict=True)
        ]
    if form == "jsonl":
        rows = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
        return [(row["labels"], row["id"], row["turns"][0], row["columns"][column]) for row in rows]
    if form == "doccano":
        rows = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
        return [(row["label"], row["id"], row["text"], row["columns"][column]) for row in rows]
    config = ElementTree.parse(f"{path}.config.xml")
    assert [choice.get("value") for choice in config.iter("Choice")] == names
    found = []
    for task in json.loads(path.read_bytes()):
        data, (prediction,) = task["data"], task["predictions"]
        chosen = [each["value"]["choices"] for each in prediction["result"]]
        labels = [name for names in chosen for name in names]
        found.append((labels, data["id"], data["text"], data["columns"][column]))
    return found


def check_round_trip(folder: Path, form: str, names: list[str], column: str, rows: list[dict]):
    source, output = folder / "in.jsonl", folder / f"out{OUTPUT_SUFFIXES[form]}"
    lines = [{"id": row["id"], "text": row["text"], column: row["more"]} for row in rows]
    source.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    model = make_annotator(names)
    annotate_file(model, Source(source), output, Options(form, restart=True))
    scored = model.annotate([row["text"] for row in rows], threshold="fitted")
    chosen = [{score.label for score in scores} for scores in scored]
    found = read_output(output, form, names, column)
    assert len(found) == len(rows)
    for (labels, identity, text, value), row, wanted in zip(found, rows, chosen, strict=True):
        assert (identity, text) == (row["id"], row["text"])
        assert labels is None or set(labels) == wanted
        if form == "csv" or (form == "parquet" and isinstance(value, str)):
            assert value == to_text(row["more"])
        else:
            assert value == row["more"]
    if form in READABLE:
        tally = Tally(Taxonomy("t", tuple(Label(name, (name,)) for name in names)))
        assert read_labels(output).names == tuple(names)
        for part in read_scores(output):
            tally.add(part.scores.probabilities, part.scores.given)
            assert [values[column] for values in part.values] == [each[3] for each in found]
        assert tally.given.tolist() == [sum(name in given for given in chosen) for name in names]


@pytest.mark.parametrize("form", OUTPUT_FORMATS)
@settings(
    max_examples=MAX_EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    names=LABELS,
    column=TEXTS.filter(lambda name: name not in ("id", "text")),
    rows=ROWS,
)
def test_what_is_written_is_read_back(tmp_path, form, names, column, rows):
    check_round_trip(tmp_path, form, names, column, rows)


@pytest.mark.parametrize("form", OUTPUT_FORMATS)
def test_names_and_values_that_did_not_survive(tmp_path, form):
    """Labels with commas, numbers that a float does not hold, a column without a name, a NUL."""
    rows = [
        {"text": "a\0b\r\nc", "id": "1, 2", "more": 1.5},
        {"text": "=1+1", "id": "\0", "more": 9007199254740993},
        {"text": "x" * 99, "id": '"', "more": 2**80},
    ]
    check_round_trip(tmp_path, form, ["a, b", "a", '["b"]', "<b>&"], "", rows)
    long = [{"text": "fine", "id": "x", "more": '",\r\n' * 50_000}]
    check_round_trip(tmp_path, form, ["a", "b"], "\r", long)


@pytest.mark.parametrize("name", ["a\ufffe", "\uffff", "\ufeffa"])
def test_a_label_that_xml_or_a_file_cannot_hold_is_refused(name):
    with pytest.raises(InputError, match="control character"):
        Taxonomy.of([name])


def test_a_column_of_integers_and_fractions_is_text_only_where_a_float_is_not_exact():
    def find(*values):
        rows = [Row(place, {"n": value}) for place, value in enumerate(values)]
        return find_column_types(rows, "in.json")["n"]

    assert find(1.5, 2**53) == find(2**53, 1.5) == "float"
    assert find(1.5, 2**53 + 1) is find(2**53 + 1, 1, 1.5) is find(1, 2**63) is None
    assert find(1, 2**53 + 1) == find(2**53 + 1, 1, None) == "int"
