"""A file in the format of PRDECT-ID, with reviews of our own."""

import csv
import zlib

import pytest

from emoscope.corpora import prdect_id
from emoscope.errors import InputError
from emoscope.reading.errors import RowError

HEADER = (
    *("Category", "Product Name", "Location", "Price", "Overall Rating", "Number Sold"),
    *("Total Review", "Customer Rating", "Customer Review", "Sentiment", "Emotion"),
)


def reviews(rest):
    texts = (f"Sudah pesan {number} kali, lampunya terang." for number in range(200))
    return [text for text in texts if zlib.crc32(text.encode()) % 10 == rest]


TRAIN, DEV, TEST = reviews(5), reviews(1), reviews(0)


def put(root, *rows, name="prdect-id.csv"):
    path = root / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for text, emotion in rows:
            before = ("Lampu", "Lampu 5W", "Depok", 5000, 4.8, 12, 3, 5)
            writer.writerow([*before, text, "Positive", emotion])
    return path


def write_published(root):
    """One file for all splits."""
    places = [(TRAIN[0], "Happy"), (TRAIN[1], "Fear"), (DEV[0], "Love"), (TEST[0], "Anger")]
    return put(root, *places)


def test_reviews_of_one_wording_are_in_one_split(tmp_path):
    put(tmp_path, (TRAIN[0], "Happy"), (TRAIN[0], "Love"), (TRAIN[1], "Sadness"))
    corpus = prdect_id.load(tmp_path, "train")
    names = corpus.taxonomy.names
    assert [names[row.argmax()] for row in corpus.labels] == ["joy", "love", "sadness"]
    assert len(set(corpus.ids)) == 3
    assert set(corpus.languages) == {"id"}
    with pytest.raises(InputError, match="'dev', got none"):
        prdect_id.load(tmp_path, "dev")


def test_another_emotion_is_refused(tmp_path):
    put(tmp_path, (TRAIN[0], "Happy"), (TRAIN[1], "Envy"))
    with pytest.raises(RowError, match=r"line 3.*Envy"):
        prdect_id.load(tmp_path, "train")
