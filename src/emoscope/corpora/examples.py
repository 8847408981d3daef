"""Rows of a table to examples: what each says of id, turns, language and labels."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from math import inf, isnan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from emoscope.errors import InputError
from emoscope.reading.conversations import Columns, check_columns, is_blank, read_turns
from emoscope.reading.errors import BadRows, Fault, RowError, format_value, refuse
from emoscope.reading.row_formats import Row
from emoscope.taxonomy import Label, Taxonomy

if TYPE_CHECKING:
    from emoscope.corpora.corpus import Corpus

__all__ = [
    "Example",
    "check_languages",
    "infer_taxonomy",
    "make_corpus",
    "read_examples",
    "read_header",
]

# What a row says of its labels: names with their values, or None where it says nothing.
Marks = dict[str, float] | None


class Example(NamedTuple):
    """What a row says: id, turns (oldest first), code of the language, labels."""

    id: str
    turns: list[str]
    language: str
    marks: Marks


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


def read_header(rows: Iterator[Row], path: str) -> tuple[tuple[str, ...], Iterator[Row]]:
    """Names of the columns of a table, and its rows from the first on.

    Raises:
        InputError: if there is no row.
    """
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path}: expected rows under the header, got none that can be used.")
    return tuple(first.values), chain((first,), rows)


@dataclass(frozen=True)
class TableOptions:
    """How the rows of a table are read as examples.

    Attributes:
        language: code of the language where no column says it.
        fixed: whether all rows have the columns of the first, so that one that is missing is the
            table's fault.
        open_labels: whether the rows may lack some of the taxonomy's labels and have others; never
            of labels that exclude each other, where a text would be left with none.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.
    """

    language: str = "en"
    fixed: bool = True
    open_labels: bool = False
    bad_rows: BadRows = "stop"


def read_examples(
    rows: Iterable[Row],
    taxonomy: Taxonomy | None,
    columns: Columns,
    path: str,
    options: TableOptions = TableOptions(),
) -> list[Example]:
    """Read what the rows of a table say, wherever they come from.

    Labels come from one column or from a column for each label, as in `tabular.load`.

    Args:
        rows: from `read_rows`, or made like its own.
        taxonomy: the labels; None if the rows are to tell them.
        columns: which columns hold what.
        path: name of the table for messages.
        options: how they are read.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if a column is missing, nothing says which labels there are, or no row is left.
    """
    marks_of: Callable[[Row], Marks] | None = None
    examples: list[Example] = []
    for row in rows:
        if marks_of is None:
            if options.fixed:
                check_columns(row.values, columns, path)
            marks_of = _make_marks_reader(row, taxonomy, columns, path, options.open_labels)
        try:
            examples.append(_make_example(row, columns, options.language, marks_of, path))
        except RowError as error:
            refuse(options.bad_rows, error, row.values)
    if not examples:
        raise InputError(f"{path}: expected rows with text, got none that can be used.")
    return examples


def infer_taxonomy(
    name: str, examples: Sequence[Example], columns: Columns, language: str
) -> Taxonomy:
    """The taxonomy that the labels of the examples make up.

    Its names are in alphabetical order (or that of `columns.labels`); it is exclusive if every
    labelled example has exactly one label.

    Raises:
        InputError: if there is no label.
    """
    marks = [example.marks for example in examples]
    found = {label for row in marks if row for label in row}
    if columns.labels is not None:
        names = list(columns.labels)
    else:
        # Places sort as numbers, so that 10 does not come before 2.
        names = sorted(found, key=lambda each: (float(each) if each.isdecimal() else inf, each))
    if not names:
        raise InputError(
            f"Corpus {name!r}: expected labels to take a taxonomy from, got rows without any. "
            "Name the taxonomy."
        )
    given = [sorted(row.values()) for row in marks if row is not None]
    exclusive = len(names) > 1 and all([value for value in row if value] == [1.0] for row in given)
    return Taxonomy(name, tuple(Label(each, (each,)) for each in names), language, exclusive)


def adapt_taxonomy(taxonomy: Taxonomy, examples: Sequence[Example], columns: Columns) -> Taxonomy:
    """The labels that the examples are about: known ones first, then others by name.

    Of a column for each label the table may lack some; one column of labels is about all that are
    known, as soon as it has one of them.

    Args:
        taxonomy: the labels that are known.
        examples: read with `open_labels`.
        columns: which columns hold what.
    """
    found = {label for example in examples for label in example.marks or ()}
    met = found & set(taxonomy.names)
    kept = taxonomy.names if met and columns.label is not None else met
    labels = [label for label in taxonomy.labels if label.name in kept]
    others = sorted(found - met)
    if not found or (len(labels) == len(taxonomy) and not others):
        return taxonomy
    return Taxonomy(
        taxonomy.name,
        (*labels, *(Label(name, (name,)) for name in others)),
        taxonomy.language,
        ignored=tuple(name for name in taxonomy.ignored if name in kept),
    )


def make_corpus(name: str, taxonomy: Taxonomy, examples: Sequence[Example]) -> "Corpus":
    """The corpus that these examples make up."""
    # Coded rows are read where the packages of training are not installed.
    from emoscope.corpora.corpus import Corpus

    return Corpus.from_rows(
        name,
        taxonomy,
        [example.id for example in examples],
        [example.turns for example in examples],
        _to_label_array([example.marks for example in examples], taxonomy.names),
        [example.language for example in examples],
    )


def _make_example(
    row: Row, columns: Columns, default: str, marks_of: Callable[[Row], Marks], path: str
) -> Example:
    if len(row.values) > 1 and all(value == name for name, value in row.values.items()):
        fault = Fault("an example", "the header again", "Remove this line.")
        raise RowError(path, row.line, fault)
    key, turns = read_turns(row, columns, path)
    if all(is_blank(turn) for turn in turns):
        advice = "Fill it in or remove the row."
        raise RowError(path, row.line, Fault("text", "nothing", advice, columns.turns[-1]))
    language = default
    if columns.language is not None:
        language = row.values.get(columns.language) or ""
        if not isinstance(language, str) or not language.strip():
            fault = Fault(
                "the code of a language", format_value(language), "Fill it in.", columns.language
            )
            raise RowError(path, row.line, fault)
        language = language.strip()
    return Example(key, turns, language, marks_of(row))


def _make_marks_reader(
    first: Row, taxonomy: Taxonomy | None, columns: Columns, path: str, open_labels: bool
) -> Callable[[Row], Marks]:
    """How the labels of a row are read in this table."""
    names = taxonomy.names if taxonomy else None
    exclusive = taxonomy is not None and taxonomy.exclusive
    others = open_labels and not exclusive
    if columns.label is not None:
        given = _OneColumn(columns.label, columns.label_separator, names, exclusive, others)
        return lambda row: given.marks(row, path)
    sources = columns.labels
    if sources is None and names is not None:
        present = [name for name in names if name in first.values]
        if not present:
            return lambda _row: None
        if len(present) < len(names) and not others:
            missing = ", ".join(repr(name) for name in names if name not in first.values)
            raise InputError(
                f"{path}: expected a column for each label of the taxonomy, got none called "
                f"{missing}. Add them, or name the columns of labels."
            )
        sources = names = tuple(present)
    if sources is None:
        raise InputError(
            f"{path}: expected a taxonomy, or the column of labels to take one from; got "
            f"neither. The columns are {', '.join(map(repr, first.values))}."
        )
    names = sources if names is None else names
    if len(sources) != len(names):
        raise InputError(
            f"{path}: expected {len(names)} columns of labels, one for each of "
            f"{', '.join(names)}; got {len(sources)}."
        )
    pairs = list(zip(names, sources, strict=True))
    return lambda row: _read_marks(row, pairs, exclusive, path)


def _read_marks(row: Row, pairs: list[tuple[str, str]], exclusive: bool, path: str) -> Marks:
    cells = [(name, column, row.values.get(column)) for name, column in pairs]
    blank = [column for _, column, cell in cells if is_blank(cell)]
    if len(blank) == len(cells):
        return None
    if blank:
        advice = "Fill in all labels of the row or none."
        raise RowError(path, row.line, Fault("0 or 1", "nothing", advice, blank[0]))
    marks = {name: _parse_value(row, column, cell, path) for name, column, cell in cells}
    if exclusive and sorted(marks.values()) != [0.0] * (len(marks) - 1) + [1.0]:
        came = format_value({name: value for name, value in marks.items() if value})
        advice = "Correct them, or use a taxonomy that is not exclusive."
        raise RowError(path, row.line, Fault("a single label that is 1", came, advice))
    return marks


def _parse_value(row: Row, column: str, cell: object, path: str) -> float:
    try:
        value = float(cell) if isinstance(cell, str | int | float) else -1.0
    except (ValueError, OverflowError):
        value = -1.0
    if not 0 <= value <= 1 or isnan(value):
        fault = Fault(
            "0 or 1 (or a number between)", format_value(cell), "Correct the value.", column
        )
        raise RowError(path, row.line, fault)
    return value


@dataclass(frozen=True)
class _OneColumn:
    """A column that names the labels of a row."""

    column: str
    separator: str | None
    names: tuple[str, ...] | None
    exclusive: bool
    others: bool

    def marks(self, row: Row, path: str) -> Marks:
        cell: Any = row.values.get(self.column)
        if isinstance(cell, list):
            items = cell
        elif is_blank(cell):
            return None
        elif isinstance(cell, str) and self.separator and cell.strip() not in (self.names or ()):
            items = [item for item in cell.split(self.separator) if item.strip()]
        else:
            items = [cell]
        known = [
            _find_label(row, self.column, item, self.names, path, self.others) for item in items
        ]
        marks = dict.fromkeys(known, 1.0)
        if self.exclusive and len(marks) != 1:
            came = f"{len(marks)} ({format_value(cell)})"
            advice = "Give one, or use a taxonomy that is not exclusive."
            raise RowError(path, row.line, Fault("a single label", came, advice, self.column))
        return marks


def _find_label(
    row: Row, column: str, item: object, names: tuple[str, ...] | None, path: str, others: bool
) -> str:
    """The name of a label that is given by name or by place, or of another where such may be."""
    if isinstance(item, str) and item.strip():
        item = item.strip()
    elif isinstance(item, float) and item.is_integer():
        item = int(item)
    if isinstance(item, bool) or not isinstance(item, str | int) or item == "":
        fault = Fault(
            "the name or place of a label", format_value(item), "Correct the label.", column
        )
        raise RowError(path, row.line, fault)
    name = str(item)
    if names is None or name in names:
        return name
    # A column of whole numbers with blanks among them is often written as 0.0, 1.0, ...
    place = name.removesuffix(".0")
    if place.isdecimal() and float(place) < len(names):
        return names[int(place)]
    if others and not place.lstrip("-").isdecimal():
        return name
    close = get_close_matches(name, names, n=1)
    advice = f"Did you mean {close[0]!r}?" if close else "Correct it, or use another taxonomy."
    expected = f"one of {', '.join(names)}, or a number from 0 to {len(names) - 1}"
    raise RowError(path, row.line, Fault(expected, format_value(item), advice, column))


def _to_label_array(marks: list[Marks], names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Labels (N, K), a row of NaN where a row says nothing."""
    places = {name: place for place, name in enumerate(names)}
    labels = np.zeros((len(marks), len(names)), dtype=np.float32)
    for number, row in enumerate(marks):
        if row is None:
            labels[number] = np.nan
            continue
        for name, value in row.items():
            labels[number, places[name]] = value
    return labels
