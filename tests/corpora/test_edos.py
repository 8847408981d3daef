"""A file in the format of EDOS, on dialogues of our own."""

import csv
import itertools
import json
import logging
import zlib

import numpy as np
import pytest

from emoscope.corpora import edos
from emoscope.errors import InputError
from emoscope.reading.errors import RejectFile, RowError
from emoscope.taxonomy import Taxonomy

HEADER = (
    *("Count", "Index", "DialogID", "Dialog", "Agreed emotion (2/3 vote)"),
    *(f"Worker {number} answer" for number in (1, 2, 3)),
)


def numbers(rest):
    """Numbers of dialogues whose CRC-32 leaves a rest."""
    return [n for n in map(str, range(200)) if zlib.crc32(n.encode()) % 10 == rest]


TRAIN, DEV, TEST = numbers(5), numbers(1), numbers(0)


def put(root, *rows, name="mturk_9k.csv"):
    """Rows of a dialogue's number, its text, and three answers; the row's number is its index."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number, (dialogue, text, *answers) in enumerate(rows):
            writer.writerow([number, f"i{number}", dialogue, text, "-", *answers])
    return path


def write_published(root):
    """A file with rows of each split; returns the file of the training rows."""
    words = ("Sad", "Sad", "Afraid"), ("Joyful",) * 3
    places = [(TRAIN, 0), (TRAIN, 1), (DEV, 0), (TEST, 1)]
    rows = [
        (numbers[place], f"Line {numbers[place]} .", *words[place]) for numbers, place in places
    ]
    return put(root, *rows)


def found(corpus):
    names = corpus.taxonomy.names
    return [
        {name: round(float(value) * 3) for name, value in zip(names, row, strict=True) if value}
        for row in corpus.labels
    ]


def test_turns_and_shares(tmp_path):
    path = put(
        tmp_path,
        (TRAIN[0], "Call an ambulance , man .\n\nI don 't feel well .", "Afraid", "Sad", "Afraid"),
        (TRAIN[1], "Fine .", "Neutral", "Neutral", "Neutral"),
        (TRAIN[2], "Why ?", "Questioning", "Furious", "Angry"),
    )
    corpus = edos.load(tmp_path, "train")
    assert (corpus.name, corpus.taxonomy) == ("edos", Taxonomy.load("edos"))
    assert (corpus.ids, corpus.languages) == (["i0", "i1", "i2"], ["en"] * 3)
    assert corpus.turns == [
        ["Call an ambulance, man.", "I don't feel well."],
        ["Fine."],
        ["Why?"],
    ]
    assert found(corpus) == [
        {"afraid": 2, "sad": 1},
        {"neutral": 3},
        {"questioning": 1, "furious": 1, "angry": 1},
    ]
    np.testing.assert_allclose(corpus.labels.sum(axis=1), 1, rtol=1e-6)
    assert edos.load(path, "train").ids == corpus.ids


def test_the_taxonomy_has_32_emotions_then_8_intents_then_neutral():
    names = Taxonomy.load("edos").names
    assert len(names) == 41
    assert list(names[:32]) == sorted(names[:32])
    assert names[32:40] == (
        *("acknowledging", "agreeing", "consoling", "encouraging"),
        *("questioning", "suggesting", "sympathizing", "wishing"),
    )
    assert names[40] == "neutral"


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        ("Neutral (Other)", {"neutral": 1}),
        ("  hopeful.  (Other) ", {"hopeful": 1}),
        ("HOPEFUL (Other)", {"hopeful": 1}),
        ("greeting (Other)", {}),
        ("angry, annoyed (Other)", {}),
        ("Neutral because they are merely explaining (Other)", {}),
        ("", {}),
    ],
)
def test_answers_in_own_words_count_where_they_are_a_label(tmp_path, answer, counted):
    put(tmp_path, (TRAIN[0], "Hm .", "Sad", answer, "Proud"))
    assert found(edos.load(tmp_path, "train")) == [{"sad": 1, "proud": 1, **counted}]


def test_texts_without_a_vote_are_left_out_and_counted(tmp_path, caplog):
    put(
        tmp_path,
        (TRAIN[0], "Hi .", "greeting (Other)", "", "n (Other)"),
        (TRAIN[1], "Ha !", "Joyful", "Joyful", "Joyful"),
        (DEV[0], "Oh .", "", "", ""),
    )
    with caplog.at_level(logging.WARNING):
        assert edos.load(tmp_path, "train").ids == ["i1"]
    assert "train: 1 of 2 texts left out, as no worker chose a known label." in caplog.text
    with pytest.raises(InputError, match="'dev', got none"):
        edos.load(tmp_path, "dev")


def test_a_dialogue_is_in_one_split_whatever_its_place(tmp_path):
    dialogues = [*TRAIN[:3], *DEV[:2], *TEST[:2], *numbers(9)[:1]]
    rows = [(number, f"Line {n} .", "Sad", "Sad", "Sad") for number in dialogues for n in range(2)]
    put(tmp_path, *rows)
    texts = {split: edos.load(tmp_path, split).turns for split in ("train", "dev", "test")}
    assert {split: len(found) for split, found in texts.items()} == {
        "train": 8,
        "dev": 4,
        "test": 4,
    }
    ids = {split: edos.load(tmp_path, split).ids for split in texts}
    assert sorted(itertools.chain(*ids.values())) == sorted(f"i{n}" for n in range(len(rows)))


@pytest.mark.parametrize("folder", [".", "Training data for the dialogue emotion classifier"])
def test_the_name_that_its_authors_gave_the_file(tmp_path, folder):
    name = f"{folder}/1. MTurk_groundtruth_labels_9K.csv"
    put(tmp_path, (TEST[0], "Ha !", "Joyful", "Joyful", "Joyful"), name=name)
    assert edos.load(tmp_path, "test").ids == ["i0"]


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ((TRAIN[1], " ", "Sad", "Sad", "Sad"), "Dialog", "expected text, got nothing"),
        (("", "Hm .", "Sad", "Sad", "Sad"), "DialogID", "expected an id, got nothing"),
        ((TRAIN[1], "Hm .", "Sad", "Sad"), None, "expected 8 fields, as in the header, got 7"),
    ],
)
def test_bad_rows(tmp_path, row, column, message):
    good = (TRAIN[0], "Ha !", "Joyful", "Joyful", "Joyful")
    path = put(tmp_path, good, row, good)
    with pytest.raises(RowError, match=message) as caught:
        edos.load(tmp_path, "train")
    assert str(caught.value).startswith(f"{path}, line 3")
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        assert edos.load(tmp_path, "train", bad_rows=rejects).ids == ["i0", "i2"]
    [reject] = map(json.loads, rejects.path.read_text().splitlines())
    assert (reject["line"], reject["column"]) == (3, column)


def test_files_without_rows_or_columns_are_refused(tmp_path):
    path = put(tmp_path)
    with pytest.raises(InputError, match="'train', got none"):
        edos.load(tmp_path, "train")
    path.write_text("DialogID,Dialog\n1,Hm .\n")
    with pytest.raises(InputError, match="expected a column 'Index'"):
        edos.load(tmp_path, "train")
