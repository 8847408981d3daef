"""Labelled tables of one's own, in any usual layout."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from emoscope.errors import InputError
from emoscope.labelled.cells import CellError, parse_value
from emoscope.labelled.examples import Example, TableOptions, adapt_taxonomy, read_examples
from emoscope.labelled.exports import flatten_tasks
from emoscope.labelled.names import find_name, fold_name
from emoscope.labelled.texts import LabelledTexts
from emoscope.reading.conversations import Columns, guess_columns
from emoscope.reading.row_formats import Row
from emoscope.reading.rows import find_format, read_rows
from emoscope.taxonomy import Label, Taxonomy

__all__ = ["LABEL_COLUMNS", "LabelledRows", "LabelledTable", "find_columns"]

LABEL_COLUMNS = ("labels", "label", "emotions", "emotion", "sentiment")
"""Columns that may hold the names of a row's labels, if there is no column for each label."""

SAMPLE = 100
"""Rows from which the columns are told."""


@dataclass(frozen=True)
class LabelledTable:
    """A table of labelled rows.

    Attributes:
        path: the path of the file.
        turns: columns of the turns, or of the text; by default as `guess_columns` says.
        id: column of ids.
        label: column with the names of a row's labels; a column for each label if None, or one of
            `LABEL_COLUMNS`, or one as Label Studio writes it.
        language: column with the code of a row's language.
        turn_separator: what parts the turns inside one column.
        label_names: what names and numbers in the column of labels stand for, as from
            `load_label_names`.
        encoding: the encoding of the text.
    """

    path: Path
    turns: tuple[str, ...] | None = None
    id: str | None = None
    label: str | None = None
    language: str | None = None
    turn_separator: str | None = None
    label_names: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"

    def read(self, taxonomy: Taxonomy, *, required: bool = True) -> "LabelledRows":
        """Read the rows and what they say of labels, of these or of others.

        Args:
            taxonomy: the labels asked for; of labels that exclude each other there are no others.
            required: whether the rows must have labels.

        Raises:
            RowError: at a row that cannot be read.
            InputError: no such file or column, or nothing says which labels the rows have.
        """
        rows = flatten_tasks(read_rows(self.path, encoding=self.encoding))
        sample = list(islice(rows, SAMPLE))
        columns = self._choose_columns(sample)
        label = columns.label
        if label is None and not find_columns(_present(sample), taxonomy.names):
            label = find_label_column(sample)
            if label is None and required:
                raise _make_missing_error(self.path, taxonomy, sample, columns.names)
        columns = self._choose_columns(sample, label)
        if label is not None:
            examples = self._read_examples(chain(sample, rows), taxonomy, columns)
            return LabelledRows(self.path, examples, columns)
        # A rare label may have its first case after thousands of rows, so all are looked at.
        marks = _MarkColumns.other_than((*columns.names, *taxonomy.names))
        watched = marks.watch(chain(sample, rows))
        examples = self._read_examples(watched, taxonomy, columns)
        return LabelledRows(self.path, examples, columns, marks.found)

    def _choose_columns(self, sample: Sequence[Row], label: str | None = None) -> Columns:
        present = _present(sample)
        turns, identity = guess_columns(present, self.turns, self.id)
        if label is None and self.label is not None:
            label = find_name(self.label, tuple(present)) or self.label
        return Columns(turns, identity, label, None, self.language, self.turn_separator)

    def _read_examples(
        self, rows: Iterator[Row], taxonomy: Taxonomy, columns: Columns
    ) -> list[Example]:
        options = TableOptions(
            language=taxonomy.language,
            # In JSON a row may lack a key, and then it is that row's fault, not the table's.
            fixed=find_format(self.path) not in ("json", "jsonl"),
            open_labels=True,
            label_names=self.label_names,
        )
        return read_examples(rows, taxonomy, columns, str(self.path), options)


@dataclass(frozen=True)
class LabelledRows:
    """What the rows of a table say.

    Attributes:
        path: the path of the file.
        examples: one for each row.
        columns: the columns that were read.
        similar: further columns that look like those of labels.
    """

    path: Path
    examples: list[Example]
    columns: Columns
    similar: tuple[str, ...] = ()

    def to_texts(self, taxonomy: Taxonomy, kept: Sequence[str] = ()) -> LabelledTexts:
        """The texts with the labels that the rows are about.

        Args:
            taxonomy: the labels that they were read with.
            kept: labels that one column of names is about even if no row has them.
        """
        if not taxonomy.exclusive:
            named = () if self.columns.label is None else tuple(kept)
            taxonomy = adapt_taxonomy(taxonomy, self.examples, named)
        return LabelledTexts.of(self.path.stem, taxonomy, self.examples)


