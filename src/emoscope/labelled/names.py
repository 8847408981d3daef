"""What the names and numbers in a label column stand for."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from emoscope.errors import InputError, explain_os_error
from emoscope.labelled.cells import BLANKS, CellError, split_cell
from emoscope.reading.errors import format_value
from emoscope.strict import check_mapping, parse, short
from emoscope.taxonomy import Taxonomy

__all__ = ["LabelColumn", "LabelNames", "find_name", "fold_name", "is_number", "load_label_names"]

LabelNames = str | Sequence[str] | Mapping[Any, str]
"""What stands for a label in a column: names by number from 0, a mapping, or a text that
`load_label_names` reads."""

MAX_NAME = 100
MAX_MARK = 10
MAX_FILE_BYTES = 1_000_000
NONE = frozenset({"none", "no emotion"})
"""Words that say that no label applies, unless a label is called so."""

_ANSWERS = frozenset({"true", "false", "yes", "no"})
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d*)?")
_CALL = re.compile(r"\w\(")
_MARKUP = set('[]{}<>"=\\')
_FILES = (".json", ".yaml", ".yml")


def load_label_names(given: LabelNames | None) -> dict[str, str]:
    """The label that each name or number of a column stands for, by the text of the cell.

    Args:
        given: names by number from 0 (`["sadness", "joy"]`); a mapping (`{0: "sadness"}`); or a
            text: `"sadness, joy"`, `"0=sadness, 1=joy"`, the name of a taxonomy, whose order the
            numbers follow, or a JSON or YAML file with any of these. None for no names.

    Raises:
        InputError: it is something else, or a file that cannot be read.
    """
    if given is None:
        return {}
    if isinstance(given, str):
        given = _read_text(given.strip())
    if isinstance(given, Mapping):
        named = {str(key).strip(): value for key, value in given.items()}
    else:
        named = {str(place): name for place, name in enumerate(given)}
    wrong = next((x for x in named.values() if not isinstance(x, str) or not x.strip()), None)
    if wrong is not None or not named:
        raise InputError(
            f"Label names: expected the name of a label for each number, such as 'sadness, joy' or "
            f"'0=sadness, 1=joy', got {short(wrong) if named else 'none'}."
        )
    return {fold_name(key): name.strip() for key, name in named.items()}


def _read_text(text: str) -> LabelNames:
    if text.lower().endswith(_FILES):
        found = _read_file(Path(text))
        if isinstance(found, list):
            return found
        table = check_mapping(found, f"{text}: the names of labels")
        return Taxonomy.from_dict(table).names if "labels" in table else table
    if "=" not in text:
        return Taxonomy.load(text).names
    pairs = [part.rpartition("=") for part in text.split(",") if part.strip()]
    if not all(key.strip() and name.strip() for key, _, name in pairs):
        raise InputError(f"Label names: expected pairs such as '0=sadness, 1=joy', got {text!r}.")
    return {key.strip(): name.strip() for key, _, name in pairs}


def _read_file(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise InputError(f"{path}: larger than {MAX_FILE_BYTES} bytes, which no names need.")
        return parse(content.decode("utf-8-sig"), path.suffix.lower())
    except OSError as error:
        raise explain_os_error(error, "read the names of labels in", path) from error
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error


def fold_name(text: str) -> str:
    """A name without regard to case, to space around it, and to how its accents are coded."""
    return unicodedata.normalize("NFC", text.strip()).casefold()


def find_name(text: str, names: Sequence[str]) -> str | None:
    """The one of some names that a text is, as `fold_name` compares them."""
    text = text.strip()
    if text in names:
        return text
    folded = fold_name(text)
    return next((name for name in names if fold_name(name) == folded), None)


def is_number(text: str) -> bool:
    """Whether a text is a number, which is no name of a label."""
    return _NUMBER.fullmatch(text.strip()) is not None


@dataclass
class LabelColumn:
    """How the cells of one column that holds labels are read.

    A name is one of the labels, without regard to case. A number is a label only where a name is
    known for it: what 3 stands for differs from one data set to the next.

    Attributes:
        names: of the labels; None where the column is to tell them.
        separator: as of `split_cell`.
        stands_for: as from `load_label_names`.
        others: whether there may be labels that are none of `names`.
    """

    names: tuple[str, ...] | None = None
    separator: str | None = ","
    stands_for: Mapping[str, str] = field(default_factory=dict)
    others: bool = False
    _met: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._met = {fold_name(name): name for name in reversed(self.names or ())}
        if self.names is None or self.others:
            return
        for key, name in self.stands_for.items():
            if find_name(name, self.names) is None:
                raise InputError(
                    f"Label names: {key!r} stands for {name!r}, which is none of "
                    f"{', '.join(self.names)}. Correct it, or name another taxonomy."
                )

    def read(self, cell: Any) -> list[str] | None:
        """The labels of a cell, each once; None where it is blank.

        Raises:
            CellError: it cannot be read, or has what is no label.
        """
        items = split_cell(cell, self.separator, self._is_label)
        if items is None:
            return None
        if self._means_none(items):
            return []
        return list(dict.fromkeys(self._find_label(item) for item in items))

    def _is_label(self, text: str) -> bool:
        known = fold_name(text)
        return known in self.stands_for or (self.names is not None and known in self._met)

    def _means_none(self, items: list[Any]) -> bool:
        """Whether one word says that none of the labels applies."""
        if self.names is None or len(items) != 1 or not isinstance(items[0], str):
            return False
        return items[0].casefold() in NONE and not self._is_label(items[0])

    def _find_label(self, item: Any) -> str:
        if isinstance(item, float) and item.is_integer():
            item = int(item)
        if isinstance(item, bool) or not isinstance(item, str | int) or not str(item).strip():
            raise CellError("the name of a label", "Correct it.", format_value(item))
        text = str(item).strip()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            text = text[1:-1].strip()
        # A column of whole numbers with blanks among them is often written as 0.0, 1.0, ...
        plain = re.sub(r"[.,]0*$", "", text) if is_number(text) else text
        for form in (text, plain):
            if fold_name(form) in self.stands_for:
                text = self.stands_for[fold_name(form)]
                break
        name = text if text in (self.names or ()) else self._met.get(fold_name(text))
        return self._take_other(text) if name is None else name

    def _take_other(self, text: str) -> str:
        """A label that is not known, if there may be such, and this may be one."""
        if self.names is not None:
            if is_number(text):
                advice = _say_numbers(text, self.stands_for)
                raise CellError("the name of a label", advice, format_value(text))
            if not self.others:
                close = get_close_matches(text, self.names, n=1)
                advice = (
                    f"Did you mean {close[0]!r}?"
                    if close
                    else "Correct it, use another taxonomy, or say what it stands for with "
                    f"--label-names '{text}={self.names[0]}' (in a recipe: corpus.label_names)."
                )
                raise CellError(f"one of {', '.join(self.names)}", advice, format_value(text))
        if _is_no_name(text):
            advice = "Write the names alone: joy, love."
            if _is_mark(text):
                advice += (
                    " Or say which label each mark stands for with "
                    f"--label-names '{text}=joy' (in a recipe: corpus.label_names)."
                )
            expected = "the name of a label, or several with commas"
            raise CellError(expected, advice, format_value(text))
        if text.casefold() in _ANSWERS:
            raise CellError(
                "the name of a label",
                f"Say what it stands for with --label-names '{text}=joy' (in a recipe: "
                "corpus.label_names). A column of yes and no for one label is called like the "
                "label, and read where no column of names is named.",
                format_value(text),
            )
        self._met[fold_name(text)] = text
        return text


def _is_no_name(text: str) -> bool:
    """Whether a text is rather code, a mark or a sentence than the name of a label."""
    return (
        len(text) > MAX_NAME
        or text.casefold() in BLANKS
        or not any(map(str.isalnum, text))
        or text[0] in "'("
        or bool(set(text) & _MARKUP)
        or _CALL.search(text) is not None
    )


def _is_mark(text: str) -> bool:
    """Whether a text is an emoji or another sign that may stand for a label."""
    return len(text) <= MAX_MARK and not any(map(str.isalnum, text)) and "=" not in text


def _say_numbers(text: str, stands_for: Mapping[str, str]) -> str:
    if stands_for:
        known = ", ".join(f"{key}={name}" for key, name in stands_for.items())
        return f"Names are given for {known}: correct it, or give {text} a name, too."
    return (
        "Numbers mean other labels in each data set: say what they stand for with --label-names "
        "'0=sadness, 1=joy' and so on, or with --label-names and the name of a taxonomy whose "
        "order they follow, such as goemotions (in a recipe: corpus.label_names)."
    )
