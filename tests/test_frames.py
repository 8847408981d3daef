"""Data frames in, the same kind of data frames out."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.taxonomy import Taxonomy
from tests.inference.fakes import NAMES, Lengths, lengths

TEXTS = ["a", None, "ccc", "  "]
ADDED = ["labels", *NAMES]


def to_pandas(columns):
    return pd.DataFrame(columns)


KINDS = {"pandas": to_pandas, "polars": pl.DataFrame, "arrow": pa.table}


def to_lists(frame):
    """The columns of any kind of frame, NaN as None."""
    if isinstance(frame, pd.DataFrame):
        frame = frame.to_dict("list")
    elif isinstance(frame, pl.DataFrame):
        frame = frame.to_dict(as_series=False)
    else:
        frame = frame.to_pydict()
    return {name: [None if x != x else x for x in column] for name, column in frame.items()}


@pytest.fixture
def several():
    """The probabilities of its labels are σ of the lengths of the turns."""
    return lengths(False)


@pytest.fixture(params=KINDS)
def make(request):
    return KINDS[request.param]


def test_the_same_kind_of_frame_comes_back(several, make):
    frame = make({"comment": TEXTS, "likes": [1, 2, 3, 4]})
    before = to_lists(frame)
    scored = several.annotate_frame(frame, text="comment")
    assert type(scored) is type(frame)
    assert to_lists(frame) == before, "the frame itself is as it was"
    found = to_lists(scored)
    assert list(found) == ["comment", "likes", *ADDED]
    assert {name: found[name] for name in before} == before
    one, two = several.annotate(["a", "ccc"])
    for name in NAMES:
        assert found[name] == [dict(one)[name], None, dict(two)[name], None]
    assert found["labels"] == [list(NAMES), None, list(NAMES), None]


def test_labels_that_exclude_each_other_have_one(make):
    found = to_lists(lengths().annotate_frame(make({"t": ["aa", None]}), "t"))
    assert list(found) == ["t", "label", *NAMES]
    assert found["label"] == ["others", None]


def test_types_of_what_is_added(several):
    scored = several.annotate_frame(pl.DataFrame({"t": [None, "a"]}), "t")
    assert scored.schema["labels"] == pl.List(pl.String)
    assert {scored.schema[name] for name in NAMES} == {pl.Float64}
    empty = pa.table({"t": pa.array([None], pa.string())})
    assert several.annotate_frame(empty, "t").schema.field("labels").type == pa.list_(pa.string())
    frame = pd.DataFrame({"t": pd.array(["a", None], dtype="string")})
    assert {str(several.annotate_frame(frame, "t")[name].dtype) for name in NAMES} == {"float64"}


@pytest.mark.parametrize("index", [[7, 7, 1, 0], list("abcd"), pd.date_range("2024", periods=4)])
def test_the_index_of_pandas_stays(several, index):
    frame = pd.DataFrame({"comment": TEXTS}, index=pd.Index(index, name="key"))
    scored = several.annotate_frame(frame, "comment")
    pd.testing.assert_index_equal(scored.index, frame.index)
    assert scored["happy"].isna().tolist() == [False, True, False, True]


def test_turns_in_several_columns_or_in_one(several, make):
    frame = make({"a": ["x", "", None], "b": ["yy", "yy", None], "all": [["x", "yy"], ["yy"], []]})
    found = to_lists(several.annotate_frame(frame, ["a", "b"], prefix="p_"))
    expected = several.probabilities([["x", "yy"], ["", "yy"]])
    assert found["p_others"] == [*expected[:, 0], None]
    assert found["p_happy"] == [*expected[:, 1], None]
    listed = to_lists(several.annotate_frame(frame, "all"))
    assert listed["happy"][0] == found["p_happy"][0]
    assert listed["labels"][2] is None


def test_columns_are_not_replaced_unasked(several, make):
    frame = make({"comment": ["a"], "happy": [5.0]})
    with pytest.raises(InputError, match=r"found 'happy'.*prefix='emotion_'.*overwrite=True"):
        several.annotate_frame(frame, "comment")
    found = to_lists(several.annotate_frame(frame, "comment", prefix="emotion_"))
    assert list(found) == ["comment", "happy", *(f"emotion_{name}" for name in ADDED)]
    assert found["happy"] == [5.0]
    twice = several.annotate_frame(frame, "comment", overwrite=True)
    again = several.annotate_frame(twice, "comment", overwrite=True)
    assert to_lists(again) == to_lists(twice)
    assert to_lists(again)["happy"] == [0.5]


def test_a_label_called_labels_has_its_column():
    taxonomy = Taxonomy.load("labels, joy, fear, love")
    several = Annotator(Lengths(), taxonomy, Calibration())
    scored = several.annotate_frame(pd.DataFrame({"t": ["a"]}), "t")
    assert list(scored.columns) == ["t", "labels_", "labels", "joy", "fear", "love"]


@pytest.mark.parametrize("threshold", [0.6, {"others": 0.6, "happy": 0.6, "sad": 1, "angry": 1}])
def test_thresholds(several, threshold):
    scored = several.annotate_frame(pd.DataFrame({"t": ["a", ""]}), "t", threshold=threshold)
    assert scored["labels"].tolist() == [["others"], None]
    with pytest.raises(InputError, match="between 0 and 1"):
        several.annotate_frame(pd.DataFrame({"t": ["a"]}), "t", threshold=2)


@pytest.mark.parametrize(
    ("frame", "text", "message"),
    [
        (pd.DataFrame({"a": ["x"]}), "b", "got 'b'; the columns are 'a'"),
        (pd.DataFrame({"a": ["x"]}), ["a", "b"], "got 'b'; the columns are 'a'"),
        (pd.DataFrame({"a": ["x"]}), [], "got none"),
        (pd.DataFrame({"a": ["x", 3]}), "a", "column 'a', got int in row 2"),
        (pd.DataFrame({"a": [1.5]}), "a", "got float in row 1"),
        (pl.DataFrame({"a": [["x", None]]}), "a", "got list in row 1"),
        (pd.DataFrame([["x", "y"]], columns=["a", "a"]), "a", "different names"),
        (pl.LazyFrame({"a": ["x"]}), "a", "got LazyFrame.*collect"),
        (["x"], "a", r"got list.*annotate\(texts\)"),
        (pd.Series(["x"]), "a", r"got Series.*annotate\(texts\)"),
        (None, "a", "got NoneType"),
    ],
)
def test_what_is_refused(several, frame, text, message):
    with pytest.raises(InputError, match=message):
        several.annotate_frame(frame, text)


def test_columns_may_be_called_by_numbers(several):
    scored = several.annotate_frame(pd.DataFrame([["x", "y"]]), 1)
    assert list(scored.columns) == [0, 1, *ADDED]


def test_no_rows(several, make):
    found = to_lists(several.annotate_frame(make({"t": []}), "t"))
    assert found == {name: [] for name in ("t", *ADDED)}


@given(st.lists(st.none() | st.text(max_size=5), max_size=8))
def test_each_row_keeps_its_own_scores(texts):
    several = lengths(False)
    scored = several.annotate_frame(pl.DataFrame({"t": texts}, schema={"t": pl.String}), "t")
    for text, value in zip(texts, scored["others"].to_list(), strict=True):
        if text is None or not text.strip():
            assert value is None
        else:
            assert value == pytest.approx(1 / (1 + np.exp(-len(text))))
