"""RED: Romanian tweets with one of five labels (version 1), or any of seven (version 2)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import PublishedFiles, make_corpus
from emoscope.errors import InputError
from emoscope.labelled.examples import Example, TableOptions, read_examples
from emoscope.labelled.names import load_label_names
from emoscope.reading.conversations import Columns, is_blank
from emoscope.reading.errors import BadRows, Fault, RowError, format_value, refuse
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["load_red1", "load_red2"]

WHERE = "https://github.com/Alegzandra/RED-Romanian-Emotions-Dataset"
FILES_1 = PublishedFiles(
    "red1",
    "ro",
    {"train": ("train.csv",), "dev": ("val.csv", "dev.csv"), "test": ("test.csv",)},
    f"RED is free to use (MIT): its authors publish the folder REDv1/data at {WHERE}.",
    folder="REDv1/data",
)
FILES_2 = PublishedFiles(
    "red2",
    "ro",
    {
        "train": ("train.json",),
        "dev": ("valid.json", "val.json", "dev.json"),
        "test": ("test.json",),
    },
    f"RED is free to use (MIT): its authors publish the folder REDv2/data at {WHERE}.",
    folder="REDv2/data",
)
NAMES = {
    "bucurie": "joy",
    "furie": "anger",
    "frica": "fear",
    "neutru": "neutral",
    "tristete": "sadness",
}
"""What the column `Emotion` of version 1 has, and the label that it is."""
ORDER = ("sadness", "surprise", "fear", "anger", "neutral", "trust", "joy")
"""The labels in the lists of version 2."""
ANNOTATORS = 3
TEXT, VOTES, ID = "text", "sum_labels", "text_id"


def load_red1(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of RED, version 1.

    Args:
        root: folder with `train.csv`, `val.csv` and `test.csv`, or with `REDv1/data`.
        split: `"train"`, `"dev"` (the file `val.csv`) or `"test"`.
        languages: only `ro` is there.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file is missing or holds no example.

    References:
        Ciobotaru & Dinu 2021, RED: A Novel Dataset for Romanian Emotion Detection from Tweets,
        RANLP.
    """
    path = FILES_1.find(root, split, languages)
    taxonomy = Taxonomy.load("red1")
    examples = read_examples(
        read_rows(path, "csv", bad_rows=bad_rows),
        taxonomy,
        Columns(turns=("Tweet",), label="Emotion"),
        str(path),
        TableOptions(FILES_1.language, bad_rows=bad_rows, label_names=load_label_names(NAMES)),
    )
    return make_corpus("red1", taxonomy, examples)


def load_red2(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of RED, version 2.

    A label is the share of the three annotators who chose it: 0, ⅓, ⅔ or 1. What is present by it,
    from one half on, is what the authors' `agreed_labels` have.

    Args:
        root: folder with `train.json`, `valid.json` and `test.json`, or with `REDv2/data`.
        split: `"train"`, `"dev"` (the file `valid.json`) or `"test"`.
        languages: only `ro` is there.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file is missing or holds no example.

    References:
        Ciobotaru, Constantinescu, Dinu & Dumitrescu 2022, RED v2: Enhancing RED Dataset for
        Multi-Label Emotion Detection, LREC.
    """
    path = FILES_2.find(root, split, languages)
    examples = list(_read_votes(path, bad_rows))
    if not examples:
        raise InputError(f"{path}: expected a list of tweets, got none that can be used.")
    return make_corpus("red2", Taxonomy.load("red2"), examples)


def _read_votes(path: Path, bad_rows: BadRows) -> Iterator[Example]:
    for line, values in read_rows(path, "json", bad_rows=bad_rows):
        votes, text = values.get(VOTES), values.get(TEXT)
        if isinstance(text, str) and not is_blank(text) and _are_votes(votes):
            shares = {
                name: count / ANNOTATORS for name, count in zip(ORDER, votes, strict=True) if count
            }
            yield Example(str(values.get(ID, line)), [text], FILES_2.language, shares)
            continue
        expected = f"a {TEXT!r}, and as {VOTES!r} a list of {len(ORDER)} numbers from 0 to 3"
        came = format_value(votes if isinstance(text, str) else text)
        refuse(bad_rows, RowError(str(path), line, Fault(expected, came, "Correct it.")), values)


def _are_votes(votes: Any) -> TypeGuard[Sequence[int]]:
    return (
        isinstance(votes, Sequence)
        and not isinstance(votes, str)
        and len(votes) == len(ORDER)
        and all(type(count) is int and 0 <= count <= ANNOTATORS for count in votes)
    )
