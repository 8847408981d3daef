"""What loaders of corpora share: checks of languages and headers, and a corpus of examples."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.splits import check_split
from emoscope.errors import InputError
from emoscope.labelled.examples import Example, to_label_array
from emoscope.reading.row_formats import Row
from emoscope.taxonomy import Taxonomy

__all__ = [
    "PublishedFiles",
    "check_languages",
    "find_file",
    "make_corpus",
    "parse_label_lists",
    "read_header",
]

_LIST = re.compile(r"[^\s,\[\]'\"]+")


def check_languages(
    corpus: str, wanted: Sequence[str] | None, known: Sequence[str]
) -> tuple[str, ...]:
    """The languages asked for, or all that are known if none are.

    Raises:
        InputError: if there is no such language, one comes twice, or the list is empty.
    """
    if wanted is None:
        return tuple(known)
    if not wanted or len(set(wanted)) < len(wanted) or not set(wanted) <= set(known):
        raise InputError(
            f"Corpus {corpus!r}: expected languages among {', '.join(known)}, each once; got "
            f"{', '.join(wanted) or 'none'}. Correct the list of languages."
        )
    return tuple(wanted)


def find_file(folder: Path, names: Sequence[str], advice: str) -> Path:
    """The file of a corpus: one of these names in a folder, or the folder, if it is a file.

    Args:
        folder: where it is looked for.
        names: its own name and others that it may have.
        advice: where it is published.

    Raises:
        InputError: there is none; the message ends with the advice.
    """
    if folder.is_file():
        return folder
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        others = f" (or {', '.join(names[1:])})" if names[1:] else ""
        raise InputError(
            f"Expected {folder / names[0]}{others}, got no such file. {advice} "
            f"Put them in {folder}."
        )
    return found


@dataclass(frozen=True)
class PublishedFiles:
    """The files of a corpus in one language.

    Attributes:
        corpus: its name.
        language: the code of its language.
        names: for each split the name of its file, and others that it may have.
        advice: where they are published.
        folder: the publisher's folder, inside the one that the user names or that one itself.
    """

    corpus: str
    language: str
    names: Mapping[str, Sequence[str]]
    advice: str
    folder: str = ""

    def find(self, root: Path, split: str, languages: Sequence[str] | None) -> Path:
        """The file of a split.

        Raises:
            InputError: no such split, another language, or no such file.
        """
        check_split(split)
        check_languages(self.corpus, languages, (self.language,))
        nested = root / self.folder
        folder = nested if nested.is_dir() else root
        return find_file(folder, self.names[split], self.advice)


def parse_label_lists(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, with a list of labels where text holds one, such as `[3, 27]` or `[3 27]`."""
    for row in rows:
        cell = row.values.get("labels")
        if isinstance(cell, str) and cell.strip():
            yield Row(row.line, {**row.values, "labels": _LIST.findall(cell)})
        else:
            yield row


def read_header(rows: Iterator[Row], path: str) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Names of the columns of a table, and its rows from the first on.

    Raises:
        InputError: if there is no row.
    """
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path}: expected rows under the header, got none that can be used.")
    return tuple(first.values), chain((first,), rows)


def make_corpus(name: str, taxonomy: Taxonomy, examples: Sequence[Example]) -> Corpus:
    """The corpus that these examples make up."""
    return Corpus.from_rows(
        name,
        taxonomy,
        [example.id for example in examples],
        [example.turns for example in examples],
        to_label_array(examples, taxonomy.names),
        [example.language for example in examples],
    )
