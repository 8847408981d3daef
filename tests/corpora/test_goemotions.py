"""GoEmotions as its publisher and as the hub have it, on sentences of our own."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emoscope.corpora import goemotions
from emoscope.errors import InputError
from emoscope.reading.errors import RejectFile, RowError
from emoscope.taxonomy import Taxonomy

NAMES = Taxonomy.load("goemotions").names
ROWS = [
    {"text": 'such a "lovely day', "labels": [17, 18], "id": "x1"},
    {"text": "it's, well, ok", "labels": [27], "id": "x2"},
    {"text": '"', "labels": [2], "id": "x3"},
]
EXPECTED = [{"joy", "love"}, {"neutral"}, {"anger"}]


def lines(rows=ROWS):
    return "".join(
        f"{row['text']}\t{','.join(map(str, row['labels']))}\t{row['id']}\n" for row in rows
    )


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_published(root):
    """The publisher's three files; returns that of the training rows."""
    for split in ("train", "dev", "test"):
        rows = [row | {"text": f"{row['text']} {split}"} for row in ROWS]
        put(root / f"{split}.tsv", lines(rows))
    return root / "train.tsv"


def found(corpus):
    return [{n for n, v in zip(NAMES, row, strict=True) if v == 1} for row in corpus.labels]


def check(corpus):
    assert (corpus.name, corpus.taxonomy) == ("goemotions", Taxonomy.load("goemotions"))
    assert corpus.ids == ["x1", "x2", "x3"]
    assert corpus.turns == [[row["text"]] for row in ROWS]
    assert corpus.languages == ["en"] * 3
    assert found(corpus) == EXPECTED


def test_the_taxonomy_has_28_labels_with_neutral_last():
    assert (len(NAMES), NAMES[27]) == (28, "neutral")


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_published_files(tmp_path, split):
    path = put(tmp_path / f"{split}.tsv", lines())
    check(goemotions.load(tmp_path, split))
    check(goemotions.load(path, "any"))


@pytest.mark.parametrize("folder", [".", "simplified"])
@pytest.mark.parametrize("name", ["dev", "validation"])
def test_files_of_the_hub(tmp_path, folder, name):
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    table = pa.Table.from_pylist(ROWS)
    pq.write_table(table, place / f"{name}-00000-of-00001.parquet")
    check(goemotions.load(tmp_path, "dev"))
    pq.write_table(table.slice(0, 1), place / f"{name}-00000-of-00002.parquet")
    pq.write_table(table.slice(1), place / f"{name}-00001-of-00002.parquet")
    (place / f"{name}-00000-of-00001.parquet").unlink()
    check(goemotions.load(tmp_path, "dev"))
    whole = place / f"{name}.parquet"
    pq.write_table(table.slice(1).append_column("more", pa.array([1, 2])), whole)
    assert goemotions.load(tmp_path, "dev").ids == ["x2", "x3"]
    whole.unlink()
    put(place / f"{name}.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))
    check(goemotions.load(tmp_path, "dev"))
    with pytest.raises(InputError, match=r"train\.tsv"):
        goemotions.load(tmp_path, "train")


@pytest.mark.parametrize("form", ["[{}]", "{}"])
@pytest.mark.parametrize("separator", [", ", " ", ","])
def test_labels_in_csv(tmp_path, form, separator):
    with (tmp_path / "test.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ROWS[0]))
        writer.writeheader()
        for row in ROWS:
            writer.writerow(row | {"labels": form.format(separator.join(map(str, row["labels"])))})
    check(goemotions.load(tmp_path, "test"))


def test_names_no_labels_and_blank_labels(tmp_path):
    rows = [["joy"], [], None, [27, "27"]]
    texts = (json.dumps({"text": "t", "id": n, "labels": row}) for n, row in enumerate(rows))
    put(tmp_path / "dev.jsonl", "\n".join(texts))
    corpus = goemotions.load(tmp_path, "dev")
    assert found(corpus) == [{"joy"}, set(), set(), {"neutral"}]
    assert np.isnan(corpus.labels).any(1).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("text\tlabels\tid\n", None, "the header again"),
        ("a\tlabels\ty\n", "labels", "one of admiration.*got 'labels'"),
        ("a\t28\ty\n", "labels", "0=admiration.*27=neutral"),
        ("a\t-1\ty\n", "labels", "got '-1'"),
        ("a\t3,jou\ty\n", "labels", "'jou'. Did you mean 'joy'"),
        (" \t3\ty\n", "text", "expected text, got nothing"),
        ("a\t3\t\n", "id", "expected an id"),
        ("a\tb\t3\ty\n", None, "3 fields .text, labels, id., got 4"),
        ("a,3,y\n", None, "got 1"),
        (b"caf\xe9\t3\ty\n", None, "0xe9"),
    ],
)
def test_bad_rows(tmp_path, row, column, message):
    row = row if isinstance(row, bytes) else row.encode()
    path = put(tmp_path / "dev.tsv", lines(ROWS[:2]).encode() + row + lines(ROWS[2:]).encode())
    with pytest.raises(RowError, match=message) as caught:
        goemotions.load(tmp_path, "dev")
    assert str(caught.value).startswith(f"{path}, line 3")
    assert caught.value.column == column
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        check(goemotions.load(tmp_path, "dev", bad_rows=rejects))
    [reject] = map(json.loads, rejects.path.read_text().splitlines())
    assert (reject["line"], reject["column"]) == (3, column)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("dev.tsv", "", "got none"),
        ("dev.tsv", "\n\n", "got none"),
        ("dev.csv", "text,id\na,b\n", "expected a column 'labels'"),
        ("dev.csv", "comment,labels,id\na,3,b\n", "expected a column 'text'"),
        ("dev.csv", "text,labels,id,id\na,3,b,c\n", "'id#1' or 'id#2'"),
    ],
)
def test_files_of_another_kind_stop_whatever_the_policy(tmp_path, name, content, message):
    put(tmp_path / name, content)
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        for policy in ("stop", rejects):
            with pytest.raises(InputError, match=message):
                goemotions.load(tmp_path, "dev", bad_rows=policy)
