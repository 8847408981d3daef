"""What an annotator is given: texts, or conversations, each as its turns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from emoscope.errors import InputError

_SHOWN_COLUMNS = 8


def to_turns_of_texts(texts: Iterable[str | Sequence[str]]) -> Iterator[list[str]]:
    """The turns of each text, which are one if it is a string.

    Raises:
        InputError: at once, if the texts are no list; about a text when it is reached.
    """
    texts = _to_values(texts, "annotate")
    if not is_list(texts):
        raise InputError(
            f"Expected a list of texts, got {type(texts).__name__}; for one text pass [text]."
        )
    return (
        [text]
        if isinstance(text, str)
        else _check_text_turns(text, f"text {place}", "a string or a list of turns")
        for place, text in enumerate(texts, start=1)
    )


def to_turns_of_conversations(conversations: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """The turns of each conversation.

    Raises:
        InputError: at once, if the conversations are no list; about one when it is reached.
    """
    conversations = _to_values(conversations, "annotate_conversations")
    if not is_list(conversations):
        raise InputError(
            "Expected a list of conversations, each a list of turns, got "
            f"{type(conversations).__name__}; for one text pass [[text]]."
        )
    return (
        _check_text_turns(turns, f"conversation {place}", "a list of turns")
        for place, turns in enumerate(conversations, start=1)
    )


def is_list(values: Any) -> bool:
    """Whether something holds values in an order, be it a list, an iterator or a data column."""
    if isinstance(values, str | bytes | bytearray | memoryview | Mapping | Set):
        return False
    # An array without dimensions cannot be iterated over, whatever its type says.
    return isinstance(values, Iterable) and getattr(values, "ndim", 1) != 0


def find_table_columns(values: Any) -> list[str] | None:
    """The names of the columns if something is a table, of whatever library; else None."""
    for attribute in ("column_names", "columns"):
        names = getattr(values, attribute, None)
        if names is not None and not callable(names) and is_list(names):
            return [str(name) for name in names]
    return None


def _to_values(values: Any, method: str) -> Any:
    """The values of a column of Arrow as Python has them; anything else as it is.

    Raises:
        InputError: a table, whose names would be taken for texts.
    """
    names = find_table_columns(values)
    if names is not None:
        more = ", …" if len(names) > _SHOWN_COLUMNS else ""
        shown = ", ".join(map(repr, names[:_SHOWN_COLUMNS])) + more
        first = names[0] if names else "text"
        raise InputError(
            f"Expected a list of texts, got a table ({type(values).__name__}) with the columns "
            f"{shown or 'of no name'}. Score the texts of one column with "
            f"{method}(table[{first!r}]), or get the table back with the scores beside it from "
            f"annotate_frame(table, text={first!r})."
        )
    return values.to_pylist() if hasattr(values, "to_pylist") else values


def _check_text_turns(turns: Any, what: str, expected: str) -> list[str]:
    """The turns of one text.

    Raises:
        InputError: they are no list of strings.
    """
    if not is_list(turns) or find_table_columns(turns) is not None:
        advice = (
            "Leave out texts that are missing, or use annotate_frame, which keeps their rows."
            if _is_missing(turns)
            else "Pass [text] for a conversation of one turn."
        )
        raise InputError(f"Expected {what} to be {expected}, got {_describe(turns)}. {advice}")
    found = list(turns)
    for number, turn in enumerate(found, start=1):
        if not isinstance(turn, str):
            raise InputError(
                f"Expected {what} to be {expected}, got {_describe(turn)} as turn {number}. A turn "
                "is a string."
            )
    return found


def _is_missing(value: Any) -> bool:
    """Whether a value is what libraries put where there is none: None, NaN, NaT, NA."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or _is_nan(value)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _describe(value: Any) -> str:
    return f"{type(value).__name__} ({value})" if _is_nan(value) else type(value).__name__
