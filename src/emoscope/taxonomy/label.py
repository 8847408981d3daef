"""One label of a taxonomy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emoscope.errors import InputError
from emoscope.strict import check_keys, check_list, check_text, check_unique


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a taxonomy.

    Attributes:
        name: what the label is called in data, scores and metrics.
        words: the words that describe it to a model; several make a cluster.

    Raises:
        InputError: if the name or a word is empty, has space around it or holds control
            characters, if there is no word, or if a word comes twice.
    """

    name: str
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        check_text(self.name, "a label's name")
        object.__setattr__(self, "words", checked_words(self.words, f"label {self.name!r}"))


def to_label(item: Any) -> Label:
    """A label of a file: a mapping with `name` and `words`, or a name that is its only word."""
    if isinstance(item, Mapping):
        check_keys(item, ("name", "words"), (), "a label")
        return Label(item["name"], one_or_many(item["words"]))
    return Label(item, (item,))


def one_or_many(words: Any) -> Any:
    """A single word as a tuple of one; anything else as it is."""
    return (words,) if isinstance(words, str) else words


def checked_words(words: Any, what: str) -> tuple[str, ...]:
    """Words as a tuple.

    Raises:
        InputError: no list, no word, one that is no text, or one that comes twice.
    """
    checked = check_list(words, f"the words of {what}")
    if not checked:
        raise InputError(f"{what} needs at least one word")
    for word in checked:
        check_text(word, f"a word of {what}")
    check_unique(checked, what, "word")
    return checked
