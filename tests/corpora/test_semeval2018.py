"""Files in the format of SemEval-2018 Task 1 E-c, on sentences of our own."""

import json

import numpy as np
import pytest

from emoscope.corpora import semeval2018
from emoscope.errors import InputError
from emoscope.reading.errors import RejectFile, RowError
from emoscope.taxonomy import Taxonomy

NAMES = Taxonomy.load("semeval2018").names
ROWS = [("a-1", 'such a "lovely day', {"joy", "love"}), ("a-2", "meh 😐", set())]


def table(rows=ROWS, names=NAMES):
    lines = [["ID", "Tweet", *names]]
    lines += [[key, text, *(str(int(n in marks)) for n in names)] for key, text, marks in rows]
    return "".join("\t".join(line) + "\n" for line in lines)


def put(root, content=None, split="train", folder="English/E-c", code="En"):
    path = root / folder / f"2018-E-c-{code}-{split}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = table() if content is None else content
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_published(root):
    """The three English files; returns that of the training rows."""
    for split in ("train", "dev", "test-gold"):
        put(root, table([(key, f"{text} {split}", marks) for key, text, marks in ROWS]), split)
    return root / "English/E-c/2018-E-c-En-train.txt"


def found(corpus):
    """Names of the labels of each example."""
    return [{n for n, v in zip(NAMES, row, strict=True) if v == 1} for row in corpus.labels]


@pytest.mark.parametrize("folder", ["English/E-c", "."])
@pytest.mark.parametrize(
    ("split", "ending"), [("train", "train"), ("dev", "dev"), ("test", "test-gold")]
)
def test_published_and_flat_layout(tmp_path, folder, split, ending):
    put(tmp_path, split=ending, folder=folder)
    corpus = semeval2018.load(tmp_path, split)
    assert (corpus.name, corpus.taxonomy) == ("semeval2018", Taxonomy.load("semeval2018"))
    assert (corpus.ids, corpus.languages) == (["a-1", "a-2"], ["en", "en"])
    assert corpus.turns == [[ROWS[0][1]], [ROWS[1][1]]]
    assert found(corpus) == [{"joy", "love"}, set()]
    assert corpus.labels.sum() == 2


@pytest.mark.parametrize("names", [NAMES[::-1], (*NAMES[5:], *NAMES[:5])])
def test_the_order_of_the_header_counts(tmp_path, names):
    put(tmp_path, table(names=names))
    assert found(semeval2018.load(tmp_path, "train")) == [{"joy", "love"}, set()]
    put(tmp_path, table(names=[name.upper() for name in names]).replace("\t0\n", "\t1\n"))
    # Marks are looked up by the upper-case names, so all are 0 but those of the last column.
    assert found(semeval2018.load(tmp_path, "train")) == [{names[-1]}] * 2


def test_several_languages(tmp_path):
    put(tmp_path)
    put(tmp_path, table([("e-1", "qué asco", {"disgust"})]), folder="Spanish/E-c", code="Es")
    every = semeval2018.load(tmp_path, "train")
    assert every.languages == ["en", "en", "es"]
    assert found(every)[2] == {"disgust"}
    assert semeval2018.load(tmp_path, "train", languages=("es",)).ids == ["e-1"]
    both = semeval2018.load(tmp_path, "train", languages=("es", "en"))
    assert both.languages == ["es", "en", "en"]


def test_machine_translations(tmp_path):
    put(tmp_path)
    put(tmp_path, folder="Spanish-Tr/E-c", code="Es")
    put(tmp_path, folder="French-Tr/E-c", code="En")
    assert semeval2018.load(tmp_path, "train").languages == ["en", "en"]
    alone = semeval2018.load(tmp_path, "train", languages=("es-tr",))
    assert (alone.ids, alone.languages) == (["a-1", "a-2"], ["es", "es"])
    mixed = semeval2018.load(tmp_path, "train", languages=("en", "es-tr", "fr-tr"))
    assert mixed.languages == ["en", "en", "es", "es", "fr", "fr"]
    assert mixed.ids[:4] == ["a-1", "a-2", "es-tr:a-1", "es-tr:a-2"]
    assert len(set(mixed.ids)) == 6


