"""Which folder a configuration belongs to: its name, and when two configurations are the same."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from typing import Any

OFF = (None, False)
"""Values of a parameter that is not in use."""
LONGEST = 180
"""Bytes of a name; file systems take 255, and a number and a suffix follow."""
# What Windows forbids is more than what others do; dots and spaces it drops at the end.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def folder_name(params: Mapping[str, Any], naming: Sequence[str]) -> str:
    """The values of the naming parameters, in the order of the parameters' names, with commas.

    A leading underscore puts a parameter first. A parameter that the configuration does not have
    leaves nothing in the name.

    Args:
        params: of the configuration, nested or flat.
        naming: names of the parameters, dotted where nested.

    Returns:
        A name that every file system takes; what had to be changed for that is readable in
        `params.yml`.
    """
    flat = flatten(params)
    return safe(",".join(show_value(flat[name]) for name in sorted(naming) if name in flat))


def show_value(value: Any) -> str:
    """A value in a name: the parts of a list are joined with `+`."""
    if isinstance(value, list | tuple):
        return "+".join(map(show_value, value))
    return str(value)


def safe(name: str) -> str:
    """A name as every file system takes it."""
    name = FORBIDDEN.sub("-", unicodedata.normalize("NFC", name)).strip(" .") or "default"
    if RESERVED.fullmatch(name):
        name = f"-{name}"
    whole = name.encode("utf-8", "replace")
    if len(whole) > LONGEST:
        mark = blake2b(whole, digest_size=4).hexdigest()
        name = f"{whole[: LONGEST - 9].decode('utf-8', 'ignore').rstrip(' .')}~{mark}"
    return name


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one, with dotted names; an empty mapping is a value of its own."""
    flat: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def active(
    params: Mapping[str, Any],
    parents: Mapping[str, str] | None = None,
    ignored: Collection[str] = (),
) -> dict[str, Any]:
    """The parameters that make a difference.

    Left out are those that are off (None or False), whose parent is off or not there, or that are
    ignored. So a new parameter that is off where it is not used leaves old configurations the same.

    Args:
        params: of the configuration, nested or flat.
        parents: of a parameter, the one without which it means nothing; itself maybe with a parent.
        ignored: parameters, or sections, that change nothing.
    """
    flat = flatten(params)
    above = parents or {}

    def is_on(name: str, seen: frozenset[str] = frozenset()) -> bool:
        if name in seen:
            raise ValueError(f"The parameter {name!r} is its own parent: {sorted(seen)}.")
        if name not in flat or is_off(flat[name]):
            return False
        return name not in above or is_on(above[name], seen | {name})

    def is_ignored(name: str) -> bool:
        return any(name == prefix or name.startswith(f"{prefix}.") for prefix in ignored)

    return {
        name: comparable(value)
        for name, value in flat.items()
        if is_on(name) and not is_ignored(name)
    }


def is_off(value: Any) -> bool:
    """Whether a parameter with this value is not in use; 0 is a value."""
    return any(value is off for off in OFF)


def comparable(value: Any) -> Any:
    """A value that is equal to itself once written and read; True is not 1, 1 is 1.0."""
    if isinstance(value, list | tuple):
        return tuple(map(comparable, value))
    if isinstance(value, Mapping):
        return tuple((str(key), comparable(item)) for key, item in sorted(value.items()))
    return (isinstance(value, bool), value)
