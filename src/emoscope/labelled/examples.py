"""Rows of a table to examples: what each says of id, turns, language and labels."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from emoscope.errors import InputError
from emoscope.labelled.cells import CellError, parse_value
from emoscope.labelled.names import LabelColumn, find_name, is_number
from emoscope.reading.conversations import Columns, check_columns, is_blank, read_turns
from emoscope.reading.errors import BadRows, Fault, RowError, format_value, refuse
from emoscope.reading.row_formats import Row
from emoscope.taxonomy import Label, Taxonomy

__all__ = [
    "Example",
    "TableOptions",
    "adapt_taxonomy",
    "infer_taxonomy",
    "read_examples",
    "to_label_array",
]

# What a row says of its labels: names with their values, or None where it says nothing.
Marks = dict[str, float] | None


class Example(NamedTuple):
    """What a row says: id, turns (oldest first), code of the language, labels."""

    id: str
    turns: list[str]
    language: str
    marks: Marks


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
        label_names: what names and numbers in the column of labels stand for, as from
            `load_label_names`.
    """

    language: str = "en"
    fixed: bool = True
    open_labels: bool = False
    bad_rows: BadRows = "stop"
    label_names: Mapping[str, str] = field(default_factory=dict)


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
    reader: _MarksReader | None = None
    examples: list[Example] = []
    partial: dict[int, Row] = {}
    present: dict[str, None] = {}
    if not options.fixed and columns.label is None:
        # A row of JSON may leave out labels that it has not, so all rows tell which there are.
        rows = list(rows)
        present = dict.fromkeys(name for row in rows for name in row.values)
    for row in rows:
        if reader is None:
            if options.fixed:
                check_columns(row.values, columns, path)
            reader = _make_reader(tuple(present or row.values), taxonomy, columns, path, options)
        try:
            example = _make_example(row, columns, options.language, reader, path)
        except RowError as error:
            refuse(options.bad_rows, error, row.values)
            continue
        if reader.is_partial(example.marks):
            partial[len(examples)] = row
        examples.append(example)
    if reader is not None and partial:
        examples = _complete_examples(examples, partial, reader, options.bad_rows)
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
    if columns.labels is None and all(map(is_number, names)):
        raise InputError(
            f"Corpus {name!r}: expected names of labels, got the numbers "
            f"{', '.join(names[:5])}{' …' if len(names) > 5 else ''} alone. Say what they stand "
            "for: corpus.label_names in a recipe, such as [sadness, joy], which are 0 and 1; "
            "--label-names 'sadness, joy' of a command."
        )
    given = [sorted(row.values()) for row in marks if row is not None]
    exclusive = len(names) > 1 and all([value for value in row if value] == [1.0] for row in given)
    return Taxonomy(name, tuple(Label(each, (each,)) for each in names), language, exclusive)


def adapt_taxonomy(
    taxonomy: Taxonomy, examples: Sequence[Example], kept: Sequence[str] = ()
) -> Taxonomy:
    """The labels that the examples are about: known ones first, then others by name.

    These are the labels with a column of their own, or those that some example has. So the same
    rows are about the same labels, whichever of the two layouts they have.

    Args:
        taxonomy: the labels that are known.
        examples: read with `open_labels`.
        kept: known labels that they are about even if none has them.
    """
    found = {label for example in examples for label in example.marks or ()}
    labels = [label for label in taxonomy.labels if label.name in found or label.name in kept]
    others = sorted(found - set(taxonomy.names))
    if not found or (len(labels) == len(taxonomy) and not others):
        return taxonomy
    names = {label.name for label in labels}
    return Taxonomy(
        taxonomy.name,
        (*labels, *(Label(name, (name,)) for name in others)),
        taxonomy.language,
        ignored=tuple(name for name in taxonomy.ignored if name in names),
    )