def find_columns(present: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """The columns of a table that are called as labels, by the label."""
    found = {name: find_name(name, tuple(present)) for name in names}
    return {name: column for name, column in found.items() if column is not None}


def find_label_column(sample: Sequence[Row]) -> str | None:
    """The one column of labels, by its name or by what Label Studio writes into it."""
    present = tuple(_present(sample))
    for name in LABEL_COLUMNS:
        column = find_name(name, present)
        if column is not None:
            return column
    return next((name for name in present if any(_has_choices(row, name) for row in sample)), None)


def find_similar_columns(sample: Iterable[Row], known: Sequence[str]) -> tuple[str, ...]:
    """The other columns that have marks as those of labels: for yes, and for no or blank.

    Shares between 0 and 1 are marks as well, where 0 and 1 are among them.
    """
    marks = _MarkColumns.other_than(known)
    for _ in marks.watch(sample):
        pass
    return marks.found


@dataclass
class _MarkColumns:
    """Which columns hold marks as those of labels do, found while rows pass by.

    Attributes:
        passed_over: columns that are known, or hold something else.
        seen: of each other column, the values so far: 0, 1, ½ for what is between, None for blank.
        rows: how many have passed by.
    """

    passed_over: set[str]
    seen: dict[str, Counter[float | None]] = field(default_factory=dict)
    rows: int = 0

    @classmethod
    def other_than(cls, names: Iterable[str]) -> "_MarkColumns":
        """Of all columns but these, in any case."""
        return cls({fold_name(name) for name in names})

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, each looked at."""
        for row in rows:
            self.rows += 1
            for column, cell in row.values.items():
                if column not in self.passed_over:
                    self._add(column, cell)
            yield row

    def _add(self, column: str, cell: Any) -> None:
        if column not in self.seen and fold_name(column) in self.passed_over:
            self.passed_over.add(column)
            return
        try:
            value = parse_value(cell)
        except CellError:
            self.passed_over.add(column)
            self.seen.pop(column, None)
            return
        between = value is not None and 0 < value < 1
        self.seen.setdefault(column, Counter())[0.5 if between else value] += 1

    @property
    def found(self) -> tuple[str, ...]:
        """The columns, in the order in which they came."""
        return tuple(column for column, values in self.seen.items() if self._is_label(values))

    def _is_label(self, values: Counter[float | None]) -> bool:
        several = len(values) > 1 or values.total() < self.rows
        return 1 in values and several and (0.5 not in values or 0 in values)


def _present(sample: Sequence[Row]) -> Mapping[str, Any]:
    """The columns of the rows, for JSON those of any."""
    return dict.fromkeys(name for row in sample for name in row.values)


def _has_choices(row: Row, column: str) -> bool:
    cell = row.values.get(column)
    if isinstance(cell, str):
        return cell.lstrip().startswith("{") and '"choices"' in cell
    return isinstance(cell, dict) and "choices" in cell


def _make_missing_error(
    path: Path, taxonomy: Taxonomy, sample: Sequence[Row], used: Sequence[str]
) -> InputError:
    if not sample:
        return InputError(f"{path}: expected labelled rows, got none. Check that it is whole.")
    names = taxonomy.names
    similar = find_similar_columns(sample, used)
    hint = ""
    if similar:
        wanted = ", ".join(similar) + ("," if len(similar) == 1 else "")
        hint = f" Some look like labels: ask for them with --taxonomy '{wanted}'."
    return InputError(
        f"{path}: expected labelled rows: a column for each label, called "
        f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''}, with 1 where a text has it and 0 "
        f"where not; or one column of names, called label or named by --label. The columns are "
        f"{', '.join(map(repr, _present(sample))) or 'none'}.{hint}"
    )


def add_parts(taxonomy: Taxonomy) -> Taxonomy:
    """The labels with those that some are made of, so that rows may have either."""
    parts = dict.fromkeys(part for parts in taxonomy.made_of.values() for part in parts)
    more = [Label(name, (name,)) for name in parts if name not in taxonomy.names]
    if not more:
        return taxonomy
    return Taxonomy(taxonomy.name, (*taxonomy.labels, *more), taxonomy.language)
