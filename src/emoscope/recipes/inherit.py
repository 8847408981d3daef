"""Recipes that say only how they differ from another one: `extends`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emoscope.errors import InputError

EXTENDS = "extends"
KINDS = ("type", "kind")
"""What tells apart sections of different fields: a model's type, a schedule's kind."""

Values = dict[str, Any]
Read = Callable[[str], Values]


def resolve_recipe(name_or_path: str, read: Read, shipped: Callable[[str], bool]) -> Values:
    """Resolve a recipe: its fields, with those of the recipe that it extends, and so on.

    Everything is taken over but the name.

    Args:
        name_or_path: a name that ships, or a file.
        read: the mapping in the YAML of either.
        shipped: whether a recipe of this name ships.

    Raises:
        InputError: as `read` does; a recipe that extends itself, through others or not.
    """
    chain: list[str] = []
    layers: list[Values] = []
    place: str | None = name_or_path
    while place is not None:
        key = place if shipped(place) else str(Path(place).resolve())
        if key in chain:
            circle = " extends ".join([*chain[chain.index(key) :], key])
            raise InputError(f"Recipe {name_or_path} extends itself: {circle}. End the circle.")
        chain.append(key)
        layers.append(read(place))
        place = find_parent(place, layers[-1].pop(EXTENDS, None), shipped)
    values = layers.pop()
    for layer in reversed(layers):
        values.pop("name", None)
        values = merge_fields(values, layer)
    return values


def find_parent(place: str, parent: Any, shipped: Callable[[str], bool]) -> str | None:
    """Find the recipe that is extended: a built-in name, or a path relative to the recipe.

    Args:
        place: name or file of the recipe.
        parent: what it says under `extends`.
        shipped: whether a recipe of this name ships.
    """
    if parent is None:
        return None
    if not isinstance(parent, str) or not parent:
        raise InputError(
            f"Recipe {place}: extends: expected the name of a recipe or a YAML file; found "
            f"{parent!r}."
        )
    if shipped(parent) or shipped(place):
        return parent
    return str(Path(place).parent / parent)


def merge_fields(parent: Mapping[str, Any], child: Mapping[str, Any]) -> Values:
    """Merge the fields of both; where they differ, the child's value is used.

    Sections are merged in their turn, unless the child's is of another type or kind: then it
    stands alone. A section that is null in the child is left out, and so back to its default.
    """
    values = dict(parent)
    for key, value in child.items():
        before = values.get(key)
        if not isinstance(before, dict):
            values[key] = value
        elif value is None:
            del values[key]
        elif isinstance(value, dict) and not is_other_kind(before, value):
            values[key] = merge_fields(before, value)
        else:
            values[key] = value
    return values


def is_other_kind(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two sections are of another type or kind, so that their fields differ."""
    return any(key in after and after[key] != before.get(key) for key in KINDS)
