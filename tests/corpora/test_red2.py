"""Files in the format of RED, version 2, with sentences of our own."""

import json

import pytest

from emoscope.corpora import red
from emoscope.reading.errors import RejectFile, RowError

ROWS = {
    "train": [("Ce surpriză , ai venit !", [0, 3, 0, 0, 0, 0, 2]), ("Bine", [0, 0, 0, 0, 2, 1, 0])],
    "valid": [("Am încredere în tine", [0, 0, 0, 0, 0, 3, 1])],
    "test": [("Nu mai suport zgomotul", [1, 0, 0, 3, 0, 0, 0])],
}


def put(root, name, rows):
    folder = root / "REDv2" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    listed = [
        {"text_id": number, "sum_labels": votes, "agreed_labels": [], "text": text}
        for number, (text, votes) in enumerate(rows)
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in listed)
    (folder / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return folder / f"{name}.json"


def write_published(root):
    """A file for each split; returns that of training."""
    return {name: put(root, name, rows) for name, rows in ROWS.items()}["train"]


def test_labels_are_shares_of_three_annotators(tmp_path):
    write_published(tmp_path)
    corpus = red.load_red2(tmp_path, "train")
    names = corpus.taxonomy.names
    shares = [
        {name: round(float(value) * 3) for name, value in zip(names, row, strict=True) if value}
        for row in corpus.labels
    ]
    assert shares == [{"surprise": 3, "joy": 2}, {"neutral": 2, "trust": 1}]
    assert set(corpus.languages) == {"ro"}
    assert red.load_red2(tmp_path, "dev").ids == ["0"]


@pytest.mark.parametrize("votes", [[1, 0], [4, 0, 0, 0, 0, 0, 0], [1.5] * 7, "1234567", None])
def test_other_votes_are_refused_or_put_aside(votes, tmp_path):
    put(tmp_path, "test", [("Bine", [0, 0, 0, 0, 2, 1, 0]), ("Poate", votes)])
    with pytest.raises(RowError, match="sum_labels"):
        red.load_red2(tmp_path, "test")
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        assert len(red.load_red2(tmp_path, "test", bad_rows=rejects)) == 1
