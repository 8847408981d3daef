"""What is scored, and what is refused because it holds no texts."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from emoscope.calibration import Calibration
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.taxonomy import Taxonomy
from tests.inference.fakes import Fixed


@pytest.fixture
def fixed():
    return Annotator(Fixed(), Taxonomy.load("emocontext"), Calibration())


TABLES = {
    "pandas": pd.DataFrame({"comment": ["1 3 2 0", "0 0 0 0"], "likes": ["1", "2"]}),
    "arrow": pa.table({"comment": ["1 3 2 0", "0 0 0 0"], "likes": ["1", "2"]}),
    "polars": pl.DataFrame({"comment": ["1 3 2 0"], "likes": ["1"]}),
    "batch": pa.RecordBatch.from_pydict({"comment": ["1 3 2 0"], "likes": ["1"]}),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_names_of_columns_are_never_scored(fixed, table):
    for call in (fixed.annotate, fixed.annotate_conversations, fixed.annotate_stream, fixed.reads):
        with pytest.raises(InputError, match=r"table.*'comment', 'likes'.*annotate_frame"):
            list(call(table))
        with pytest.raises(InputError, match=r"(text|conversation) 1 to be"):
            list(call([table]))
    with pytest.raises(InputError, match="got a table"):
        fixed.annotate(pd.DataFrame())


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["1 3 2 0", "0 0 0 0"], index=[7, 7]),
        pd.Series(["1 3 2 0", "0 0 0 0"], dtype="category"),
        pd.Index(["1 3 2 0", "0 0 0 0"]),
        pl.Series(["1 3 2 0", "0 0 0 0"]),
        pl.Series([["1 3", "2 0"], ["0", "0 0 0"]]),
        pa.array(["1 3 2 0", "0 0 0 0"]),
        pa.chunked_array([["1 3 2 0"], ["0 0 0 0"]]),
        pa.array([["1 3", "2 0"], ["0", "0 0 0"]]),
        np.array(["1 3 2 0", "0 0 0 0"]),
        np.array(["1 3 2 0", "0 0 0 0"], dtype=object),
    ],
    ids=lambda column: f"{type(column).__name__}-{getattr(column, 'dtype', '')}",
)
def test_a_column_of_texts_is_a_list_of_texts(fixed, column):
    expected = fixed.annotate(["1 3 2 0", "0 0 0 0"])
    assert fixed.annotate(column) == list(fixed.annotate_stream(column)) == expected


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (pd.Series(["0 0 0 0", None]), "text 2.*annotate_frame"),
        (pd.Series(["0 0 0 0", pd.NA], dtype="string"), "text 2.*NAType.*annotate_frame"),
        (pa.array(["0 0 0 0", None]), "text 2.*NoneType.*annotate_frame"),
        (np.array([1.5, 2.5]), "text 1.*float64"),
        (np.array("0 0 0 0"), "list of texts, got ndarray"),
        (bytearray(b"0 0 0 0"), "list of texts, got bytearray"),
        (pd.DataFrame({"a": ["0 0 0 0"]}).itertuples(), "text 1.*int as turn 1"),
        (pd.DataFrame({"a": ["0 0 0 0"]}).items(), "text 1.*Series as turn 2"),
        ([["0 0", ["0 0"]]], "text 1.*list as turn 2"),
    ],
)
def test_what_holds_no_texts_is_refused(fixed, texts, message):
    with pytest.raises(InputError, match=message):
        fixed.annotate(texts)
