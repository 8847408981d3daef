"""Corpora in tables of one's own: CSV, TSV, JSONL, JSON and Parquet."""

from collections.abc import Callable
from difflib import get_close_matches
from math import inf, isnan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from emoscope.conversations import Columns, check_columns, is_blank, turns_of
from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.lines import Fault
from emoscope.row_formats import shown
from emoscope.rows import BadRows, Format, Row, RowError, format_of, read_rows, refuse
from emoscope.taxonomy import Label, Taxonomy

__all__ = ["load"]

# What a row says of its labels: names with their values, or None where it says nothing.
Marks = dict[str, float] | None


class _Example(NamedTuple):
    id: str
    turns: list[str]
    language: str
    marks: Marks


def load(
    path: Path,
    taxonomy: Taxonomy | None = None,
    columns: Columns | None = None,
    *,
    name: str | None = None,
    language: str | None = None,
    format: Format | None = None,  # noqa: A002 (the word that users know from --format)
    bad_rows: BadRows = "stop",
    encoding: str = "utf-8",
) -> Corpus:
    """Load a corpus from a table.

    Labels come from one column (a name, names between separators, a list of names, or places in
    the taxonomy from 0), or from a column for each label with values from 0 to 1. If neither is
    named, columns called as the taxonomy's labels serve. A row whose labels are blank is
    unlabelled; an empty list in JSONL, JSON or Parquet says that no label applies.

    Args:
        path: a file that `read_rows` reads.
        taxonomy: the labels. If None, they are taken from the columns of labels: names in
            alphabetical order (or the order of `columns.labels`), exclusive if every labelled row
            has exactly one.
        columns: which columns hold what; by default the turn is in `text`.
        name: name of the corpus; the file's name without its suffix if None.
        language: code of the language where no column says it; the taxonomy's, or `en`, if None.
        format: the format, if the suffix does not say it.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.
        encoding: encoding of the text.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file or a column is missing, nothing says which labels there are, or no
            row is left.
    """
    columns = columns or Columns()
    name = name or path.name.partition(".")[0] or path.name
    kind = format_of(path, format)
    # In JSON a row may lack a key, and then it is that row's fault, not the table's.
    fixed = kind not in ("json", "jsonl")
    default = language or (taxonomy.language if taxonomy else "en")
    marks_of: Callable[[Row], Marks] | None = None
    examples: list[_Example] = []
    for row in read_rows(path, kind, encoding, bad_rows=bad_rows):
        if marks_of is None:
            if fixed:
                check_columns(row.values, columns, str(path))
            marks_of = _marks_reader(row, taxonomy, columns, str(path))
        try:
            examples.append(_example(row, columns, default, marks_of, str(path)))
        except RowError as error:
            refuse(bad_rows, error, row.values)
    if not examples:
        raise InputError(f"{path}: expected rows with text, got none that can be used.")
    if taxonomy is None:
        taxonomy = _inferred(name, [example.marks for example in examples], columns, default)
    return Corpus.from_rows(
        name,
        taxonomy,
        [example.id for example in examples],
        [example.turns for example in examples],
        _array([example.marks for example in examples], taxonomy.names),
        [example.language for example in examples],
    )


def _example(
    row: Row, columns: Columns, default: str, marks_of: Callable[[Row], Marks], path: str
) -> _Example:
    key, turns = turns_of(row, columns, path)
    if all(is_blank(turn) for turn in turns):
        advice = "Fill it in or remove the row."
        raise RowError(path, row.line, Fault("text", "nothing", advice, columns.turns[-1]))
    language = default
    if columns.language is not None:
        language = row.values.get(columns.language) or ""
        if not isinstance(language, str) or not language.strip():
            fault = Fault(
                "the code of a language", shown(language), "Fill it in.", columns.language
            )
            raise RowError(path, row.line, fault)
        language = language.strip()
    return _Example(key, turns, language, marks_of(row))


