"""The French election corpus's format, on sentences of our own."""

import csv
import io
import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.corpora import french_election
from emoscope.errors import InputError
from emoscope.reading.errors import RejectFile, RowError
from emoscope.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load("french_election")
NAMES = TAXONOMY.names
ENGLISH = ["emotions_" + "/".join(label.words) for label in TAXONOMY.labels]
FRENCH = ["emotions_" + "/".join(TAXONOMY.translations["fr"][name]) for name in NAMES]
COUNT = 40


def row(number):
    """Number of a message, in binary, as its labels, so that each tells its own."""
    return [str(number >> place & 1) for place in range(len(NAMES))]


def table(columns=ENGLISH, rows=None, before=("id", "Text")):
    rows = [row(number) for number in range(COUNT)] if rows is None else rows
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*before, *columns])
    for number, cells in enumerate(rows):
        texts = {"Text": f"déjà le message {number}, «oui»\nou non", "id": f"m{number}"}
        writer.writerow([*(texts.get(name, "x") for name in before), *cells])
    return file.getvalue()


def put(folder, content=None, name="all.csv"):
    content = table() if content is None else content
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("latin-1"))
    return path


def write_published(root):
    """The one file."""
    return put(root, table().replace("\nou non", " ou non"))


def load_all(root, **options):
    """The three splits."""
    return [french_election.load(root, split, **options) for split in ("train", "dev", "test")]


def numbers(corpus):
    return [int(turns[0].split()[3].rstrip(",")) for turns in corpus.turns]


def test_splits_and_labels(tmp_path):
    path = put(tmp_path)
    splits = load_all(tmp_path)
    assert [len(corpus) for corpus in splits] == [32, 4, 4]
    together = [number for corpus in splits for number in numbers(corpus)]
    assert sorted(together) == list(range(COUNT))
    for corpus in splits:
        assert (corpus.name, corpus.taxonomy) == ("french_election", TAXONOMY)
        assert set(corpus.languages) == {"fr"}
        assert numbers(corpus) == sorted(numbers(corpus))
        # Each record takes two lines, under the header.
        assert corpus.ids == [str(2 + 2 * number) for number in numbers(corpus)]
        expected = [[float(cell) for cell in row(number)] for number in numbers(corpus)]
        np.testing.assert_array_equal(corpus.labels, expected)
        assert corpus.turns[0] == [f"déjà le message {numbers(corpus)[0]}, «oui»\nou non"]
    assert french_election.load(path, "dev").ids == splits[1].ids


@given(st.integers(3, 300))
def test_the_split_equals_the_obvious_one(count):
    """A tenth each, drawn at once with the seed 42."""
    random.seed(42)
    size = max(1, int(0.1 * count))
    drawn = random.sample(range(count), size + size)
    train, dev, test = (
        french_election.find_split_places(count, split) for split in ("train", "dev", "test")
    )
    assert (dev, test) == (sorted(drawn[:size]), sorted(drawn[size:]))
    assert train == [place for place in range(count) if place not in drawn]


def test_the_split_is_the_same_everywhere():
    assert french_election.find_split_places(40, "dev") == [1, 7, 15, 17]
    assert french_election.find_split_places(3, "train") == [1]


ODD = [
    " Emotions_Disgust / anger ",
    "emotions_shame",
    "EMOTIONS_LOVE/Admiration",
    "emotions_hope/optimism",
    "emotions_bonheur",
    "emotions_fierté",
    "emotions_peur/pessimisme",
    "emotions_sarcasm/joy",
    "emotions_Positif",
    "emotions_negative/bad",
]


@pytest.mark.parametrize("columns", [FRENCH, ODD])
def test_names_of_columns_in_other_words(tmp_path, columns):
    put(tmp_path, table(columns))
    for corpus in load_all(tmp_path):
        expected = [[float(cell) for cell in row(number)] for number in numbers(corpus)]
        np.testing.assert_array_equal(corpus.labels, expected)


def test_other_columns_and_their_order_change_nothing(tmp_path):
    put(tmp_path)
    plain = load_all(tmp_path)
    rows = [row(number)[::-1] for number in range(COUNT)]
    put(tmp_path, table(ENGLISH[::-1], rows, ("author", "Text", "id", "emotion")))
    for one, other in zip(plain, load_all(tmp_path), strict=True):
        assert (one.ids, one.turns) == (other.ids, other.turns)
        np.testing.assert_array_equal(one.labels, other.labels)


