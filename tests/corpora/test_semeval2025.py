"""Files in the format of SemEval-2025 Task 11, track A, on sentences of our own."""

import json

import numpy as np
import pytest

from emoscope.corpora import semeval2025
from emoscope.errors import InputError
from emoscope.reading.errors import RejectFile, RowError
from emoscope.taxonomy import Taxonomy

SIX = Taxonomy.load("semeval2025")
FIVE = SIX.without("disgust")
ROWS = [("r1", '"Warum, denn?"', {"anger", "fear"}), ("r2", "schön 🎉", {"joy"})]


def table(names=SIX.names, rows=ROWS):
    lines = [["id", "text", *names]]
    lines += [[key, text, *(str(int(n in marks)) for n in names)] for key, text, marks in rows]
    return "".join(",".join(line) + "\n" for line in lines)


def put(root, language="deu", content=None, split="train"):
    path = root / split / f"{language}.csv"
    path.parent.mkdir(exist_ok=True)
    content = table() if content is None else content
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_published(root):
    """The three files of one language; returns that of the training rows."""
    for split in ("train", "dev", "test"):
        rows = [(key, f"{split} {marks}".replace(",", ""), marks) for key, _, marks in ROWS]
        put(root, content=table(rows=rows), split=split)
    return root / "train/deu.csv"


def found(corpus):
    names = corpus.taxonomy.names
    return [{n for n, v in zip(names, row, strict=True) if v == 1} for row in corpus.labels]


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_one_language(tmp_path, split):
    put(tmp_path, split=split)
    corpus = semeval2025.load(tmp_path, split)
    assert (corpus.name, corpus.taxonomy) == ("semeval2025", SIX)
    assert (corpus.ids, corpus.languages) == (["r1", "r2"], ["deu", "deu"])
    assert corpus.turns == [["Warum, denn?"], ["schön 🎉"]]
    assert found(corpus) == [{"anger", "fear"}, {"joy"}]


def test_labels_of_the_english_test_stand_in_the_other_track(tmp_path):
    blank = "id,text,anger,fear,joy\na_1,So it goes,,,\na_2,Hm,,,\n"
    put(tmp_path, "eng", blank, split="test")
    assert not semeval2025.load(tmp_path, "test").labelled
    scored = "id,text,anger,fear,joy\nb_1,So it goes,3,0,1\nb_2,Hm,0,0,0\n"
    path = put(tmp_path, "eng", scored, split="intensity_test")
    corpus = semeval2025.load(tmp_path, "test")
    assert corpus.ids == ["a_1", "a_2"]
    assert found(corpus) == [{"anger", "joy"}, set()]
    path.write_text(scored.replace(",3,", ",4,"))
    with pytest.raises(RowError, match=r"intensity_test/eng\.csv, line 2.*0 to 3"):
        semeval2025.load(tmp_path, "test")


def test_a_language_without_the_split_is_said(tmp_path):
    put(tmp_path, "ron")
    put(tmp_path, "deu", split="test")
    with pytest.raises(InputError, match="ron has train, and no test"):
        semeval2025.load(tmp_path, "test", languages=("deu", "ron"))


def test_several_languages(tmp_path):
    put(tmp_path)
    put(tmp_path, "xyz", table(SIX.names[::-1], [("x1", "a", {"disgust"})]))
    put(tmp_path, "arq", table(rows=[("a1", "b", set())]))
    corpus = semeval2025.load(tmp_path, "train")
    assert corpus.languages == ["arq", "deu", "deu", "xyz"]
    assert found(corpus) == [set(), {"anger", "fear"}, {"joy"}, {"disgust"}]
    chosen = semeval2025.load(tmp_path, "train", languages=("xyz", "arq"))
    assert chosen.ids == ["x1", "a1"]


@pytest.mark.parametrize("names", [SIX.names[::-1], FIVE.names, FIVE.names[2:] + FIVE.names[:2]])
def test_the_header_says_which_labels_and_in_which_order(tmp_path, names):
    put(tmp_path, content=table(names))
    corpus = semeval2025.load(tmp_path, "train")
    assert corpus.taxonomy == (SIX if len(names) == 6 else FIVE)
    assert found(corpus) == [{"anger", "fear"}, {"joy"}]
    put(tmp_path, content=table(names).replace("anger", "Anger").replace("joy", " JOY"))
    assert found(semeval2025.load(tmp_path, "train")) == [{"anger", "fear"}, {"joy"}]


def test_languages_that_differ_in_their_labels(tmp_path):
    put(tmp_path)
    put(tmp_path, "eng", table(FIVE.names))
    put(tmp_path, "few", table(("joy", "disgust")))
    assert len(semeval2025.load(tmp_path, "train", languages=("eng",)).taxonomy) == 5
    with pytest.raises(InputError) as caught:
        semeval2025.load(tmp_path, "train")
    assert "eng lacks disgust; few lacks anger, fear, sadness, surprise." in str(caught.value)
    assert "separate parts of a mixture" in str(caught.value)
    assert "deu lacks" not in str(caught.value)


def test_rows_without_labels(tmp_path):
    blank = "r3,neu" + "," * 6 + "\n"
    put(tmp_path, content=table() + blank)
    labels = semeval2025.load(tmp_path, "train").labels
    assert np.isnan(labels).all(1).tolist() == [False, False, True]


def test_missing_files(tmp_path):
    put(tmp_path)
    with pytest.raises(InputError, match=r"eng\.csv"):
        semeval2025.load(tmp_path, "dev")
    with pytest.raises(InputError, match="expected languages among deu, each once; got eng"):
        semeval2025.load(tmp_path, "train", languages=("eng",))


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("b,text,2,0,0,0,0,0\n", "anger", "expected 0 or 1.*got '2'"),
        ("b,text,0,0,0,0,0,ja\n", "surprise", "got 'ja'"),
        ("b,text,0,0,,0,0,0\n", "fear", "all labels of the row or none"),
        ("b, ,0,0,0,0,0,0\n", "text", "expected text, got nothing"),
        (",text,0,0,0,0,0,0\n", "id", "expected an id"),
        (table(rows=[]), None, "the header again"),
        ("b,text,0,0,0,0,0\n", None, "expected 8 fields, as in the header, got 7"),
        ('b,"text,0,0,0,0,0,0\n', None, "quotes that close"),
    ],
)
def test_bad_rows(tmp_path, row, column, message):
    path = put(tmp_path, content=table() + row + "c,fine,0,0,0,0,0,0\n")
    with pytest.raises(RowError, match=message) as caught:
        semeval2025.load(tmp_path, "train")
    assert str(caught.value).startswith(f"{path}, line 4")
    assert caught.value.column == column
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        corpus = semeval2025.load(tmp_path, "train", bad_rows=rejects)
    assert corpus.ids == ["r1", "r2", "c"]
    [reject] = map(json.loads, rejects.path.read_text().splitlines())
    assert (reject["line"], reject["column"]) == (4, column)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty file"),
        (table(rows=[]), "got none"),
        (table(names=()), "line 1: expected the header"),
        (table(names=(*FIVE.names, "text")), "got 'id,text#1,"),
        (table(names=("angre", "joy")), "no emotion 'angre'. Is it 'anger'"),
        (table(names=(*SIX.names, "trust")), "no emotion 'trust'"),
        (table().replace("id,text", "id,tweet"), "line 1: expected the header"),
    ],
)
def test_files_of_another_kind_stop_whatever_the_policy(tmp_path, content, message):
    put(tmp_path, content=content)
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        for policy in ("stop", rejects):
            with pytest.raises(InputError, match=message):
                semeval2025.load(tmp_path, "train", bad_rows=policy)