def _marks_reader(
    first: Row, taxonomy: Taxonomy | None, columns: Columns, path: str
) -> Callable[[Row], Marks]:
    """How the labels of a row are read in this table."""
    names = taxonomy.names if taxonomy else None
    exclusive = taxonomy is not None and taxonomy.exclusive
    if columns.label is not None:
        column, separator = columns.label, columns.label_separator
        return lambda row: _marks_in_one(row, column, separator, names, exclusive, path)
    sources = columns.labels
    if sources is None and names is not None:
        present = [name for name in names if name in first.values]
        if not present:
            return lambda _row: None
        if len(present) < len(names):
            missing = ", ".join(repr(name) for name in names if name not in first.values)
            raise InputError(
                f"{path}: expected a column for each label of the taxonomy, got none called "
                f"{missing}. Add them, or name the columns of labels."
            )
        sources = names
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
    return lambda row: _marks_in_many(row, pairs, exclusive, path)


def _marks_in_many(row: Row, pairs: list[tuple[str, str]], exclusive: bool, path: str) -> Marks:
    cells = [(name, column, row.values.get(column)) for name, column in pairs]
    blank = [column for _, column, cell in cells if is_blank(cell)]
    if len(blank) == len(cells):
        return None
    if blank:
        advice = "Fill in all labels of the row or none."
        raise RowError(path, row.line, Fault("0 or 1", "nothing", advice, blank[0]))
    marks = {name: _number(row, column, cell, path) for name, column, cell in cells}
    if exclusive and sorted(marks.values()) != [0.0] * (len(marks) - 1) + [1.0]:
        came = shown({name: value for name, value in marks.items() if value})
        advice = "Correct them, or use a taxonomy that is not exclusive."
        raise RowError(path, row.line, Fault("a single label that is 1", came, advice))
    return marks


def _number(row: Row, column: str, cell: object, path: str) -> float:
    try:
        value = float(cell) if isinstance(cell, str | int | float) else -1.0
    except (ValueError, OverflowError):
        value = -1.0
    if not 0 <= value <= 1 or isnan(value):
        fault = Fault("0 or 1 (or a number between)", shown(cell), "Correct the value.", column)
        raise RowError(path, row.line, fault)
    return value


def _marks_in_one(
    row: Row,
    column: str,
    separator: str | None,
    names: tuple[str, ...] | None,
    exclusive: bool,
    path: str,
) -> Marks:
    cell: Any = row.values.get(column)
    if isinstance(cell, list):
        items = cell
    elif is_blank(cell):
        return None
    elif isinstance(cell, str) and separator and cell.strip() not in (names or ()):
        items = [item for item in cell.split(separator) if item.strip()]
    else:
        items = [cell]
    marks = {_known(row, column, item, names, path): 1.0 for item in items}
    if exclusive and len(marks) != 1:
        came = f"{len(marks)} ({shown(cell)})"
        advice = "Give one, or use a taxonomy that is not exclusive."
        raise RowError(path, row.line, Fault("a single label", came, advice, column))
    return marks


def _known(row: Row, column: str, item: object, names: tuple[str, ...] | None, path: str) -> str:
    """The name of a label that is given by name or by place."""
    if isinstance(item, str) and item.strip():
        item = item.strip()
    elif isinstance(item, float) and item.is_integer():
        item = int(item)
    if isinstance(item, bool) or not isinstance(item, str | int) or item == "":
        fault = Fault("the name or place of a label", shown(item), "Correct the label.", column)
        raise RowError(path, row.line, fault)
    name = str(item)
    if names is None or name in names:
        return name
    # A column of whole numbers with blanks among them is often written as 0.0, 1.0, ...
    place = name.removesuffix(".0")
    if place.isdecimal() and float(place) < len(names):
        return names[int(place)]
    close = get_close_matches(name, names, n=1)
    advice = f"Did you mean {close[0]!r}?" if close else "Correct it, or use another taxonomy."
    expected = f"one of {', '.join(names)}, or a number from 0 to {len(names) - 1}"
    raise RowError(path, row.line, Fault(expected, shown(item), advice, column))


def _inferred(name: str, marks: list[Marks], columns: Columns, language: str) -> Taxonomy:
    """The taxonomy that the labels of the rows make up."""
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


def _array(marks: list[Marks], names: tuple[str, ...]) -> npt.NDArray[np.float32]:
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
