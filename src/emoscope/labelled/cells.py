"""One cell of a label column: the labels that it holds, however they were written."""

import json
import re
from collections.abc import Callable
from typing import Any

from emoscope.reading.conversations import is_blank

__all__ = ["BLANKS", "CellError", "parse_value", "split_cell"]

MAX_CELL = 10_000
"""Characters of a cell of labels."""
SEPARATORS = (",", ";", "|", "\n", "#")
"""What parts labels where nothing else is named: one kind a cell. doccano's CSV has `#`, which
counts only where there is none of the others."""
BLANKS = frozenset({"nan", "null", "na", "n/a", "#n/a", "<na>"})
"""Words that programs write into a cell that holds nothing."""
YES = frozenset({"true", "t", "yes", "y", "x", "✓", "✔", "☑"})
NO = frozenset({"false", "f", "no", "n", "☐"})

_CLOSING = {"[": "]", "(": ")", "{": "}"}
_ARRAY = re.compile(r"array\((\[.*\])(?:, dtype=[^)]*)?\)", re.DOTALL)
# A quote opens after a mark or space and closes before one, so that `don't` has none.
_QUOTED = re.compile(
    r"(?<![^\s,;])u?(['\"])(?P<name>(?:\\.|(?!\1(?:[\s,;]|$)).)*)\1(?![^\s,;])", re.S
)
_NUMBERS = re.compile(r"[-\d.\s]+")


class CellError(ValueError):
    """A cell that cannot be read.

    Attributes:
        expected: what it should hold.
        advice: what to do.
        came: the part at fault, as text for a message; the whole cell if None.
    """

    def __init__(self, expected: str, advice: str, came: str | None = None) -> None:
        self.expected, self.advice, self.came = expected, advice, came
        super().__init__(f"expected {expected}. {advice}")


def split_cell(
    cell: Any, separator: str | None, is_label: Callable[[str], bool]
) -> list[Any] | None:
    """The names or numbers of the labels in a cell, not yet looked up; None where it is blank.

    Args:
        cell: a list; a text with a name, with several between separators, with a list as Python,
            NumPy or JSON write it (`['joy', 'love']`, `[17 18]`); an object that has such a list
            under `choices`, as Label Studio writes it, or as JSON text; or a number.
        separator: what parts names in a text; `","` stands for each of `SEPARATORS`; None where a
            text is always one name.
        is_label: whether a text is the name of a label as it stands.

    Raises:
        CellError: it cannot be read.
    """
    if isinstance(cell, dict):
        return _take_choices(cell)
    if isinstance(cell, list | tuple):
        return list(cell)
    if is_blank(cell):
        return None
    if not isinstance(cell, str):
        return [cell]
    text = cell.strip()
    if is_label(text):
        return [text]
    if text.casefold() in BLANKS:
        return None
    if len(text) > MAX_CELL:
        raise CellError(
            f"the labels of a text, in at most {MAX_CELL:,} characters", "Is it another column?"
        )
    array = _ARRAY.fullmatch(text)
    text = array[1] if array else text
    if text[0] in _CLOSING:
        return _split_list(text, is_label)
    return _split_names(text, separator)


def parse_value(cell: Any) -> float | None:
    """What a cell of a label's own column says: a number from 0 to 1, None where it is blank.

    It may be a number, or a word such as TRUE, no or x.

    Raises:
        CellError: it is something else.
    """
    if is_blank(cell):
        return None
    value = -1.0
    if isinstance(cell, str):
        word = cell.strip().casefold()
        if word in BLANKS:
            return None
        if word in YES or word in NO:
            return float(word in YES)
        cell = word.replace(",", ".")
    try:
        value = float(cell) if isinstance(cell, str | int | float) else -1.0
    except (ValueError, OverflowError):
        value = -1.0
    if not 0 <= value <= 1:
        raise CellError("0 or 1 (or a number between; or TRUE, FALSE, yes, no, x)", "Correct it.")
    return value


def _take_choices(cell: dict[str, Any]) -> list[Any]:
    choices = cell.get("choices")
    if isinstance(choices, str):
        return [choices]
    if not isinstance(choices, list):
        raise CellError("the labels of a text", "Of an object only a list `choices` is read.")
    return choices


def _split_list(text: str, is_label: Callable[[str], bool]) -> list[Any]:
    """The items of a list that was written as text."""
    if text[0] in "[{" and '"' in text:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if found is not None:
            return _take_choices(found) if isinstance(found, dict) else list(found)
    if text[-1] != _CLOSING[text[0]]:
        raise CellError(
            f"a list that ends in {_CLOSING[text[0]]!r}", "Complete it, or write the names alone."
        )
    inner = text[1:-1].strip()
    quoted = [re.sub(r"\\(.)", r"\1", each["name"]) for each in _QUOTED.finditer(inner)]
    if quoted:
        if _QUOTED.sub("", inner).strip(" \t\r\n,;"):
            raise CellError("a list of names, each in quotes", "Write the names with commas alone.")
        return quoted
    if "," in inner or ";" in inner:
        return [each.strip() for each in re.split("[,;]", inner) if each.strip()]
    if is_label(inner):
        return [inner]
    return inner.split() if _NUMBERS.fullmatch(inner) else [each for each in [inner] if each]


def _split_names(text: str, separator: str | None) -> list[str]:
    if separator is None:
        return [text]
    if separator != ",":
        return [each.strip() for each in text.split(separator) if each.strip()]
    marks = [mark for mark in SEPARATORS if mark in text]
    if len(marks) > 1 and marks[-1] == "#":
        marks.pop()
    if len(marks) > 1:
        shown = " and ".join(map(repr, marks))
        raise CellError(
            "labels between marks of one kind", f"Here are {shown}: write commas throughout."
        )
    return [each.strip() for each in text.split(marks[0] if marks else ",") if each.strip()]
