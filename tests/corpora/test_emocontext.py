"""EmoContext's files, on sentences of our own."""

import json

import numpy as np
import pytest

from emoscope.corpora import emocontext
from emoscope.errors import InputError
from emoscope.reading.errors import RejectFile, RowError

HEADER = "id\tturn1\tturn2\tturn3\tlabel\n"
GOOD = "0\tI lost my bus\toh dear\tso cross 😡\tangry\n1\thi\thello\tfine day\tothers\n"


def write(folder, text, name="train.txt"):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def write_published(root):
    """The three files; returns that of the training rows."""
    for split in ("train", "dev", "test"):
        text = HEADER + GOOD.replace("hi", f"hi {split}").replace("dear", f"dear {split}")
        write(root, text, f"{split}.txt")
    return root / "train.txt"


def test_labelled(tmp_path):
    corpus = emocontext.load(write(tmp_path, HEADER + GOOD), "train")
    assert (corpus.name, corpus.taxonomy.name) == ("emocontext", "emocontext")
    assert corpus.ids == ["0", "1"]
    assert corpus.turns[0] == ["I lost my bus", "oh dear", "so cross 😡"]
    names = corpus.taxonomy.names
    assert [names[place] for place in np.argmax(corpus.labels, 1)] == ["angry", "others"]
    np.testing.assert_array_equal(corpus.labels.sum(1), [1, 1])
    assert corpus.labelled
    assert corpus.languages == ["en", "en"]


def test_quotes_are_text(tmp_path):
    quoted = HEADER + '0\t"no\tend\there\tsad\n1\ta "b" c\t"\t"d\tothers\n'
    corpus = emocontext.load(write(tmp_path, quoted), "train")
    assert corpus.turns == [['"no', "end", "here"], ['a "b" c', '"', '"d']]


def test_without_labels(tmp_path):
    text = "id\tturn1\tturn2\tturn3\n7\ta\tb\tc\n"
    corpus = emocontext.load(write(tmp_path, text, "test.txt"), "test")
    assert not corpus.labelled
    assert np.isnan(corpus.labels).all()
    assert corpus.labels.shape == (1, 4)


def test_other_names_and_single_files(tmp_path):
    write(tmp_path, HEADER + GOOD, "dev.tsv")
    write(tmp_path, HEADER + GOOD, "devwithlabels.txt")
    assert len(emocontext.load(tmp_path, "dev")) == 2
    assert len(emocontext.load(tmp_path / "devwithlabels.txt", "dev")) == 2


def test_missing_files_say_where_to_get_them(tmp_path):
    with pytest.raises(InputError) as caught:
        emocontext.load(tmp_path, "dev")
    for part in (str(tmp_path / "dev.txt"), "dev.tsv", "SemEval-2019 Task 3", "nelec-sample"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("2\ta\tb\tc\thapy\n", "label", "others, happy, sad, angry, got 'hapy'.*mean 'happy'"),
        ("2\ta\tb\tc\tSAD\n", "label", "mean 'sad'"),
        ("2\ta\tb\tc\t4711\n", "label", "Correct the label"),
        ("2\ta\tb\tc\t\n", "label", "got ''"),
        ("2\ta\t \tc\tsad\n", "turn2", "got nothing"),
        ("\ta\tb\tc\tsad\n", "id", "got nothing"),
        (HEADER, None, "the header again"),
        ("2\ta\tb\tb\tc\tsad\n", None, "expected 5 fields, as in the header, got 6"),
        ("2\ta\tb\tc\n", None, "got 4"),
        (b"2\ta\tcaf\xe9\tc\tsad\n", None, "0xe9 at offset 7"),
    ],
)
def test_bad_rows(tmp_path, row, column, message):
    row = row if isinstance(row, bytes) else row.encode()
    write(tmp_path, (HEADER + GOOD).encode() + row + b"3\tgood\tone\tagain\thappy\n")
    with pytest.raises(RowError, match=message) as caught:
        emocontext.load(tmp_path, "train")
    assert str(caught.value).startswith(f"{tmp_path / 'train.txt'}, line 4")
    assert caught.value.column == column
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        corpus = emocontext.load(tmp_path, "train", bad_rows=rejects)
    assert corpus.ids == ["0", "1", "3"]
    [reject] = map(json.loads, rejects.path.read_text().splitlines())
    assert (reject["line"], reject["column"]) == (4, column)
    assert ("values" in reject) != ("raw" in reject)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty file"),
        (HEADER, "got none"),
        (GOOD, "line 1: expected the header"),
        ("id\tturn1\tturn2\tlabel\n0\ta\tb\tsad\n", "line 1: expected the header"),
        (HEADER.replace("turn2", "turn1") + GOOD, "turn1#1"),
        ((HEADER + GOOD).replace("\t", ",").encode(), "line 1: expected the header"),
    ],
)
def test_files_that_are_not_emocontext(tmp_path, text, message):
    write(tmp_path, text)
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        for policy in ("stop", rejects):
            with pytest.raises(InputError, match=message):
                emocontext.load(tmp_path, "train", bad_rows=policy)


def test_other_encodings(tmp_path):
    text = (HEADER + "0\tdéjà\tvu\tça\tsad\n").encode("cp1252")
    corpus = emocontext.load(write(tmp_path, text), "train", encoding="cp1252")
    assert corpus.turns == [["déjà", "vu", "ça"]]
