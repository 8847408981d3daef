"""CEDR: Russian sentences of blogs, news and Twitter with any of five emotions."""

from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import PublishedFiles, make_corpus, parse_label_lists
from emoscope.corpora.splits import find_split
from emoscope.labelled.examples import TableOptions, read_examples
from emoscope.labelled.names import load_label_names
from emoscope.reading.conversations import Columns
from emoscope.reading.errors import BadRows
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["load"]

TRAIN, TEST = ("cedr-main-train.csv",), ("cedr-main-test.csv",)
FILES = PublishedFiles(
    "cedr",
    "ru",
    {"train": TRAIN, "dev": TRAIN, "test": TEST},
    "CEDR is free to use (Apache-2.0): its authors publish its folder CEDR at "
    "https://github.com/sag111/CEDR.",
    folder="CEDR",
)


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of CEDR.

    The labels of a row are a list of numbers as NumPy writes it, `[0 2]`; `[]` says that the text
    shows no emotion. There is no published dev set: of the training file, the CRC-32 of the text
    puts about a tenth into it.

    Args:
        root: the folder `CEDR`, or the one that holds it.
        split: `"train"` and `"dev"` (both of `cedr-main-train.csv`), or `"test"`.
        languages: only `ru` is there.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file is missing or holds no example of the split.

    References:
        Sboev, Naumov & Rybka 2021, Data-Driven Model for Emotion Detection in Russian Texts,
        Procedia Computer Science 190.
    """
    path = FILES.find(root, split, languages)
    taxonomy = Taxonomy.load("cedr")
    examples = read_examples(
        parse_label_lists(read_rows(path, "csv", bad_rows=bad_rows)),
        taxonomy,
        Columns(turns=("text",), label="labels"),
        str(path),
        TableOptions(
            FILES.language, bad_rows=bad_rows, label_names=load_label_names(taxonomy.names)
        ),
    )
    if split != "test":
        # What would be the test part of a corpus without splits is for training here.
        wanted = ("dev",) if split == "dev" else ("train", "test")
        examples = [each for each in examples if find_split(" ".join(each.turns)) in wanted]
    return make_corpus("cedr", taxonomy, examples)
