"""The name of a configuration's folder, and when two configurations are the same."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from emoscope.strict import flatten

OFF = (None, False)
"""Values of a parameter that is not in use."""
LONGEST = 180
"""Bytes of a name. File systems allow 255, and a number and a suffix are appended."""
# Windows forbids the most characters; it also drops dots and spaces at the end of a name.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def make_folder_name(params: Mapping[str, Any], naming: Sequence[str]) -> str:
    """Make a name of the values of some parameters, sorted by parameter, with commas between them.

    A parameter whose name begins with an underscore comes first. A parameter that the configuration
    does not have is left out.

    Args:
        params: the configuration, nested or flat.
        naming: names of the parameters, dotted where nested.

    Returns:
        A name that every file system accepts; characters may be replaced for that. `params.yml` has
        the true values.
    """
    flat = flatten(params)
    return to_safe_name(
        ",".join(format_naming_value(flat[name]) for name in sorted(naming) if name in flat)
    )


def format_naming_value(value: Any) -> str:
    """A value as text for a folder's name; the items of a list are joined with `+`."""
    if isinstance(value, list | tuple):
        return "+".join(map(format_naming_value, value)) or str(None)
    return str(value)


def to_safe_name(name: str) -> str:
    """A name that every file system accepts."""
    name = FORBIDDEN.sub("-", unicodedata.normalize("NFC", name)).strip(" .") or "default"
    if RESERVED.fullmatch(name):
        name = f"-{name}"
    whole = name.encode("utf-8", "replace")
    if len(whole) > LONGEST:
        mark = blake2b(whole, digest_size=4).hexdigest()
        name = f"{whole[: LONGEST - 9].decode('utf-8', 'ignore').rstrip(' .')}~{mark}"
    return name


def keep_active(
    params: Mapping[str, Any],
    parents: Mapping[str, str] | None = None,
    ignored: Collection[str] = (),
) -> dict[str, Any]:
    """Keep the parameters that make a difference.

    Left out are parameters that are off (None or False), whose parent is off or missing, or that
    are ignored. So a later version may add a parameter that is off by default, and old
    configurations stay the same.

    Args:
        params: the configuration, nested or flat.
        parents: for some parameters, the parameter without which they have no effect; it may have a
            parent itself.
        ignored: parameters or sections that have no effect.
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
        name: to_comparable(value)
        for name, value in flat.items()
        if is_on(name) and not is_ignored(name)
    }


def is_off(value: Any) -> bool:
    """Whether a parameter with this value is not in use (None or False, but not 0)."""
    return any(value is off for off in OFF)


def to_comparable(value: Any) -> Any:
    """A value to compare by: the same before and after writing it to YAML; True differs from 1."""
    if isinstance(value, list | tuple):
        return tuple(map(to_comparable, value))
    if isinstance(value, Mapping):
        return tuple((str(key), to_comparable(item)) for key, item in sorted(value.items()))
    return (isinstance(value, bool), value)
