"""Files in the format of KOTE, with sentences of our own."""

import pytest

from emoscope.corpora import kote
from emoscope.reading.errors import RowError
from emoscope.taxonomy import Taxonomy

ROWS = {
    "train": ["7\t오늘은 커피가 정말 맛있네요\t14,40,42", '9\t"그는 ""내일""이라고 말했다"\t12,24'],
    "val": ["8\t버스가 또 늦었어\t0,22"],
    "test": ["3\t아무 일도 없었다\t24"],
}


def write_published(root):
    """A file for each split; returns that of training."""
    for name, rows in ROWS.items():
        (root / f"{name}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root / "train.tsv"


def found(corpus):
    names = corpus.taxonomy.names
    return [[name for name, on in zip(names, row, strict=True) if on] for row in corpus.labels]


def test_quotes_and_numbers_of_labels(tmp_path):
    write_published(tmp_path)
    corpus = kote.load(tmp_path, "train")
    assert corpus.ids == ["7", "9"]
    assert corpus.turns[1] == ['그는 "내일"이라고 말했다']
    assert found(corpus) == [["comfort", "happiness", "joy"], ["distrust", "no emotion"]]
    assert set(corpus.languages) == {"ko"}
    assert found(kote.load(tmp_path, "dev")) == [["complaint", "annoyance"]]


def test_a_number_beyond_the_labels_is_refused(tmp_path):
    (tmp_path / "test.tsv").write_text("1\t좋아요\t42\n2\t글쎄요\t44\n", encoding="utf-8")
    with pytest.raises(RowError, match=r"line 2.*44"):
        kote.load(tmp_path, "test")


def test_every_label_has_a_korean_word():
    korean = Taxonomy.load("kote").translated("ko")
    assert len(korean) == 44
    assert all(not word.isascii() for label in korean.labels for word in label.words)
