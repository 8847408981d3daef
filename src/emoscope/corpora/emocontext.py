"""EmoContext, SemEval-2019 Task 3: conversations of three turns, one label for the last."""

from difflib import get_close_matches
from pathlib import Path

import numpy as np

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.reading.dialect import UNQUOTED
from emoscope.reading.errors import BadRows, Fault, RowError, format_value, refuse
from emoscope.reading.row_formats import Row
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["load"]

TURNS = ("turn1", "turn2", "turn3")
HEADERS = (("id", *TURNS, "label"), ("id", *TURNS))
_SUFFIXES = (".txt", ".tsv")


def load(root: Path, split: str, *, bad_rows: BadRows = "stop", encoding: str = "utf-8") -> Corpus:
    """Load a split of EmoContext from its publisher's files.

    The files are tables whose fields are parted by tabs, without quoting, under the header
    `id turn1 turn2 turn3 label`; without the column `label` the corpus is unlabelled. No turn of
    the published data is empty, so an empty one counts as a bad row.

    Args:
        root: folder with `train.txt`, `dev.txt` and `test.txt` (or `.tsv`); or a file.
        split: `"train"`, `"dev"` or `"test"`; not used where `root` is a file.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.
        encoding: encoding of the file.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file is missing or holds no example.

    References:
        Chatterjee et al. 2019, SemEval-2019 Task 3: EmoContext Contextual Emotion Detection in
        Text.
    """
    path = _find_file(root, split)
    taxonomy = Taxonomy.load("emocontext")
    places = {name: place for place, name in enumerate(taxonomy.names)}
    ids: list[str] = []
    turns: list[list[str]] = []
    targets: list[int] = []
    checked = labelled = False
    for row in read_rows(path, "tsv", encoding, bad_rows=bad_rows, dialect=UNQUOTED):
        if not checked:
            labelled = _check_header(path, tuple(row.values))
            checked = True
        fault = _find_fault(row, places)
        if fault:
            refuse(bad_rows, RowError(str(path), row.line, fault), row.values)
            continue
        ids.append(row.values["id"].strip())
        turns.append([row.values[name] for name in TURNS])
        if labelled:
            targets.append(places[row.values["label"].strip()])
    if not ids:
        raise InputError(f"{path}: expected conversations under the header, got none that is fit.")
    labels = np.eye(len(places), dtype=np.float32)[targets] if labelled else None
    return Corpus.from_rows("emocontext", taxonomy, ids, turns, labels)


def _find_file(root: Path, split: str) -> Path:
    if root.is_file():
        return root
    candidates = [root / f"{split}{suffix}" for suffix in _SUFFIXES]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise InputError(
            f"Expected {candidates[0]} (or {candidates[1].name}), got no such file. EmoContext "
            "cannot be shipped with this package: its organisers offer it to those who agree to "
            "its terms, under SemEval-2019 Task 3 (EmoContext), "
            "https://competitions.codalab.org/competitions/19790. Put train.txt, dev.txt and "
            f"test.txt in {root}. To try things without any download: "
            "emoscope train nelec-sample"
        )
    return found


def _check_header(path: Path, names: tuple[str, ...]) -> bool:
    """Whether there is a column of labels."""
    if names not in HEADERS:
        fault = Fault(
            "the header 'id turn1 turn2 turn3 label', parted by tabs (label may be missing)",
            format_value("\t".join(names)),
            "Put it on the first line.",
        )
        raise RowError(str(path), 1, fault)
    return len(names) == len(HEADERS[0])


def _find_fault(row: Row, places: dict[str, int]) -> Fault | None:
    """What is wrong with a row, if anything."""
    values = row.values
    if values["id"] == "id" and values["turn1"] == "turn1":
        return Fault("a conversation", "the header again", "Remove this line.")
    for name in ("id", *TURNS):
        if not values[name].strip():
            advice = "Fill it in, or look for a tab too many or too few."
            return Fault("text", "nothing", advice, name)
    label = values.get("label")
    if label is not None and label.strip() not in places:
        close = get_close_matches(label.strip().lower(), places, n=1)
        advice = f"Did you mean {close[0]!r}?" if close else "Correct the label."
        return Fault(f"one of {', '.join(places)}", format_value(label), advice, "label")
    return None