def to_label_array(examples: Sequence[Example], names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Labels (N, K), a row of NaN where an example says nothing."""
    places = {name: place for place, name in enumerate(names)}
    labels = np.zeros((len(examples), len(names)), dtype=np.float32)
    for number, example in enumerate(examples):
        if example.marks is None:
            labels[number] = np.nan
            continue
        for name, value in example.marks.items():
            labels[number, places[name]] = value
    return labels


def _make_example(
    row: Row, columns: Columns, default: str, reader: "_MarksReader", path: str
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
    return Example(key, turns, language, reader.read(row))


class _MarksReader(Protocol):
    """Reads the labels of the rows of one table."""

    def read(self, row: Row) -> Marks:
        """What a row says of its labels.

        Raises:
            RowError: it cannot be read.
        """

    def is_partial(self, marks: Marks) -> bool:
        """Whether only the whole table tells what a row says of some labels."""

    def complete(self, row: Row, marks: Marks) -> Marks:
        """What such a row says, now that all rows are read.

        Raises:
            RowError: it cannot be read like the others.
        """


@dataclass
class _Whole:
    """Rows that say all by themselves."""

    read_marks: Callable[[Row], Marks]

    def read(self, row: Row) -> Marks:
        return self.read_marks(row)

    def is_partial(self, marks: Marks) -> bool:
        del marks
        return False

    def complete(self, row: Row, marks: Marks) -> Marks:
        del row
        return marks


def _complete_examples(
    examples: list[Example], partial: dict[int, Row], reader: _MarksReader, bad_rows: BadRows
) -> list[Example]:
    """The examples with those completed whose rows are named by their places."""
    kept: list[Example] = []
    for place, example in enumerate(examples):
        if place in partial:
            try:
                marks = reader.complete(partial[place], example.marks)
            except RowError as error:
                refuse(bad_rows, error, partial[place].values)
                continue
            example = example._replace(marks=marks)
        kept.append(example)
    return kept


def _make_reader(
    present: tuple[str, ...],
    taxonomy: Taxonomy | None,
    columns: Columns,
    path: str,
    options: TableOptions,
) -> _MarksReader:
    """How the labels of a row are read in a table of these columns."""
    names = taxonomy.names if taxonomy else None
    exclusive = taxonomy is not None and taxonomy.exclusive
    others = options.open_labels and not exclusive
    if columns.label is not None:
        column = LabelColumn(names, columns.label_separator, options.label_names, others)
        return _Whole(_OneColumn(columns.label, column, exclusive, path).read)
    sources = columns.labels
    if sources is None and names is not None:
        named = {name: find_name(name, present) for name in names}
        found = {name: source for name, source in named.items() if source is not None}
        if not found:
            return _Whole(lambda _row: None)
        if len(found) < len(names) and not others:
            missing = ", ".join(repr(name) for name in names if name not in found)
            raise InputError(
                f"{path}: expected a column for each label of the taxonomy, got none called "
                f"{missing}. Add them, or name the columns of labels."
            )
        names, sources = tuple(found), tuple(found.values())
    if sources is None:
        raise InputError(
            f"{path}: expected a taxonomy, or the column of labels to take one from; got "
            f"neither. The columns are {', '.join(map(repr, present))}."
        )
    names = sources if names is None else names
    if len(sources) != len(names):
        raise InputError(
            f"{path}: expected {len(names)} columns of labels, one for each of "
            f"{', '.join(names)}; got {len(sources)}."
        )
    return _ColumnEach(tuple(zip(names, sources, strict=True)), exclusive, path)


@dataclass
class _ColumnEach:
    """A column for each label.

    A blank cell among filled ones is 0 where the table has marks for the labels that apply and
    nothing else (`x` or blank), and a fault where it has a mark for those that do not, too.
    """

    pairs: tuple[tuple[str, str], ...]
    exclusive: bool
    path: str
    zeros: bool = False

    def read(self, row: Row) -> Marks:
        marks = {}
        for name, column in self.pairs:
            value = self._parse(row, column)
            self.zeros = self.zeros or value == 0
            if value is not None:
                marks[name] = value
        if len(marks) == len(self.pairs):
            self._check(row, marks)
        return marks or None

    def is_partial(self, marks: Marks) -> bool:
        return marks is not None and len(marks) < len(self.pairs)

    def complete(self, row: Row, marks: Marks) -> Marks:
        given = marks or {}
        if self.zeros:
            blank = next(column for name, column in self.pairs if name not in given)
            advice = "Fill in all labels of the row or none."
            raise RowError(self.path, row.line, Fault("0 or 1", "nothing", advice, blank))
        marks = {name: given.get(name, 0.0) for name, _ in self.pairs}
        self._check(row, marks)
        return marks

    def _check(self, row: Row, marks: dict[str, float]) -> None:
        if self.exclusive and sorted(marks.values()) != [0.0] * (len(marks) - 1) + [1.0]:
            came = format_value({name: value for name, value in marks.items() if value})
            advice = "Correct them, or use a taxonomy that is not exclusive."
            fault = Fault("a single label that is 1", came, advice)
            raise RowError(self.path, row.line, fault)

    def _parse(self, row: Row, column: str) -> float | None:
        cell = row.values.get(column)
        try:
            return parse_value(cell)
        except CellError as error:
            fault = Fault(error.expected, format_value(cell), error.advice, column)
            raise RowError(self.path, row.line, fault) from None


@dataclass
class _OneColumn:
    """A column that names the labels of a row."""

    name: str
    column: LabelColumn
    exclusive: bool
    path: str

    def read(self, row: Row) -> Marks:
        cell: Any = row.values.get(self.name)
        try:
            found = self.column.read(cell)
        except CellError as error:
            came = error.came or format_value(cell)
            fault = Fault(error.expected, came, error.advice, self.name)
            raise RowError(self.path, row.line, fault) from None
        if found is None:
            return None
        if self.exclusive and len(found) != 1:
            came = f"{len(found)} ({format_value(cell)})"
            advice = "Give one, or use a taxonomy that is not exclusive."
            fault = Fault("a single label", came, advice, self.name)
            raise RowError(self.path, row.line, fault)
        return dict.fromkeys(found, 1.0)
