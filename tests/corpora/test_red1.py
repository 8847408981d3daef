"""Files in the format of RED, version 1, with sentences of our own."""

import csv

from emoscope.corpora import red

ROWS = {
    "train": [("A sosit primăvara , ce bine !", "Bucurie"), ("Iar s-a stricat liftul", "Furie")],
    "val": [("Magazinul se deschide la nouă", "Neutru"), ("Mi-e urât singur acasă", "Frica")],
    "test": [("A plecat fără să spună nimic", "Tristete")],
}


def write_published(root):
    """A file for each split; returns that of training."""
    folder = root / "REDv1" / "data"
    folder.mkdir(parents=True)
    for name, rows in ROWS.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["", "Unnamed: 0", "Unnamed: 0.1", "Tweet", "Emotion"])
            writer.writerows([n, n, n, *row] for n, row in enumerate(rows))
    return folder / "train.csv"


def test_romanian_names_are_the_labels(tmp_path):
    write_published(tmp_path)
    found = {}
    for split in ("train", "dev", "test"):
        corpus = red.load_red1(tmp_path, split)
        assert set(corpus.languages) == {"ro"}
        found[split] = [corpus.taxonomy.names[row.argmax()] for row in corpus.labels]
    assert found == {"train": ["joy", "anger"], "dev": ["neutral", "fear"], "test": ["sadness"]}
    assert red.load_red1(tmp_path / "REDv1" / "data", "test").turns == [[ROWS["test"][0][0]]]
