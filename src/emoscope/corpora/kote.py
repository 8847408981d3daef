"""KOTE: Korean comments of many platforms with any of 43 emotions, or none."""

from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import PublishedFiles, make_corpus
from emoscope.labelled.examples import TableOptions, read_examples
from emoscope.labelled.names import load_label_names
from emoscope.reading.conversations import Columns
from emoscope.reading.dialect import DialectOptions
from emoscope.reading.errors import BadRows
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["load"]

FILES = PublishedFiles(
    "kote",
    "ko",
    {"train": ("train.tsv",), "dev": ("val.tsv", "dev.tsv"), "test": ("test.tsv",)},
    "KOTE is free to use (MIT): its authors publish train.tsv, val.tsv and test.tsv at "
    "https://github.com/searle-j/KOTE.",
)


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of KOTE.

    Files have no header; a row is an id, a text, in quotes as in CSV where it has quotes itself,
    and the numbers of its labels between commas. Five people labelled a text, so that most texts
    have many labels, some of them `no emotion` beside others.

    Args:
        root: folder with `train.tsv`, `val.tsv` and `test.tsv`.
        split: `"train"`, `"dev"` (the file `val.tsv`) or `"test"`.
        languages: only `ko` is there.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file is missing or holds no example.

    References:
        Jeon, Lee & Kim 2022, User Guide for KOTE: Korean Online Comments Emotions Dataset,
        arXiv 2205.05300.
    """
    path = FILES.find(root, split, languages)
    taxonomy = Taxonomy.load("kote")
    rows = read_rows(
        path, "tsv", bad_rows=bad_rows, dialect=DialectOptions(quoting="csv", header=False)
    )
    examples = read_examples(
        rows,
        taxonomy,
        Columns(turns=("2",), id="1", label="3"),
        str(path),
        TableOptions(
            FILES.language, bad_rows=bad_rows, label_names=load_label_names(taxonomy.names)
        ),
    )
    return make_corpus("kote", taxonomy, examples)
