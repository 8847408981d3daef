"""Text that is missing: an empty cell, or a mark that stands for one."""

from emoscope.errors import InputError

MISSING_MARKS: tuple[str, ...] = (
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "<NA>",
    "NaN",
    "nan",
    "NULL",
    "null",
    "\\N",
    "None",
    "[removed]",
    "[deleted]",
    "[ Removed by Reddit ]",
)
"""What stands for a missing text where nothing else is named, in this spelling."""

_LONGEST = 200


def is_blank(value: object) -> bool:
    """Whether a cell holds nothing: null, a float NaN, or text of spaces only."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, float) and value != value)


def is_mark(value: object, marks: frozenset[str]) -> bool:
    """Whether a cell holds a mark of a missing text."""
    return isinstance(value, str) and len(value) < _LONGEST and value.strip() in marks


def is_missing(value: object, marks: frozenset[str]) -> bool:
    """Whether a cell holds nothing, or a mark of it."""
    return is_blank(value) or is_mark(value, marks)


def parse_marks(text: str | None) -> tuple[str, ...]:
    """The marks that a user names: `-,keine`; `none` for no marks; the usual ones if None."""
    if text is None:
        return MISSING_MARKS
    if text.strip().lower() == "none":
        return ()
    marks = tuple(mark.strip() for mark in text.split(","))
    if not all(marks) or max(map(len, marks)) >= _LONGEST:
        raise InputError(
            f"--missing {text!r}: expected short marks parted by commas, such as 'NA,-', or none."
        )
    return marks
