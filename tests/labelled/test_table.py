"""Labelled tables: the same rows in every usual layout say the same."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.calibration import Calibration
from emoscope.corpora import tabular
from emoscope.errors import InputError
from emoscope.evaluation.evaluate import evaluate
from emoscope.inference.annotator import Annotator
from emoscope.labelled.names import load_label_names
from emoscope.labelled.table import LabelledTable
from emoscope.reading.conversations import Columns
from emoscope.reading.errors import RowError
from emoscope.taxonomy import Taxonomy

KNOWN = Taxonomy.load("joy, fear, awe, anger")
ROWS = [("we won", ["joy"]), ("so dark", ["fear", "awe"]), ("the bus", []), ("oh", ["awe"])]
EACH = {
    "numbers": ("1", "0"),
    "words": ("TRUE", "FALSE"),
    "answers": ("yes", "No"),
    "decimals": ("1.0", "0.0"),
}


def write(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_each(path, rows, names=("joy", "fear", "awe"), marks=("1", "0")):
    cells = [[text, *(marks[name not in found] for name in names)] for text, found in rows]
    return write(path, ["text", *(name.title() for name in names)], cells)


def read(path, known=KNOWN, **options):
    return LabelledTable(path, **options).read(known).to_texts(known)


def said(texts):
    """What each text has; None where it says nothing."""
    names = texts.taxonomy.names
    return [
        None if np.isnan(row).any() else {name for name, x in zip(names, row, strict=True) if x}
        for row in texts.labels
    ]


@pytest.mark.parametrize("marks", EACH.values(), ids=EACH)
def test_a_column_for_each_label(tmp_path, marks):
    texts = read(write_each(tmp_path / "mine.csv", ROWS, marks=marks))
    assert (texts.name, texts.taxonomy.names) == ("mine", ("joy", "fear", "awe"))
    assert said(texts) == [set(found) for _, found in ROWS]


def test_a_mark_or_blank(tmp_path):
    """A row without any mark says nothing; a blank is no 0 where there are zeros."""
    path = write_each(tmp_path / "mine.csv", ROWS, marks=("x", ""))
    assert said(read(path)) == [set(found) or None for _, found in ROWS]
    write(path, ["text", "joy", "awe"], [["a", "1", ""], ["b", "0", "1"]])
    with pytest.raises(RowError, match="line 2, column 'awe': expected 0 or 1, got nothing"):
        read(path)


@pytest.mark.parametrize("column", ["label", "labels", "Emotion", "sentiment"])
def test_one_column(tmp_path, column):
    rows = [[text, "; ".join(found) or "none"] for text, found in ROWS]
    texts = read(write(tmp_path / "mine.csv", ["text", column], rows))
    assert said(texts) == [set(found) for _, found in ROWS]
    assert texts.taxonomy.names == ("joy", "fear", "awe")


def test_other_labels_and_other_columns(tmp_path):
    path = write(tmp_path / "mine.csv", ["text", "mood"], [["a", "hope"], ["b", "joy"]])
    assert read(path, label="Mood").taxonomy.names == ("joy", "hope")
    with pytest.raises(InputError, match="'mood'"):
        read(path)
    rows = [["a", 1, "TRUE", 3, 1], ["b", 0, "FALSE", 4, 1]]
    write(path, ["text", "hope", "relief", "likes", "coder"], rows)
    with pytest.raises(InputError, match="--taxonomy 'hope, relief'"):
        read(path)
    found = LabelledTable(path).read(Taxonomy.load("hope,"))
    assert found.similar == ("relief",)
    assert LabelledTable(path).read(KNOWN, required=False).similar == ("hope", "relief")


def test_numbers_need_names(tmp_path):
    path = write(tmp_path / "mine.csv", ["text", "label"], [["a", 0], ["b", 3], ["c", 1]])
    with pytest.raises(RowError, match=r"line 2, column 'label'.*--label-names"):
        read(path)
    texts = read(path, label_names=load_label_names("fear, joy, awe, anger"))
    assert said(texts) == [{"fear"}, {"anger"}, {"joy"}]


TASK = {
    "id": 1,
    "data": {"text": "we won"},
    "annotations": [
        {"result": [{"from_name": "mood", "type": "choices", "value": {"choices": ["joy"]}}]}
    ],
}


def annotated(*choices):
    results = [{"from_name": "mood", "value": {"choices": list(each)}} for each in choices]
    return [{"result": [one] if one["value"]["choices"] else []} for one in results]


def test_the_full_export_of_label_studio(tmp_path):
    """What half of the annotators chose; nothing where there was none, or all have cancelled."""
    tasks = [
        TASK,
        {**TASK, "annotations": annotated(["joy", "awe"], ["awe"], [])},
        {**TASK, "annotations": annotated([])},
        {**TASK, "annotations": []},
        {**TASK, "annotations": [{**TASK["annotations"][0], "was_cancelled": True}]},
        {**TASK, "annotations": [{"result": None}, "odd"]},
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks))
    texts = read(path, label="mood")
    assert said(texts) == [{"joy"}, {"awe"}, set(), None, None, set()]
    assert said(read(path)) == said(texts)
    assert texts.turns[0] == ["we won"]
    corpus = tabular.load(path, columns=Columns(label="mood"))
    assert corpus.taxonomy.names == ("awe", "joy")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("short.json", [{"text": "we won", "sentiment": {"choices": ["joy", "awe"]}}]),
        ("short.json", [{"text": "we won", "sentiment": "joy"}]),
        ("export.jsonl", [{"id": 1, "text": "we won", "label": ["joy", "awe"]}]),
        ("export.jsonl", [{"id": 1, "text": "we won", "labels": ["joy"]}]),
    ],
)
def test_other_exports(tmp_path, name, content):
    path = tmp_path / name
    lines = "".join(json.dumps(each) + "\n" for each in content)
    path.write_text(json.dumps(content) if name.endswith(".json") else lines)
    assert said(read(path)) in ([{"joy", "awe"}], [{"joy"}])


def test_tables_of_labelling_tools(tmp_path):
    path = tmp_path / "export.csv"
    row = ["I won", 1, '{"choices":["joy","awe"]}', 1]
    write(path, ["text", "id", "q1", "annotator"], [row, ["so so", 2, "joy", 1]])
    assert said(read(path)) == [{"joy", "awe"}, {"joy"}]
    write(path, ["id", "text", "label"], [[1, "I won", "joy#awe"]])
    assert said(read(path)) == [{"joy", "awe"}]


class Fixed:
    """A backend whose logits follow from the length of the text."""

    def encode(self, conversations):
        return [
            [len(" ".join(turns)) * (k + 3) % 5 - 2 for k in range(4)] for turns in conversations
        ]

    def logits(self, encoded):
        return np.array(encoded, dtype=np.float32)


row = st.tuples(
    st.text("ab ", min_size=1, max_size=9).filter(str.strip),
    st.lists(st.sampled_from(KNOWN.names), min_size=1, max_size=3, unique=True),
)


@given(st.lists(row, min_size=1, max_size=8))
@settings(deadline=None, max_examples=30)
def test_the_same_rows_have_the_same_figures_in_every_layout(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("layouts")
    met = [name for name in KNOWN.names if any(name in found for _, found in rows)]
    named = [[text, ",".join(found)] for text, found in rows]
    paths = [
        write_each(folder / "each.csv", rows, met),
        write_each(folder / "marks.csv", rows, met, ("x", "")),
        write(folder / "one.csv", ["text", "label"], named),
        write(folder / "list.csv", ["text", "label"], [[text, str(found)] for text, found in rows]),
    ]
    annotator = Annotator(Fixed(), KNOWN, Calibration())
    first, *others = (evaluate(annotator, read(path)).to_dict() for path in paths)
    assert all(figures == first for figures in others)
    # A column of a label that no text has changes no macro average.
    all_columns = write_each(folder / "all.csv", rows, KNOWN.names)
    figures = evaluate(annotator, read(all_columns)).to_dict()
    assert figures["macro"]["f1"] == pytest.approx(first["macro"]["f1"])
    absent = [name for name in KNOWN.names if name not in met]
    assert figures.get("without_cases", []) == absent


def test_rows_of_json_that_leave_out_labels_are_read_like_a_whole_table(tmp_path):
    path = tmp_path / "mine.jsonl"
    rows = [{"text": text, **dict.fromkeys(found, 1)} for text, found in ROWS if found]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert said(read(path)) == [set(found) for _, found in ROWS if found]


@pytest.mark.parametrize("value", ["1", "0.67"])
def test_a_further_column_of_labels_is_found_however_late_its_first_case(tmp_path, value):
    rows = [[str(number), 1, 0] for number in range(300)]
    rows[0][2], rows[-1][2] = 0, value
    rows[250][2] = 1
    path = write(tmp_path / "mine.csv", ["text", "joy", "hope"], rows)
    assert LabelledTable(path).read(KNOWN).similar == ("hope",)


def test_scores_and_years_are_no_labels(tmp_path):
    rows = [[str(number), 1, 0.5, 2019, "x"] for number in range(3)]
    path = write(tmp_path / "mine.csv", ["text", "joy", "sure", "year", "source"], rows)
    assert LabelledTable(path).read(KNOWN).similar == ()


def test_a_table_without_rows_is_told_from_one_without_labels(tmp_path):
    with pytest.raises(InputError, match="got none"):
        read(write(tmp_path / "mine.csv", ["text", "label"], []))
