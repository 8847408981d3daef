"""Situations that were written for this project: short texts that show a feeling without naming it.

Annotated corpora know some dozens of emotions, and Event2Mind's events are half a line long. Here
are a dozen texts for nearly every family of the inventory of feelings (`feelings.yaml`): what
someone says, does or goes through, from which a reader names the feeling. A language model wrote
them (`data/situations.yaml`); nobody annotated them, so that they are for training, and their dev
and test texts say only whether a model reads situations as their writer meant them.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.feelings import load_feelings
from emoscope.corpora.shipped import read_shipped
from emoscope.corpora.splits import check_split, find_split
from emoscope.errors import InputError
from emoscope.reading.errors import BadRows
from emoscope.strict import check_list, check_mapping, check_text, check_unique, parse, short
from emoscope.taxonomy import Taxonomy

__all__ = ["load", "load_situations", "read_situations"]


def load(root: Path, split: str, *, bad_rows: BadRows = "stop") -> Corpus:
    """A split as a corpus: each text has the one feeling that it was written for.

    A label of 0 is no evidence against a feeling: who is furious is angry too.

    Args:
        root: not read: the texts ship.
        split: `train`, `dev` or `test`: a tenth of the texts each is dev and test, which the text
            itself decides.
        bad_rows: without effect: there are no bad rows.

    Raises:
        InputError: if the split is unknown.
    """
    check_split(split)
    taxonomy = Taxonomy.load("situations")
    rows = [
        (text, taxonomy.index(feeling))
        for feeling, texts in load_situations().items()
        for text in texts
        if find_split(text) == split
    ]
    labels = np.zeros((len(rows), len(taxonomy)), dtype=np.float32)
    labels[np.arange(len(rows)), [place for _, place in rows]] = 1
    ids = [str(number) for number in range(len(rows))]
    return Corpus.from_rows("situations", taxonomy, ids, [[text] for text, _ in rows], labels)


@cache
def load_situations() -> Mapping[str, tuple[str, ...]]:
    """The texts that ship, by the feeling that they show; a read-only mapping."""
    return read_situations(read_shipped("situations.yaml"))


def read_situations(text: str) -> Mapping[str, tuple[str, ...]]:
    """Read situations from YAML: for each feeling, a key of the inventory, a list of texts.

    Raises:
        ValueError: if the text is no valid YAML.
        InputError: if a feeling is not in the inventory, a text stands there twice, or one names
            the feeling that it shows.
    """
    inventory = load_feelings()
    situations = {
        feeling: check_list(texts, f"feeling {feeling!r}")
        for feeling, texts in check_mapping(parse(text, ".yaml"), "the situations").items()
    }
    if unknown := [feeling for feeling in situations if feeling not in inventory]:
        raise InputError(
            f"the situations have {short(unknown[0])}, which is no family of the inventory of "
            "feelings. Correct it, or add it there."
        )
    for feeling, texts in situations.items():
        for each in texts:
            check_text(each, f"a text of {feeling!r}")
            if form := next((x for x in inventory[feeling] if _contains_form(each, x)), None):
                raise InputError(
                    f"{feeling}: a text must not name what it shows, got {form!r} in "
                    f"{short(each)}. Write it anew."
                )
    check_unique([x for texts in situations.values() for x in texts], "the situations", "text")
    return MappingProxyType(situations)


def _contains_form(text: str, form: str) -> bool:
    """Whether the words of a form stand in the text one after the other."""
    words = "".join(char if char.isalnum() else " " for char in text.lower()).split()
    return f" {form} " in f" {' '.join(words)} "
