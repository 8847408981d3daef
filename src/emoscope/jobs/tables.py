"""Wide tables: the input's columns, then the labels given, then a column for each label."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np

from emoscope.errors import EmoscopeError, require
from emoscope.jobs.scores import Labels, Scores
from emoscope.jobs.source import Item
from emoscope.jobs.values import to_text
from emoscope.labelled.cells import SEPARATORS

_LABEL_SEPARATOR = ", "
_OPENING = ("[", "(", "{", "array(")
_BATCHES_OF_ROW_GROUP = 16


@dataclass(frozen=True)
class Layout:
    """The columns of a table.

    Attributes:
        input: the input's columns with their Arrow types, or the kinds that `column_types` found;
            None where one is text.
        labels: the labels that are scored.
        decision: name of the column of the labels given.
        scores: names of the K columns of probabilities.
        error: name of the column that says why a row is bad; None without such rows.
    """

    input: Mapping[str, Any]
    labels: Labels
    decision: str
    scores: tuple[str, ...]
    error: str | None

    @classmethod
    def of(cls, columns: Mapping[str, Any], labels: Labels, errors: bool) -> "Layout":
        """Find names for the columns that are added.

        They are `labels` (`label` where labels exclude each other), the labels' own names, and
        `error`. If the input has a column of one of these names, all get the prefix `emoscope_`,
        or the first of `emoscope2_`, `emoscope3_`, … that makes them new.
        """
        names = labels.names
        decision = make_new_name("label" if labels.exclusive else "labels", names)
        error = make_new_name("error", (*names, decision)) if errors else None
        added = [decision, *names, *([error] if error else [])]
        prefixes = ("", "emoscope_", *(f"emoscope{n}_" for n in range(2, len(columns) + 2)))
        prefix = next(each for each in prefixes if not {each + name for name in added} & {*columns})
        return cls(
            columns,
            labels,
            prefix + decision,
            tuple(prefix + name for name in names),
            prefix + error if error else None,
        )

    @property
    def names(self) -> list[str]:
        """All columns in order."""
        last = [self.error] if self.error else []
        return [*self.input, self.decision, *self.scores, *last]


def make_new_name(name: str, taken: Sequence[str]) -> str:
    """The name, or if it is taken the first of `name_`, `name__`, … that is not."""
    return next(each for n in count() if (each := name + "_" * n) not in taken)


def are_listed(names: Sequence[str]) -> bool:
    """Whether a cell of CSV has the labels given as a JSON list, `["a, b", "c"]`.

    It has where a name holds what parts labels in a cell, or begins like a list; else it has the
    names with commas between them.
    """
    return any(name.startswith(_OPENING) or any(map(name.count, SEPARATORS)) for name in names)


def join_labels(chosen: Sequence[str], listed: bool) -> str:
    """The labels given to a text as a cell of CSV."""
    if listed:
        return json.dumps(list(chosen), ensure_ascii=False)
    return _LABEL_SEPARATOR.join(chosen)


def split_labels(cell: str, listed: bool) -> list[str]:
    """The labels in a cell of CSV.

    Raises:
        ValueError: it was not made by `join_labels`.
    """
    if not cell:
        return []
    found = json.loads(cell) if listed else cell.split(_LABEL_SEPARATOR)
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise ValueError(f"no list of labels: {cell[:80]!r}")
    return found


class TableWriter:
    """The common part of both kinds of table."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def end(self) -> bytes:
        """Nothing: both are whole after any row."""
        return b""


class CsvTable(TableWriter):
    """A table as CSV (RFC 4180)."""

    def begin(self) -> bytes:
        """The names of the columns."""
        return _to_csv([self.layout.names])

    def rows(self, items: Sequence[Item], scores: Scores, first: bool) -> bytes:
        """A record for each row; what is not known is empty."""
        del first
        records = []
        labels = self.layout.labels
        names = labels.names
        listed = not labels.exclusive and are_listed(names)
        for item, row, given in zip(
            items, scores.probabilities.tolist(), scores.given, strict=True
        ):
            record = [to_text(item.values.get(name)) for name in self.layout.input]
            chosen = [names[k] for k in np.flatnonzero(given)]
            record.append("" if item.error else join_labels(chosen, listed))
            record += [repr(p) if p == p else "" for p in row]
            if self.layout.error:
                record.append(str(item.error) if item.error else "")
            records.append(record)
        return _to_csv(records)


