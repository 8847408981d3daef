"""Read YAML and JSON strictly, and check what they hold, with errors that say what is wrong."""

import json
import reprlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from emoscope.errors import InputError

if TYPE_CHECKING:
    import yaml

# Control characters, lone surrogates and line separators: none survives a table, a file or a log.
_BAD_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# What XML cannot hold besides, and what the start of a file hides.
_BAD_CHARACTERS = frozenset("\ufffe\uffff\ufeff")


@cache
def _strict_loader() -> type["yaml.SafeLoader"]:
    """PyYAML's safe loader, refusing what hides mistakes (repeated keys) or grows (aliases)."""
    import yaml

    class StrictLoader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise ValueError("YAML aliases (*name) are not allowed; write the value out")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            mapping = super().construct_mapping(node, deep)
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            check_unique(keys, f"the mapping at line {node.start_mark.line + 1}", "key")
            return mapping

    return StrictLoader


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    check_unique([key for key, _ in pairs], "an object", "key")
    return dict(pairs)


def parse(text: str, suffix: str) -> Any:
    """Parse JSON or YAML strictly.

    Raises:
        ValueError: if the text is not valid; for YAML the message has the line.
        InputError: if a key is repeated.
    """
    try:
        try:
            if suffix == ".json":
                return json.loads(text, object_pairs_hook=_unique_pairs)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {error.lineno}: not valid JSON: {error.msg}") from error
        import yaml

        try:
            return yaml.load(text, Loader=_strict_loader())  # noqa: S506 - a safe loader
        except yaml.MarkedYAMLError as error:
            line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
            raise ValueError(f"{line}not valid YAML: {error.problem}") from error
        except yaml.YAMLError as error:
            raise ValueError(f"not valid YAML: {error}") from error
    except RecursionError:
        raise ValueError("nested too deeply") from None


def short(value: object) -> str:
    """A value for a message, cut to a length that fits."""
    return reprlib.repr(value)


def suggestion(name: str, known: Sequence[str]) -> str:
    """What a name that is not known may have been meant to be."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(known)}."


def check_text(value: object, what: str) -> None:
    """Raise an `InputError` unless the value is text that can stand in a table, a file or a log."""
    if not isinstance(value, str):
        raise InputError(f"{what} must be text, got {short(value)} (in YAML, quote no, on, 1 …)")
    if not value or value != value.strip():
        raise InputError(f"{what} must not be empty or have space around it, got {short(value)}")
    if any(unicodedata.category(char) in _BAD_CATEGORIES for char in value) or (
        not _BAD_CHARACTERS.isdisjoint(value)
    ):
        raise InputError(f"{what} must have no control character, got {short(value)}")


def check_unique(values: Sequence[Any], where: str, what: str) -> None:
    """Raise an `InputError` if a value comes more than once."""
    twice = [short(value) for value, n in Counter(values).items() if n > 1]
    if twice:
        raise InputError(f"{where} has the {what} {', '.join(twice)} more than once")


def check_keys(data: Any, required: Sequence[str], optional: Sequence[str], what: str) -> None:
    """Raise an `InputError` unless the data are a mapping with the keys that are expected."""
    keys = check_mapping(data, what)
    if missing := [key for key in required if key not in keys]:
        raise InputError(f"{what} lacks {', '.join(missing)}")
    if unknown := [key for key in keys if key not in (*required, *optional)]:
        raise InputError(
            f"{what} has the unknown key {short(unknown[0])}; "
            f"expected {', '.join((*required, *optional))}"
        )


def check_mapping(value: Any, what: str) -> Mapping[Any, Any]:
    """The value, if it is a mapping; else an `InputError`."""
    if not isinstance(value, Mapping):
        raise InputError(f"{what} must be a mapping of names to values, got {short(value)}")
    return value


def check_list(value: Any, what: str) -> tuple[Any, ...]:
    """The values of a list as a tuple; an `InputError` for anything else."""
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise InputError(f"{what} must be a list, got {short(value)}")
    return tuple(value)


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings into one with dotted names; an empty mapping stays as a value."""
    flat: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
