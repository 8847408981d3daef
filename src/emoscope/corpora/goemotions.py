"""GoEmotions: Reddit comments with any of 27 emotions, or neutral."""

from collections.abc import Iterator
from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import check_languages, make_corpus, parse_label_lists
from emoscope.errors import InputError
from emoscope.labelled.examples import Example, TableOptions, read_examples
from emoscope.labelled.names import load_label_names
from emoscope.reading.conversations import Columns
from emoscope.reading.errors import BadRows, Fault, RowError, refuse
from emoscope.reading.row_formats import Row
from emoscope.reading.rows import find_format, read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["load"]

FIELDS = ("text", "labels", "id")
_SUFFIXES = ("tsv", "parquet", "jsonl", "csv")
_NAMES = {"dev": ("dev", "validation")}


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of GoEmotions, all 28 labels with neutral as the last.

    It comes in two forms. The publisher's files have a text, the places of its labels between
    commas and the comment's id in each line, parted by tabs, without a header and without
    quoting. The hub's (`google-research-datasets/go_emotions`, configuration `simplified`) are
    Parquet, JSONL or CSV with the columns `text`, `labels` and `id`, in one file or several.

    Args:
        root: folder with `train.tsv`, `dev.tsv` and `test.tsv`, or with the hub's files
            (`train.parquet`, `train-00000-of-00001.parquet`, …, also in `simplified`); or a file.
        split: `"train"`, `"dev"` (in files also `validation`) or `"test"`; not used where `root`
            is a file.
        languages: only `en` is there.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if no file is there, or it lacks a column or holds no example.

    References:
        Demszky et al. 2020, GoEmotions: A Dataset of Fine-Grained Emotions, arXiv 2005.00547.
    """
    check_languages("goemotions", languages, ("en",))
    taxonomy = Taxonomy.load("goemotions")
    columns = Columns(turns=("text",), id="id", label="labels")
    examples: list[Example] = []
    for path in _find_files(root, split):
        kind = find_format(path)
        if kind == "tsv":
            rows = _read_published(path, bad_rows)
        else:
            rows = parse_label_lists(read_rows(path, kind, bad_rows=bad_rows))
        examples += read_examples(
            rows,
            taxonomy,
            columns,
            str(path),
            # The published files have numbers: places in this taxonomy.
            TableOptions(
                fixed=kind != "jsonl",
                bad_rows=bad_rows,
                label_names=load_label_names(taxonomy.names),
            ),
        )
    return make_corpus("goemotions", taxonomy, examples)


def _find_files(root: Path, split: str) -> list[Path]:
    """The file of a split, or its parts."""
    if root.is_file():
        return [root]
    for folder in (root, root / "simplified"):
        for name in _NAMES.get(split, (split,)):
            for suffix in _SUFFIXES:
                path = folder / f"{name}.{suffix}"
                if path.is_file():
                    return [path]
            parts = sorted(folder.glob(f"{name}-*.parquet"))
            if parts:
                return parts
    raise InputError(
        f"Expected {root / split}.tsv (or {split}.parquet, {split}-*.parquet, {split}.jsonl or "
        f"{split}.csv, also in {root / 'simplified'}), got no such file. GoEmotions is free to "
        "use: its authors publish train.tsv, dev.tsv and test.tsv at "
        "https://github.com/google-research/google-research/tree/master/goemotions, and the "
        "Hugging Face hub has it as google-research-datasets/go_emotions. Put its files in "
        f"{root}."
    )


def _read_published(path: Path, bad_rows: BadRows) -> Iterator[Row]:
    """Rows of the publisher's files, which have no header."""
    for line, values in read_rows(path, "txt", bad_rows=bad_rows):
        if not values["text"]:
            continue
        fields = values["text"].split("\t")
        if len(fields) == len(FIELDS):
            yield Row(line, dict(zip(FIELDS, fields, strict=True)))
            continue
        fault = Fault(
            "3 fields (text, labels, id)",
            str(len(fields)),
            "Look for tabs too many or too few in the line.",
        )
        refuse(bad_rows, RowError(str(path), line, fault), values["text"])