def _to_csv(records: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    # Lines end in CR LF also because only then are lone CRs quoted by every version of Python.
    csv.writer(text, lineterminator="\r\n").writerows(records)
    return text.getvalue().encode("utf-8", "backslashreplace")


class ArrowTable(TableWriter):
    """A table as a stream of Arrow batches; it can be appended to and converted to Parquet."""

    def __init__(self, layout: Layout) -> None:
        pa = require("pyarrow", "parquet")

        super().__init__(layout)
        self._types = {name: to_storable_type(kind) for name, kind in layout.input.items()}
        text = pa.string()
        decision = text if layout.labels.exclusive else pa.list_(text)
        added = [(layout.decision, decision), *((name, pa.float64()) for name in layout.scores)]
        if layout.error:
            added.append((layout.error, text))
        kept = [(name, text if kind is None else kind) for name, kind in self._types.items()]
        self._schema = pa.schema([*kept, *added])

    def begin(self) -> bytes:
        """The schema."""
        return bytes(self._schema.serialize())

    def rows(self, items: Sequence[Item], scores: Scores, first: bool) -> bytes:
        """A batch; what is not known is null."""
        del first
        pa = require("pyarrow", "parquet")

        names, exclusive = self.layout.labels.names, self.layout.labels.exclusive
        arrays = [self._array(name, kind, items) for name, kind in self._types.items()]
        chosen: list[Any] = []
        for item, given in zip(items, scores.given, strict=True):
            labels = [names[k] for k in np.flatnonzero(given)]
            if item.error is not None:
                chosen.append(None)
            else:
                chosen.append(labels[0] if exclusive else labels)
        arrays.append(pa.array(chosen, self._schema.field(self.layout.decision).type))
        # From pandas' point of view NaN is null, which is what is meant here.
        arrays += [
            pa.array(column, pa.float64(), from_pandas=True) for column in scores.probabilities.T
        ]
        if self.layout.error:
            arrays.append(pa.array([str(item.error) if item.error else None for item in items]))
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        return bytes(batch.serialize())

    def _array(self, name: str, kind: Any, items: Sequence[Item]) -> Any:
        pa = require("pyarrow", "parquet")

        values = [item.values.get(name) for item in items]
        if kind is None:
            values = [None if x is None else to_text(x) for x in values]
        try:
            return pa.array(values, pa.string() if kind is None else kind)
        except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
            raise EmoscopeError(
                f"Column {name!r} cannot be written as {kind or 'text'} ({error}). Write JSONL or "
                "CSV."
            ) from error


def to_storable_type(kind: Any) -> Any:
    """Choose the Arrow type to write a column with; None, for text, if the type is unusual."""
    pa = require("pyarrow", "parquet")

    if kind is None:
        return None
    if isinstance(kind, str):
        found = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64()}
        return found.get(kind) or pa.list_(pa.string())
    if pa.types.is_dictionary(kind):
        return to_storable_type(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType) or pa.types.is_null(kind):
        return None
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return kind if all(to_storable_type(each) == each for each in inner) else None


def to_parquet(stream: Path, target: Path) -> None:
    """Convert a stream of Arrow batches to Parquet, with several batches in a row group."""
    pa, pq = require("pyarrow", "parquet"), require("pyarrow.parquet", "parquet")

    with (
        stream.open("rb") as file,
        target.open("wb") as out,
        pa.ipc.open_stream(file) as batches,
        pq.ParquetWriter(out, batches.schema, compression="zstd") as writer,
    ):
        while group := list(islice(batches, _BATCHES_OF_ROW_GROUP)):
            writer.write_table(pa.Table.from_batches(group))
