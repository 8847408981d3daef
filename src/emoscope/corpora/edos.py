"""EDOS: dialogues from film subtitles, the last turn with an emotion or intent by three workers."""

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.examples import check_languages, make_corpus
from emoscope.corpora.splits import check_split, find_split
from emoscope.corpora.subtitles import join_tokens
from emoscope.errors import InputError
from emoscope.labelled.examples import Example
from emoscope.reading.conversations import Columns, check_named, is_blank, read_id
from emoscope.reading.errors import BadRows, Fault, RowError, refuse
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["load"]

FILES = (
    "mturk_9k.csv",
    "1. MTurk_groundtruth_labels_9K.csv",
    "Training data for the dialogue emotion classifier/1. MTurk_groundtruth_labels_9K.csv",
)
KEY, DIALOGUE, TEXT = "Index", "DialogID", "Dialog"
ANSWERS = ("Worker 1 answer", "Worker 2 answer", "Worker 3 answer")
_OTHER = re.compile(r"\s*\(other\)\s*$")
_log = logging.getLogger(__name__)


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of EDOS, the part that people labelled.

    Three workers chose one label each, so a label is the share of them that chose it: 0, ⅓, ⅔ or 1.
    What a worker wrote in place of a label counts where it is the name of one; else the vote is
    nobody's, and the others still count a third each. Texts without any vote are left out.

    The file has one table and no splits. The CRC-32 of the dialogue's number decides, so that all
    turns of a dialogue are in one split; some short lines (`I'm so happy.`) occur in several
    dialogues, and may be in several splits.

    Args:
        root: folder with `mturk_9k.csv` or, as its authors call it,
            `1. MTurk_groundtruth_labels_9K.csv`; or that file.
        split: `"train"`, `"dev"` or `"test"`: about 8, 1 and 1 tenths.
        languages: only `en` is there.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file is missing, lacks a column or holds no example of the split.

    References:
        Welivita, Xie & Pu 2021, A Large-Scale Dataset for Empathetic Response Generation, EMNLP.
    """
    check_split(split)
    check_languages("edos", languages, ("en",))
    path = _find_file(root)
    taxonomy = Taxonomy.load("edos")
    examples = list(_read_examples(path, split, taxonomy.names, bad_rows))
    kept = [example for example in examples if example.marks]
    if not kept:
        raise InputError(f"{path}: expected dialogues of the split {split!r}, got none.")
    if len(kept) < len(examples):
        _log.warning(
            "%s, %s: %d of %d texts left out, as no worker chose a known label.",
            path,
            split,
            len(examples) - len(kept),
            len(examples),
        )
    return make_corpus("edos", taxonomy, kept)


def _find_file(root: Path) -> Path:
    if root.is_file():
        return root
    found = next((root / name for name in FILES if (root / name).is_file()), None)
    if found is None:
        raise InputError(
            f"Expected {root / FILES[0]} (or {FILES[1]}), got no such file. EDOS is free to use "
            "(CC BY 4.0): its authors publish it at https://github.com/anuradha1992/EDOS, in "
            f"Data/{FILES[2].partition('/')[0]}. Put it in {root}."
        )
    return found


def _read_examples(
    path: Path, split: str, names: tuple[str, ...], bad_rows: BadRows
) -> Iterator[Example]:
    checked = False
    for row in read_rows(path, "csv", bad_rows=bad_rows):
        if not checked:
            check_named(row.values, (KEY, DIALOGUE, TEXT, *ANSWERS), str(path))
            checked = True
        try:
            dialogue = read_id(row, Columns(id=DIALOGUE), str(path)).strip()
            key = read_id(row, Columns(id=KEY), str(path)).strip()
            if is_blank(row.values[TEXT]):
                fault = Fault("text", "nothing", "Fill it in or remove the row.", TEXT)
                raise RowError(str(path), row.line, fault)
        except RowError as error:
            refuse(bad_rows, error, row.values)
            continue
        if find_split(dialogue) == split:
            turns = [
                join_tokens(line) for line in row.values[TEXT].splitlines() if not is_blank(line)
            ]
            yield Example(key, turns, "en", _count_votes(row.values, names))


def _count_votes(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, float]:
    """The labels that were chosen, each with its share of the workers."""
    chosen = [_OTHER.sub("", values[name].strip().lower()).strip(" .") for name in ANSWERS]
    return {name: chosen.count(name) / len(ANSWERS) for name in chosen if name in names}
