"""PRDECT-ID: Indonesian product reviews, each with one of five emotions."""

from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import PublishedFiles, make_corpus
from emoscope.corpora.splits import SPLITS, find_split
from emoscope.errors import InputError
from emoscope.labelled.examples import TableOptions, read_examples
from emoscope.labelled.names import load_label_names
from emoscope.reading.conversations import Columns
from emoscope.reading.errors import BadRows
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["load"]

FILES = PublishedFiles(
    "prdect_id",
    "id",
    dict.fromkeys(SPLITS, ("prdect-id.csv", "PRDECT-ID Dataset.csv")),
    "PRDECT-ID is free to use (MIT), from https://github.com/rhiosutoyo/PRDECT-ID; or "
    "https://doi.org/10.17632/574v66hf2v.1.",
)
NAMES = {"happy": "joy", "sadness": "sadness", "fear": "fear", "love": "love", "anger": "anger"}
"""What the column `Emotion` has, and the label that it is."""


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of PRDECT-ID.

    Of the columns only `Customer Review` and `Emotion` are read. There are no splits: the CRC-32 of
    the review decides, so that reviews of one wording, some of them with different emotions, are in
    one split.

    Args:
        root: folder with `prdect-id.csv`, or that file.
        split: `"train"`, `"dev"` or `"test"`: about 8, 1 and 1 tenths.
        languages: only `id` is there.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file is missing or holds no example of the split.

    References:
        Sutoyo, Achmad, Chowanda, Andangsari & Isa 2022, PRDECT-ID: Indonesian Product Reviews
        Dataset for Emotions Classification Tasks, Data in Brief 44.
    """
    path = FILES.find(root, split, languages)
    taxonomy = Taxonomy.load("prdect_id")
    examples = read_examples(
        read_rows(path, "csv", bad_rows=bad_rows),
        taxonomy,
        Columns(turns=("Customer Review",), label="Emotion"),
        str(path),
        TableOptions(FILES.language, bad_rows=bad_rows, label_names=load_label_names(NAMES)),
    )
    examples = [each for each in examples if find_split(" ".join(each.turns)) == split]
    if not examples:
        raise InputError(f"{path}: expected reviews of the split {split!r}, got none.")
    return make_corpus("prdect_id", taxonomy, examples)
