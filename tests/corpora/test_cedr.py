"""Files in the format of CEDR, with sentences of our own."""

import csv
import zlib

from emoscope.corpora import cedr


def sentences(rest, count):
    """Sentences whose CRC-32 leaves a rest."""
    texts = (f"Сегодня я прочитал {number} страниц, и вот что." for number in range(500))
    return [text for text in texts if zlib.crc32(text.encode()) % 10 == rest][:count]


DEV, TRAIN = sentences(1, 2), sentences(5, 2) + sentences(0, 1)


def put(root, name, rows):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("text", "labels", "source"), *rows])
    return path


def write_published(root):
    """Both files; returns that of training, a part of which is dev."""
    put(root, "CEDR/cedr-main-test.csv", [("Поезд ушёл без меня.", "[1 4]", "lj")])
    rows = [(text, "[0 2]", "twitter") for text in TRAIN] + [(DEV[0], "[3]", "lj")]
    return put(root, "CEDR/cedr-main-train.csv", rows)


def found(corpus):
    names = corpus.taxonomy.names
    return [[name for name, on in zip(names, row, strict=True) if on] for row in corpus.labels]


def test_lists_of_numbers_may_be_empty(tmp_path):
    rows = [(TRAIN[0], "[]", "lenta"), (TRAIN[1], "[4 1]", "lj"), (TRAIN[2], "[2]", "lj")]
    put(tmp_path, "cedr-main-train.csv", rows)
    corpus = cedr.load(tmp_path, "train")
    assert corpus.labelled
    assert found(corpus) == [[], ["sadness", "anger"], ["surprise"]]
    assert set(corpus.languages) == {"ru"}


def test_a_tenth_of_the_training_file_is_dev(tmp_path):
    put(tmp_path, "cedr-main-train.csv", [(text, "[0]", "lj") for text in DEV + TRAIN])
    assert cedr.load(tmp_path, "dev").turns == [[text] for text in DEV]
    assert cedr.load(tmp_path, "train").turns == [[text] for text in TRAIN]
