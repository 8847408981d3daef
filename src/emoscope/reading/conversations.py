"""Which columns of a table hold a conversation, and how to take it from a row."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from emoscope.errors import InputError
from emoscope.reading.errors import Fault, RowError, format_value
from emoscope.reading.missing import is_blank
from emoscope.reading.nested import find_paths, get_value, has_value
from emoscope.reading.row import Row

__all__ = [
    "ID",
    "Columns",
    "check_columns",
    "check_named",
    "guess_columns",
    "is_blank",
    "read_id",
    "read_turns",
]


_SHOWN, _COMPARED = 40, 1000
_WORDS_OF_NAME = 3
_DELIMITERS = frozenset(",;|\t~^:\x01")
EMOCONTEXT_TURNS = ("turn1", "turn2", "turn3")
ID = "id"
"""The column of ids where none is named."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns that matter in a table.

    Attributes:
        turns: one column for each turn, oldest first; or one column with a text, or with the list
            of turns (a list in JSONL, JSON and Parquet; text that `turn_separator` parts). What is
            nested has a path, see `nested.get_value`.
        id: column of ids; without one the row's number serves.
        label: column with a row's label or labels.
        labels: one column for each label of the taxonomy, in its order, instead of `label`.
        language: column with the code of a row's language.
        turn_separator: what stands between turns in a single column, with any spaces around it;
            or `"json"` for text that is a JSON list of turns.
        label_separator: what stands between labels in `label`; None where there is but one.
        id_optional: whether the row's number serves also where a row lacks the column of ids.

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
    id_optional: bool = False

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


def check_columns(
    present: Mapping[str, Any],
    columns: Columns,
    path: str = "the input",
    advice: str | None = None,
) -> None:
    """Check that a table has the columns that are asked for.

    Args:
        present: the values of a row, or any mapping keyed by the table's columns.
        columns: the columns asked for.
        path: name of the file for the message.
        advice: what to do if one of the turns is missing.

    Raises:
        InputError: if one is missing; the message lists the columns there are.
    """
    check_named(present, columns.turns, path, advice)
    check_named(present, columns.names[len(columns.turns) :], path)


def check_named(
    present: Mapping[str, Any], names: Iterable[str], path: str, advice: str | None = None
) -> None:
    """Check that a table has columns by their names; see `check_columns`.

    Args:
        present: the values of a row, or any mapping keyed by the table's columns.
        names: columns, or paths into nested ones.
        path: name of the file for the message.
        advice: what to do if one is missing.
    """
    for name in names:
        if not has_value(present, name):
            shown = ", ".join(map(repr, list(present)[:_SHOWN])) or "none"
            more = f" and {len(present) - _SHOWN} more" if len(present) > _SHOWN else ""
            hint = _make_hint(present, name)
            raise InputError(
                f"{path}: expected a column {name!r}, got the columns {shown}{more}. "
                f"{f'{hint} ' if hint else ''}"
                f"{advice or 'Name the columns that hold the texts and all else that is needed.'}"
            )


def _make_hint(present: Mapping[str, Any], name: str) -> str | None:
    """What may be meant by a column that is not there."""
    numbered = [each for each in present if each.startswith(f"{name}#")]
    if numbered:
        return f"There are several of this name: name {' or '.join(map(repr, numbered))}."
    parts = [part.strip() for part in name.split(",")]
    if len(parts) > 1 and all(has_value(present, part) for part in parts):
        return f"Several columns are turns of a conversation: --turns {','.join(parts)}."
    if len(present) == 1 and not _DELIMITERS.isdisjoint(next(iter(present))):
        return "If another character stands between the fields, name it with --delimiter."
    paths = find_paths(present)
    ending = [path for path in paths if path.endswith(f".{name}")]
    if ending:
        return f"Is it inside of another? Name the path {' or '.join(map(repr, ending))}."
    close = get_close_matches(name, list(present)[:_COMPARED], n=1)
    if close:
        return f"Is it {close[0]!r}?"
    if paths:
        return f"Texts inside of other columns have paths: {', '.join(map(repr, paths))}."
    if next(iter(present), "").lstrip()[:1] in ("{", "["):
        return "It looks like JSON. If it is: --format jsonl."
    if _looks_like_data(present):
        return "If the first line holds no names: --no-header, and the columns are called 1, 2, …."
    return None


def _looks_like_data(names: Iterable[str]) -> bool:
    """Whether names of columns look like the values of a row: numbers, dates, sentences."""
    return any(
        name[:1].isdigit() or name.count(" ") > _WORDS_OF_NAME or "http" in name for name in names
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
    if identity is None and ID in present and ID not in turns:
        identity = ID
    return turns, identity


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
        value = get_value(values, name)
        if type(value) is str and columns.turn_separator is None:
            turns.append(value)
        elif isinstance(value, str):
            turns.extend(_split_turns(value, columns.turn_separator or "", row, name, path))
        elif isinstance(value, list) and len(columns.turns) == 1:
            turns.extend(_check_turn_list(value, row, name, path))
        else:
            raise RowError(path, row.line, _make_text_fault(name, value))
    return read_id(row, columns, path), turns


def read_id(row: Row, columns: Columns, path: str = "the input") -> str:
    """Id of a row: what its column holds, or without one the row's number.

    Raises:
        RowError: if the column holds nothing, or no text or whole number.
    """
    column = columns.id
    if column is None or (columns.id_optional and column not in row.values):
        return str(row.line)
    value = get_value(row.values, column)
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