def test_another_encoding(tmp_path):
    put(tmp_path)
    expected = [(corpus.ids, corpus.turns) for corpus in load_all(tmp_path)]
    put(tmp_path, table().encode())
    found = [(corpus.ids, corpus.turns) for corpus in load_all(tmp_path, encoding="utf-8")]
    assert found == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2", "1", "0", "1.5", "0.5", "0", "0", "0", "0", "17"], [1, 1, 0, 1, 0.5, 0, 0, 0, 0, 1]),
        (["", "1", " ", *[""] * 7], [0, 1, *[0] * 8]),
        (["", "0", *[""] * 8], [0] * 10),
        ([""] * 10, [np.nan] * 10),
    ],
)
def test_values_above_one_and_blank_ones(tmp_path, cells, expected):
    put(tmp_path, table(rows=[cells] * 3))
    for corpus in load_all(tmp_path):
        np.testing.assert_array_equal(corpus.labels, np.float32([expected]))


@pytest.mark.parametrize(
    ("cell", "message"),
    [("-1", "got '-1'"), ("oui", "got 'oui'"), ("inf", "got 'inf'"), ("nan", "got nothing")],
)
def test_bad_values(tmp_path, cell, message):
    rows = [row(number) for number in range(COUNT)]
    rows[1] = [*rows[1][:2], cell, *rows[1][3:]]
    path = put(tmp_path, table(rows=rows))
    with pytest.raises(RowError, match=message) as caught:
        french_election.load(tmp_path, "dev")
    assert (caught.value.path, caught.value.line) == (str(path), 4)
    assert caught.value.column == ENGLISH[2]
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        corpora = load_all(tmp_path, bad_rows=rejects)
    assert sorted(n for corpus in corpora for n in numbers(corpus)) == [0, *range(2, COUNT)]
    first, *_ = map(json.loads, rejects.path.read_text().splitlines())
    assert (first["line"], first["column"]) == (4, ENGLISH[2])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (table(rows=[]), "the header again"),
        (f"m,  ,{','.join(row(1))}\n", "column 'Text': expected text, got nothing"),
        (f"m,text,{','.join(row(1))},0\n", "expected 12 fields"),
        (f'm,"text,{",".join(row(1))}\n', "quotes that close"),
    ],
)
def test_bad_rows(tmp_path, line, message):
    put(tmp_path, table() + line)
    with pytest.raises(RowError, match=message) as caught:
        french_election.load(tmp_path, "train")
    assert caught.value.line == 2 + 2 * COUNT
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        assert len(french_election.load(tmp_path, "train", bad_rows=rejects)) == 32
    assert rejects.count == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty file"),
        (table(rows=[]), "got none"),
        (table(rows=[row(1)] * 2), "at least 3 rows"),
        (table(before=("id", "text")), "expected a column 'Text'.*Is it 'text'"),
        (table(ENGLISH[1:], [row(1)[1:]] * 3), "none for emotions_anger/hate/contempt/disgust"),
        (table([*ENGLISH[1:], "emotions_ennui"]), "the unknown 'emotions_ennui'"),
        (table([*ENGLISH[1:], "emotions_"]), "the unknown 'emotions_'"),
        (
            table([*ENGLISH, "emotions_haine"], [[*row(1), "0"]] * 3),
            "'emotions_haine' as a further one",
        ),
        (table([*ENGLISH[1:], ENGLISH[1]]), "as a further one"),
    ],
)
def test_files_of_another_kind_stop_whatever_the_policy(tmp_path, content, message):
    put(tmp_path, content)
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        for policy in ("stop", rejects):
            with pytest.raises(InputError, match=message):
                french_election.load(tmp_path, "train", bad_rows=policy)


def test_a_folder_holds_exactly_one_file(tmp_path):
    with pytest.raises(InputError, match=r"exactly one .csv, got none.*private"):
        french_election.load(tmp_path, "train")
    put(tmp_path)
    put(tmp_path, name="readme.txt")
    put(tmp_path, name="more.CSV")
    with pytest.raises(InputError, match=r"got all.csv, more.CSV"):
        french_election.load(tmp_path, "train")
    with pytest.raises(InputError, match="got none"):
        french_election.load(tmp_path / "nowhere", "train")
