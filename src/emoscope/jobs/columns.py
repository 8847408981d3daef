"""Find the columns of JSON rows by reading all rows."""

from collections.abc import Iterable
from typing import Any

from emoscope.errors import InputError
from emoscope.reading.row_formats import Row

MAX_COLUMNS = 2_000
_INT64 = range(-(2**63), 2**63)
_EXACT = range(-(2**53), 2**53 + 1)
"""Integers that a float holds exactly."""


def find_column_types(rows: Iterable[Row], name: str) -> dict[str, str | None]:
    """Find the columns of all rows, in the order of first occurrence, with the kind of each.

    It is "bool", "int", "float" or "texts"; None, which means text, where values are of several
    kinds or are objects.

    Args:
        rows: the rows of a file.
        name: the name of the file, for the message.

    Raises:
        InputError: if there are more than `MAX_COLUMNS`.
    """
    kinds: dict[str, str | None] = {}
    for row in rows:
        for column, value in row.values.items():
            kinds[column] = _join_kinds(kinds.get(column), _find_kind(value))
        if len(kinds) > MAX_COLUMNS:
            raise InputError(
                f"{name}: expected at most {MAX_COLUMNS:,} columns for a table, got more by line "
                f"{row.line}. Write JSONL, where each row has its own."
            )
    stored = {"text": None, "long": "int"}
    return {column: stored.get(kind, kind) if kind else None for column, kind in kinds.items()}


def _find_kind(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        if value in _EXACT:
            return "int"
        return "long" if value in _INT64 else "text"
    if isinstance(value, float):
        return "float"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "texts"
    return "text"


def _join_kinds(first: str | None, second: str | None) -> str | None:
    """The kind that can hold the values of both kinds."""
    if first is None or second is None or first == second:
        return first or second
    return {frozenset(("int", "float")): "float", frozenset(("int", "long")): "long"}.get(
        frozenset((first, second)), "text"
    )
