"""Tables that are one JSON object: a list under a key, columns of a data frame, a chat."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

_INDEX_NAMES = ("index", "columns", "data")


class JsonTable(NamedTuple):
    """The rows that an object holds.

    Attributes:
        rows: the rows, or what stands in their place.
        note: what to tell the user of how they were found, if anything.
    """

    rows: list[Any]
    note: str | None = None


def find_json_table(value: Mapping[str, Any]) -> JsonTable:
    """Find the rows in an object that is a whole file.

    Args:
        value: the object.

    Returns:
        The messages of a Messenger or Instagram export; the rows of a data frame as
        `DataFrame.to_json` writes it in any of its forms; the only list of objects that the object
        holds; else the object as the only row.
    """
    if _is_messenger(value):
        note = "read as an export of Messenger or Instagram, columns sender, time and text."
        return JsonTable([_read_message(each) for each in value["messages"]], note)
    frame = _read_frame(value)
    if frame is not None:
        return JsonTable(frame, "read as a data frame, as pandas' to_json writes it.")
    lists = {key: each for key, each in value.items() if _is_list_of_objects(each)}
    if len(lists) == 1:
        ((key, rows),) = lists.items()
        return JsonTable(rows, f"the rows are the elements of {key!r}.")
    if lists:
        paths = " or ".join(f"'{key}[].COLUMN'" for key in lists)
        return JsonTable(
            [dict(value)],
            f"one object with several lists, taken for one row. For a row for each element of one "
            f"of them: --text {paths}.",
        )
    return JsonTable([dict(value)])


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(x, dict) for x in value)


def _is_messenger(value: Mapping[str, Any]) -> bool:
    messages = value.get("messages")
    return (
        "participants" in value
        and _is_list_of_objects(messages)
        and all("sender_name" in each for each in messages or ())
    )


def _read_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message with `sender`, `time` and `text` first; a photo has no text."""
    milliseconds: Any = message.get("timestamp_ms")
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
    except (OSError, OverflowError, TypeError, ValueError):
        moment = None
    named = {
        "sender": _repair(message.get("sender_name")),
        "time": moment,
        "text": _repair(message.get("content")),
    }
    others = {
        key: each
        for key, each in message.items()
        if key not in (*named, "sender_name", "timestamp_ms", "content")
    }
    return named | others


def _repair(text: object) -> object:
    """Text of an export that has each byte of UTF-8 as a character."""
    if not isinstance(text, str):
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _read_frame(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Rows of a data frame as `DataFrame.to_json` writes it; None if it is none."""
    if set(value) == set(_INDEX_NAMES) and all(isinstance(each, list) for each in value.values()):
        if not all(isinstance(row, list) for row in value["data"]):
            return None
        names = list(map(str, value["columns"]))
        return [dict(zip(names, row, strict=False)) for row in value["data"]]
    inner = list(value.values())
    if not inner or not all(isinstance(each, dict) for each in inner):
        return None
    keys = list(inner[0])
    if not keys or any(list(each) != keys for each in inner):
        return None
    if all(map(_is_index, keys)):
        return [{name: column[key] for name, column in value.items()} for key in keys]
    return inner if all(map(_is_index, value)) else None


def _is_index(key: str) -> bool:
    return key.isascii() and key.lstrip("-").isdecimal()
