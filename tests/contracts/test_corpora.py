"""What every corpus must satisfy; those of the registry are found by themselves.

The tests of a corpus, `tests/corpora/test_<name>.py`, have a function `write_published(root)` that
writes a few rows of each split in its published form, no text twice, and returns the file of the
training rows. A corpus that ships needs no files.
"""

import codecs
import importlib
import json
from functools import cache
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.registry import load_corpus
from emoscope.corpora.splits import SPLITS
from emoscope.errors import InputError
from emoscope.reading.errors import RejectFile, RowError
from emoscope.recipes.schema import CorpusSection
from emoscope.registry import CORPORA, SHIPPED_CORPORA, resolve

TO_BRING = sorted(set(CORPORA) - set(SHIPPED_CORPORA))


def write_published(name: str, root: Path) -> Path:
    """Write a corpus to bring; the file of its training rows."""
    root.mkdir(exist_ok=True)
    path: Path = importlib.import_module(f"tests.corpora.test_{name}").write_published(root)
    return path


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Loads a split of a corpus by name, each once."""

    @cache
    def root(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        if name in TO_BRING:
            write_published(name, folder)
        return folder

    @cache
    def load(name: str, split: str) -> Corpus:
        return load_corpus(CorpusSection(name=name), root(name), split)

    return load


@pytest.mark.parametrize("name", CORPORA)
@pytest.mark.parametrize("split", SPLITS)
def test_is_a_table_of_texts_and_labels(name, split, load):
    corpus = load(name, split)
    assert corpus.name == name
    assert len(corpus) > 0
    assert corpus.data.cache_files == []
    assert len(set(corpus.ids)) == len(corpus)
    assert all(corpus.ids)
    assert all(turn.strip() for turns in corpus.turns for turn in turns)
    assert all(corpus.languages)
    assert corpus.labels.shape == (len(corpus), len(corpus.taxonomy))
    assert corpus.labels.dtype == np.float32
    assert corpus.labelled
    assert ((corpus.labels >= 0) & (corpus.labels <= 1)).all()
    assert corpus.labels.sum() > 0
    if corpus.taxonomy.exclusive:
        np.testing.assert_array_equal(corpus.labels.max(axis=1), 1)
        np.testing.assert_array_equal(corpus.labels.sum(axis=1), 1)


@pytest.mark.parametrize("name", CORPORA)
def test_splits_have_one_taxonomy_and_no_text_in_common(name, load):
    parts = [load(name, split) for split in SPLITS]
    assert all(part.taxonomy == parts[0].taxonomy for part in parts)
    texts = [{tuple(turns) for turns in part.turns} for part in parts]
    assert len(set.union(*texts)) == sum(map(len, texts))


@pytest.mark.parametrize("name", CORPORA)
def test_labels_can_be_left_out_unless_they_exclude_each_other(name, load, tmp_path):
    whole = load(name, "train")
    section = CorpusSection(name=name, exclude=whole.taxonomy.names[:1])
    if name in TO_BRING:
        write_published(name, tmp_path)
    if whole.taxonomy.exclusive:
        with pytest.raises(InputError, match="exclude each other"):
            load_corpus(section, tmp_path, "train")
        return
    left = load_corpus(section, tmp_path, "train")
    assert left.taxonomy == whole.taxonomy.without(whole.taxonomy.names[0])
    assert (left.ids, left.turns) == (whole.ids, whole.turns)
    np.testing.assert_array_equal(left.labels, whole.labels[:, 1:])


@pytest.mark.parametrize("name", CORPORA)
def test_other_splits_and_languages_are_refused(name, tmp_path):
    if name in TO_BRING:
        write_published(name, tmp_path)
    with pytest.raises(InputError, match="validation"):
        load_corpus(CorpusSection(name=name), tmp_path, "validation")
    with pytest.raises(InputError, match="language"):
        load_corpus(CorpusSection(name=name, languages=("xx",)), tmp_path, "train")


WITH_LANGUAGES = [
    name for name in CORPORA if "languages" in signature(resolve(CORPORA[name])).parameters
]


@pytest.mark.parametrize("name", WITH_LANGUAGES)
def test_its_own_languages_can_be_named(name, load, tmp_path):
    if name in TO_BRING:
        write_published(name, tmp_path)
    whole = load(name, "train")
    section = CorpusSection(name=name, languages=tuple(sorted(set(whole.languages))))
    assert load_corpus(section, tmp_path, "train").turns == whole.turns


@pytest.mark.parametrize("name", TO_BRING)
def test_files_are_only_read(name, tmp_path):
    write_published(name, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    load_corpus(CorpusSection(name=name), tmp_path, "train")
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("name", TO_BRING)
@pytest.mark.parametrize("mark", [False, True], ids=["plain", "byte-order-mark"])
def test_line_ends_and_a_byte_order_mark_change_nothing(name, mark, load, tmp_path):
    path = write_published(name, tmp_path)
    content = path.read_bytes().replace(b"\r\n", b"\n").rstrip().replace(b"\n", b"\r\n")
    path.write_bytes(codecs.BOM_UTF8 + to_utf8(content) if mark else content)
    expected, found = load(name, "train"), load_corpus(CorpusSection(name=name), tmp_path, "train")
    assert (found.ids, found.turns) == (expected.ids, expected.turns)
    np.testing.assert_array_equal(found.labels, expected.labels)


def to_utf8(content: bytes) -> bytes:
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1").encode()
    return content


@pytest.mark.parametrize("name", TO_BRING)
def test_a_bad_row_is_named_or_put_aside(name, load, tmp_path):
    path = write_published(name, tmp_path / "corpus")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"no fields at all\n", *lines[2:]]))
    section = CorpusSection(name=name)
    with pytest.raises(RowError) as caught:
        load_corpus(section, tmp_path / "corpus", "train")
    assert str(caught.value).startswith(f"{path}, line 3")
    assert caught.value.fault.advice
    if path.suffix == ".json":
        # Nothing tells where the next row of a broken list begins.
        return
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        rest = load_corpus(section, tmp_path / "corpus", "train", bad_rows=rejects)
    assert sorted(rest.turns) == sorted(load(name, "train").turns)
    [reject] = map(json.loads, rejects.path.read_text(encoding="utf-8").splitlines())
    assert (reject["file"], reject["line"]) == (str(path), 3)
    assert reject["raw"] == "no fields at all"
