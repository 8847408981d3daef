"""What is wrong with a row, and what becomes of such rows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, Self

from emoscope.errors import InputError, explain_os_error

_SHOWN = 80


class Fault(NamedTuple):
    """What is wrong with one line or row: what was expected, what came, what to do."""

    expected: str
    came: str
    advice: str
    column: str | None = None


class Refusal(Protocol):
    """Receives from a parser the columns of its file and the rows that it cannot read.

    Attributes:
        path: name of the file.
        in_header: whether the header is being read; without one nothing can be, so while this is
            true a call raises.
        columns: the table's columns with the Arrow type of each, None where it is text; the parser
            says them before the first row. JSON has no columns but those of each row.
    """

    path: str
    in_header: bool
    columns: dict[str, Any] | None

    def __call__(self, line: int, fault: Fault, content: str | Mapping[str, Any]) -> None:
        """Raise an error about the line, or note it and return."""

    def say(self, note: str) -> None:
        """Tell the user what was decided about the file."""


def format_value(value: object) -> str:
    """Format a value for a message: its `repr`, shortened."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


class RowError(InputError):
    """A row that cannot be used.

    Attributes:
        path: name of the file.
        line: number of the line or row, from 1.
        fault: what was expected, what came, what to do, and the column if it is one column's.
        whole_file: whether all of the file is lost with it, as with a broken header.
    """

    def __init__(self, path: str, line: int, fault: Fault, *, whole_file: bool = False) -> None:
        self.path, self.line, self.fault, self.whole_file = path, line, fault, whole_file
        place = f"{path}, line {line}" + (f", column {fault.column!r}" if fault.column else "")
        super().__init__(f"{place}: expected {fault.expected}, got {fault.came}. {fault.advice}")

    @property
    def column(self) -> str | None:
        """Name of the column at fault, or None where it is the whole row."""
        return self.fault.column


class MissingTextError(RowError):
    """A row without text: its cell is empty, or holds a mark such as `NA` that says so.

    Attributes:
        mark: what the cell holds instead of text; nothing if it is empty.
    """

    mark: str = ""


Content = str | Mapping[str, Any]
"""A row as its text where it could not be parsed, else its values."""


class Rejects(Protocol):
    """Where rows go that cannot be used."""

    def add(self, error: RowError, content: Content) -> None:
        """Take one row."""


def make_reject_line(error: RowError, content: Content) -> str:
    """A line of a reject file: `file`, `line`, `column`, `reason`, and the row.

    The row is `raw`, its text, where it could not be parsed, and else `values`.
    """
    key = "raw" if isinstance(content, str) else "values"
    where = {"file": error.path, "line": error.line, "column": error.column}
    return json.dumps({**where, "reason": str(error), key: content}, default=str) + "\n"


class RejectFile:
    """A JSONL file of the rows that were left out, see `make_reject_line`.

    The file is made at once, so that an empty one says that nothing was left out. Use it in a
    `with`.

    Attributes:
        path: where the rejected rows go.
        count: rows rejected by this object.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        self.path, self.count = path, 0
        try:
            self._file = path.open("a" if append else "w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise explain_os_error(error, "write rejected rows to", path) from error

    def add(self, error: RowError, content: Content) -> None:
        """Write one rejected row."""
        try:
            self._file.write(make_reject_line(error, content))
        except OSError as failure:
            raise explain_os_error(failure, "write to", self.path) from failure
        self.count += 1

    def flush(self) -> None:
        """Hand what was written so far to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


BadRows = Literal["stop"] | Rejects


def refuse(bad_rows: BadRows, error: RowError, content: Content) -> None:
    """Raise the error, or hand the row to what collects such rows.

    Args:
        bad_rows: `"stop"`, or what collects rejected rows.
        error: what is wrong.
        content: the row as text, or its values where it could be parsed.
    """
    if bad_rows == "stop":
        raise error
    bad_rows.add(error, content)
