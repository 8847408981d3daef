"""Files in the format of Event2Mind, on events of our own."""

import csv
import json
import logging

import pytest

from emoscope.corpora import event2mind
from emoscope.errors import InputError
from emoscope.reading.errors import RejectFile, RowError
from emoscope.taxonomy import Taxonomy

HEADER = ("Source", "Event", "Xintent", "Xemotion", "Otheremotion", "Xsent", "Osent")


def put(root, *rows, split="train"):
    """Rows of an event and the cell of PersonX's feelings (a list becomes JSON)."""
    path = root / f"{split}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for event, cell in rows:
            cell = cell if isinstance(cell, str) else json.dumps(cell)
            writer.writerow(["own", event, '["none"]', cell, '["jealous"]', "", "3.0"])
    return path


def write_published(root):
    """The three files; returns that of the training rows."""
    for split in ("train", "dev", "test"):
        rows = (f"PersonX pays the {split}", ["happy"]), (f"PersonX loses the {split}", ["sad"])
        put(root, *rows, split=split)
    return root / "train.csv"


def found(corpus):
    names = corpus.taxonomy.names
    rows = (zip(names, map(float, row), strict=True) for row in corpus.labels)
    return [{name: round(value, 3) for name, value in row if value} for row in rows]


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_an_event_is_one_example_with_the_shares_of_its_workers(tmp_path, split):
    path = put(
        tmp_path,
        ("PersonX pays the bills", ["releived", "happy"]),
        ("PersonX loses ___", ["sad"]),
        ("PersonX pays the bills", ["very happy and tired", "happy to be done"]),
        ("PersonX pays the bills", ["none"]),
        split=split,
    )
    corpus = event2mind.load(tmp_path, split)
    assert (corpus.name, corpus.taxonomy) == ("event2mind", Taxonomy.load("event2mind"))
    assert corpus.ids == ["PersonX pays the bills", "PersonX loses ___"]
    assert corpus.turns == [["I pay the bills"], ["I lose something"]]
    assert corpus.languages == ["en", "en"]
    assert found(corpus) == [{"happy": 0.667, "relieved": 0.333, "tired": 0.333}, {"sad": 1}]
    assert event2mind.load(path, split).ids == corpus.ids


def test_broken_answers_and_events_without_a_feeling_are_counted_and_left_out(tmp_path, caplog):
    put(
        tmp_path,
        ("PersonX eats", ["happy"]),
        ("PersonX eats", '["happy"'),
        ("PersonX eats", "null"),
        ("PersonX eats", ""),
        ("PersonX eats", [None, 3, "hungry"]),
        ("PersonX helps", ["helpful"]),
        ("PersonX waits", "[" * 100_000),
    )
    with caplog.at_level(logging.WARNING):
        corpus = event2mind.load(tmp_path, "train")
    assert found(corpus) == [{"happy": 0.5}]
    assert "4 of 7 answers left out, as no JSON lists." in caplog.text
    assert "2 of 3 events left out, as nobody named a feeling of the taxonomy." in caplog.text


def test_the_taxonomy_is_of_feelings():
    names = Taxonomy.load("event2mind").names
    assert 380 < len(names) < 440
    assert list(names) == sorted(names)
    feelings = (
        "happy satisfied accomplished excited relieved proud tired nostalgic betrayed hopeful"
    )
    assert set(feelings.split()) <= set(names)
    others = "good full helpful tall rich smart responsible informed healthy ready broke clean none"
    assert not set(others.split()) & set(names)


def test_rows_that_cannot_be_used(tmp_path):
    path = put(tmp_path, ("PersonX eats", ["happy"]), (" ", ["sad"]), ("PersonX runs", ["sad"]))
    with pytest.raises(RowError, match="column 'Event': expected an event, got nothing") as caught:
        event2mind.load(tmp_path, "train")
    assert caught.value.line == 3
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        corpus = event2mind.load(tmp_path, "train", bad_rows=rejects)
    assert (len(corpus), rejects.count) == (2, 1)
    path.write_text("Event,Xintent\nPersonX eats,[]\n")
    with pytest.raises(InputError, match="expected a column 'Xemotion'"):
        event2mind.load(tmp_path, "train")


def test_a_file_without_feelings(tmp_path):
    put(tmp_path, ("PersonX eats", ["none"]))
    with pytest.raises(InputError, match="feelings that are known, got none"):
        event2mind.load(tmp_path, "train")
