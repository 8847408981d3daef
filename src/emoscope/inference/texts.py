"""What an annotator is given: texts, or conversations, each as its turns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from emoscope.errors import InputError


def to_turns_of_texts(texts: Iterable[str | Sequence[str]]) -> Iterator[list[str]]:
    """The turns of each text, which are one if it is a string.

    Raises:
        InputError: at once, if the texts are no list; about a text when it is reached.
    """
    if not is_list(texts):
        raise InputError(
            f"Expected a list of texts, got {type(texts).__name__}; for one text pass [text]."
        )
    return (
        [text]
        if isinstance(text, str)
        else _check_text_turns(text, f"text {place} to be a string or")
        for place, text in enumerate(texts, start=1)
    )


def to_turns_of_conversations(conversations: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """The turns of each conversation.

    Raises:
        InputError: at once, if the conversations are no list; about one when it is reached.
    """
    if not is_list(conversations):
        raise InputError(
            "Expected a list of conversations, each a list of turns, got "
            f"{type(conversations).__name__}; for one text pass [[text]]."
        )
    return (
        _check_text_turns(turns, f"conversation {place} to be")
        for place, turns in enumerate(conversations, start=1)
    )


def is_list(values: Any) -> bool:
    """Whether something holds values in an order, be it a list, an iterator or a data column."""
    return isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping | Set)


def _check_text_turns(turns: Sequence[str], expected: str) -> list[str]:
    if not is_list(turns):
        raise InputError(
            f"Expected {expected} a list of turns, got {type(turns).__name__}; pass [text] for "
            "a conversation of one turn."
        )
    return list(turns)
