"""Which columns of a table hold a conversation, and how to take it from a row."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from emoscope.errors import InputError
from emoscope.reading.errors import Fault, RowError, format_value
from emoscope.reading.row_formats import Row

__all__ = [
    "Columns",
    "check_columns",
    "check_named",
    "guess_columns",
    "is_blank",
    "read_id",
    "read_turns",
]


EMOCONTEXT_TURNS = ("turn1", "turn2", "turn3")


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns that matter in a table.

    Attributes:
        turns: one column for each turn, oldest first; or one column with a text, or with the list
            of turns (a list in JSONL, JSON and Parquet; text that `turn_separator` parts).
        id: column of ids; without one the row's number serves.
        label: column with a row's label or labels.
        labels: one column for each label of the taxonomy, in its order, instead of `label`.
        language: column with the code of a row's language.
        turn_separator: what stands between turns in a single column, with any spaces around it;
            or `"json"` for text that is a JSON list of turns.
        label_separator: what stands between labels in `label`; None where there is but one.

    Raises:
        InputError: if there is no column of turns, a column is named twice, both `label` and
            `labels` are given, or a separator is empty.
    """

    turns: tuple[str, ...] = ("text",)
    id: str | None = None
    label: str | None = None
    labels: tuple[str, ...] | None = None
    language: str | None = None
    turn_separator: str | None = None
    label_separator: str | None = ","

    def __post_init__(self) -> None:
        if isinstance(self.turns, str) or not self.turns:
            raise InputError(
                f"Expected the names of one or more columns of turns, got {self.turns!r}."
            )
        if self.label is not None and self.labels is not None:
            raise InputError(
                "Expected one column of labels or one column for each label, got both. "
                "Give only one of `label` and `labels`."
            )
        if self.turn_separator is not None and len(self.turns) > 1:
            raise InputError(
                f"A separator of turns needs a single column of turns, got {len(self.turns)}. "
                "Leave out the separator or the further columns."
            )
        if self.turn_separator == "" or self.label_separator == "":
            raise InputError("Expected a separator of at least one character, got an empty one.")
        names = self.names
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"Expected each column in one role only, got {twice!r} in two.")

    @property
    def names(self) -> tuple[str, ...]:
        """All the columns that are named."""
        single = (self.id, self.label, self.language)
        return (*self.turns, *(self.labels or ()), *(name for name in single if name is not None))


def check_columns(present: Mapping[str, Any], columns: Columns, path: str = "the input") -> None:
    """Check that a table has the columns that are asked for.

    Args:
        present: the values of a row, or any mapping keyed by the table's columns.
        columns: the columns asked for.
        path: name of the file for the message.

    Raises:
        InputError: if one is missing; the message lists the columns there are.
    """
    check_named(present, columns.names, path)


def check_named(present: Mapping[str, Any], names: Iterable[str], path: str) -> None:
    """Check that a table has columns by their names; see `check_columns`."""
    for name in names:
        if name not in present:
            close = get_close_matches(name, present, n=1)
            hint = f" Is it {close[0]!r}?" if close else ""
            if len(present) == 1 and ";" in next(iter(present)):
                hint = " It seems to part its columns by semicolons: write commas instead."
            raise InputError(
                f"{path}: expected a column {name!r}, got the columns "
                f"{', '.join(map(repr, present))}.{hint} Name the columns that hold the texts "
                "and all else that is asked for."
            )


def guess_columns(
    present: Mapping[str, Any], turns: tuple[str, ...] | None, identity: str | None
) -> tuple[tuple[str, ...], str | None]:
    """The columns of the turns and of the id, guessed from a table's where none are named.

    Args:
        present: the values of a row, or any mapping keyed by the table's columns.
        turns: the columns named; by default EmoContext's three where the table has them, else
            `text`.
        identity: the column named; by default `id` where the table has it.
    """
    if turns is None:
        turns = EMOCONTEXT_TURNS if set(EMOCONTEXT_TURNS) <= set(present) else ("text",)
    if identity is None and "id" in present:
        identity = "id"
    return turns, identity


def is_blank(value: object) -> bool:
    """Whether a cell holds nothing: null, a float NaN, or text of spaces only."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, float) and value != value)


def read_turns(row: Row, columns: Columns, path: str = "the input") -> tuple[str, list[str]]:
    """Id and turns of a row.

    A turn may be empty text, but not missing: what reads the turns decides about empty ones.

    Args:
        row: a row from `read_rows`.
        columns: which columns hold the id and the turns.
        path: name of the file for messages.

    Returns:
        The id, which is the row's number if no column holds it, and the turns, oldest first.

    Raises:
        RowError: if a value is missing, is not text, or a list of turns is empty.
    """
    values = row.values
    turns: list[str] = []
    for name in columns.turns:
        value = values.get(name)
        if type(value) is str and columns.turn_separator is None:
            turns.append(value)
        elif isinstance(value, str):
            turns.extend(_split_turns(value, columns.turn_separator or "", row, name, path))
        elif isinstance(value, list) and len(columns.turns) == 1:
            turns.extend(_check_turn_list(value, row, name, path))
        else:
            raise RowError(path, row.line, _make_text_fault(name, value))
    return read_id(row, columns.id, path), turns


def read_id(row: Row, column: str | None, path: str = "the input") -> str:
    """Id of a row: what the column holds, or without one the row's number.

    Raises:
        RowError: if the column holds nothing, or no text or whole number.
    """
    if column is None:
        return str(row.line)
    value = row.values.get(column)
    if is_blank(value) or isinstance(value, bool | float | list | dict):
        what = "nothing" if is_blank(value) else format_value(value)
        fault = Fault("an id", what, "Fill it in, or name no column of ids.", column)
        raise RowError(path, row.line, fault)
    return str(value)


def _split_turns(value: str, separator: str, row: Row, column: str, path: str) -> list[str]:
    if separator != "json":
        return [turn.strip() for turn in value.split(separator)]
    try:
        turns = json.loads(value)
    except (ValueError, RecursionError):
        turns = None
    if not isinstance(turns, list):
        fault = Fault("a JSON list of turns", format_value(value), 'Write ["one", "two"].', column)
        raise RowError(path, row.line, fault)
    return _check_turn_list(turns, row, column, path)


def _check_turn_list(value: list[Any], row: Row, column: str, path: str) -> list[str]:
    if not value:
        fault = Fault("at least one turn", "an empty list", "Fill it in.", column)
        raise RowError(path, row.line, fault)
    for turn in value:
        if not isinstance(turn, str):
            raise RowError(path, row.line, _make_text_fault(column, turn))
    return value


def _make_text_fault(column: str, value: object) -> Fault:
    came = "nothing" if value is None else f"{format_value(value)} ({type(value).__name__})"
    return Fault("text", came, "Write it as text, or name the column that holds the text.", column)