def test_a_translation_that_could_be_two_files(tmp_path):
    for code in ("En", "Xx"):
        put(tmp_path, folder="French-Tr/E-c", code=code)
    with pytest.raises(InputError, match=r"single file.*En-train.txt, 2018-E-c-Xx-train.txt"):
        semeval2018.load(tmp_path, "train", languages=("fr-tr",))
    put(tmp_path, folder="French-Tr/E-c", code="Fr")
    assert len(semeval2018.load(tmp_path, "train", languages=("fr-tr",))) == 2


def test_without_labels(tmp_path):
    header, *_ = table([]).splitlines()
    blank = "\t".join(["b-1", "none of that NONE", *["NONE"] * len(NAMES)])
    put(tmp_path, f"{header}\n{blank}\n", split="test")
    corpus = semeval2018.load(tmp_path, "test")
    assert np.isnan(corpus.labels).all()
    assert corpus.turns == [["none of that NONE"]]
    put(tmp_path, split="test-gold")
    assert semeval2018.load(tmp_path, "test").ids == ["a-1", "a-2"]


def test_missing_files_say_where_to_get_them(tmp_path):
    with pytest.raises(InputError) as caught:
        semeval2018.load(tmp_path, "test")
    assert "2018-E-c-En-test-gold.txt" in str(caught.value)
    put(tmp_path)
    with pytest.raises(InputError, match=r"2018-E-c-Ar-train.txt"):
        semeval2018.load(tmp_path, "train", languages=("en", "ar"))
    with pytest.raises(InputError, match=r"Arabic-Tr.*Machine translations"):
        semeval2018.load(tmp_path, "train", languages=("ar-tr",))


@pytest.mark.parametrize("languages", [(), ("en", "en"), ("de",), ("es-TR",)])
def test_languages_that_there_are_not(tmp_path, languages):
    with pytest.raises(InputError, match="expected languages among en, es, ar, en-tr"):
        semeval2018.load(tmp_path, "train", languages=languages)


ZEROS = "\t".join("0" * len(NAMES))


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (f"b\ttext\t2{ZEROS[1:]}\n", NAMES[0], "expected 0 or 1.*got '2'"),
        (f"b\ttext\tsome{ZEROS[1:]}\n", NAMES[0], "got 'some'"),
        (f"b\ttext\tNONE{ZEROS[1:]}\n", NAMES[0], "all labels of the row or none"),
        (f"b\ttext\t{ZEROS[:-1]}NONE\n", NAMES[-1], "got 'NONE'"),
        (f"b\t \t{ZEROS}\n", "Tweet", "expected text, got nothing"),
        (f"\ttext\t{ZEROS}\n", "ID", "expected an id"),
        (table([]), None, "the header again"),
        (f"b\ttext\t{ZEROS}\t0\n", None, "expected 13 fields, as in the header, got 14"),
        (b"b\tcaf\xe9\t" + ZEROS.encode() + b"\n", None, "0xe9"),
    ],
)
def test_bad_rows(tmp_path, row, column, message):
    row = row if isinstance(row, bytes) else row.encode()
    path = put(tmp_path, table().encode() + row + f"c\tfine\t{ZEROS}\n".encode())
    with pytest.raises(RowError, match=message) as caught:
        semeval2018.load(tmp_path, "train")
    assert str(caught.value).startswith(f"{path}, line 4")
    assert caught.value.column == column
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        corpus = semeval2018.load(tmp_path, "train", bad_rows=rejects)
    assert corpus.ids == ["a-1", "a-2", "c"]
    [reject] = map(json.loads, rejects.path.read_text().splitlines())
    assert (reject["line"], reject["column"]) == (4, column)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty file"),
        (table([]), "got none"),
        (table().split("\n", 1)[1], "line 1: expected the header"),
        ("a\ttext\t1\na\ttext\t0\n", "line 1: expected the header"),
        (table().replace("\t", ","), "line 1: expected the header"),
        (table().replace("Tweet", "tweet"), "line 1: expected the header"),
        (table(names=NAMES[1:]), "line 1: expected the header"),
        (table(names=(*NAMES[1:], "angr")), "no emotion 'angr'.*Is it 'anger'"),
        (table(names=(*NAMES, "anger")), "'anger#1'"),
        (table(names=(*NAMES, "Anger")), "line 1: expected the header"),
        (table(names=(*NAMES, "boredom")), "no emotion 'boredom'"),
    ],
)
def test_files_of_another_kind_stop_whatever_the_policy(tmp_path, content, message):
    put(tmp_path, content)
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        for policy in ("stop", rejects):
            with pytest.raises(InputError, match=message):
                semeval2018.load(tmp_path, "train", bad_rows=policy)
