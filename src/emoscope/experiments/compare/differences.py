"""In which parameters configurations differ, and short names for them made of the differences."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from emoscope.experiments.naming import format_naming_value, is_off, to_comparable
from emoscope.recipes.schema import Recipe
from emoscope.recipes.section import Section
from emoscope.strict import flatten

KINDS = ("type", "kind", "name")
"""Fields that say what kind of thing a section is, the most informative first."""
# For people, or of a single run: not part of what a configuration is.
NOT_COMPARED = ("name", "naming", "description", "needs", "time", "seed")
UNKNOWN = object()
"""The default of what is no field with one."""
MOST = 3
"""Differences shown in a name; a longer name would not be read."""
VAGUE = (*KINDS, "coefficient", "correlation", "distance", "share", "target", "weights", "words")
"""Fields whose names mean something only together with the name of their section."""


def find_differences(params: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Find the parameters whose values are not the same in all configurations.

    A section that only some configurations have, such as a loss, is one difference; its fields are
    compared between the configurations that have it, and are told where they are not the default. A
    parameter that is off (None, False) or
    missing counts as `none`.

    Args:
        params: the parameters of each configuration, nested.

    Returns:
        For each configuration the readable values of those parameters by their dotted names, in the
        order of the parameters.
    """
    found: list[dict[str, str]] = [{} for _ in params]
    kept = [
        {name: value for name, value in values.items() if name not in NOT_COMPARED}
        for values in params
    ]
    compare_values(dict(enumerate(kept)), "", found)
    return found


def compare_values(values: Mapping[int, Any], path: str, found: list[dict[str, str]]) -> None:
    """Find differences in one parameter or section, and in the fields inside it.

    Args:
        values: the value in each configuration, by the number of the configuration.
        path: dotted name of the parameter or section.
        found: the differences of each configuration; those found are added here.
    """
    there = {at: value for at, value in values.items() if not is_off(value)}
    if not there:
        return
    if not all(isinstance(value, Mapping) for value in there.values()):
        if len({to_comparable(to_none_if_off(value)) for value in values.values()}) > 1:
            for at, value in values.items():
                found[at][path] = format_parameter(value)
        return
    kinds = {at: find_kind(value) for at, value in there.items()}
    apart = len(there) < len(values)
    if path and (apart or len(set(kinds.values())) > 1):
        # A section without a kind is shown by its first field, such as the share held out.
        field = "" if any(kinds.values()) else f".{next(iter(next(iter(there.values()))), '')}"
        for at, value in values.items():
            known = value.get(field[1:]) if field and at in there else value
            found[at][f"{path}{field}".rstrip(".")] = format_parameter(known)
    for name in dict.fromkeys(name for value in there.values() for name in value):
        # A field that sections of this kind have is off where it is missing.
        having = {kinds[at] for at, value in there.items() if name in value}
        inner = {at: value.get(name) for at, value in there.items() if kinds[at] in having}
        place = f"{path}.{name}" if path else name
        if name in KINDS and path:
            continue  # Shown above.
        compare_values(inner, place, found)
        if path and apart:
            tell_unusual(inner, place, found)


def tell_unusual(values: Mapping[int, Any], path: str, found: list[dict[str, str]]) -> None:
    """Tell a value that is not the default, of a section that only some configurations have.

    Args:
        values: the value in each configuration that has the section, by its number.
        path: dotted name of the parameter.
        found: the differences of each configuration; those found are added here.
    """
    default = find_default(path)
    for at, value in values.items():
        usual = is_off(value) or default is UNKNOWN or to_comparable(value) == default
        if not usual and not isinstance(value, Mapping):
            found[at].setdefault(path, format_parameter(value))


def find_default(path: str) -> Any:
    """Find the default of a field of recipes, to compare by; `UNKNOWN` if there is none."""
    section: Any = Recipe
    *parents, name = path.split(".")
    for parent in parents:
        field = section.model_fields.get(parent)
        kinds = () if field is None else (field.annotation, *get_args(field.annotation))
        section = next(
            (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)), None
        )
        if section is None:
            return UNKNOWN
    field = section.model_fields.get(name)
    default = UNKNOWN if field is None else field.get_default(call_default_factory=True)
    return default if default in (UNKNOWN, PydanticUndefined) else to_comparable(default)


def find_kind(section: Mapping[str, Any]) -> str | None:
    """The kind of a section, by the first of the fields `KINDS` that it has."""
    return next((str(section[name]) for name in KINDS if section.get(name) is not None), None)


def to_none_if_off(value: Any) -> Any:
    """None for a parameter that is off, else its value."""
    return None if is_off(value) else value


def format_parameter(value: Any) -> str:
    """A value as text for a name."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return find_kind(value) or ", ".join(
            f"{k}={format_naming_value(v)}" for k, v in flatten(value).items()
        )
    if isinstance(value, list | tuple):
        return "+".join(map(format_parameter, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def make_names(
    found: Sequence[Mapping[str, str]], recipes: Sequence[str], folders: Sequence[str]
) -> list[str]:
    """Make a short name for each configuration, no two the same.

    A name shows what differs, such as `local_loss=intra`. Where more than `MOST` parameters differ,
    it is the name of the recipe if all recipes have different names, else the fewest parameters
    that tell the configurations apart. Where nothing else helps, it is the name of the folder.

    Args:
        found: the differences of each configuration, from `find_differences`.
        recipes: the name of the recipe of each configuration; may be empty.
        folders: the name of the folder of each configuration.
    """
    keys = list(dict.fromkeys(key for item in found for key in item))
    chosen = keys if len(keys) <= MOST else choose_parameters(found, keys)
    short = shorten_names(chosen)
    made = [
        ", ".join(f"{short[key]}={each_item[key]}" for key in chosen if key in each_item)
        for each_item in found
    ]
    if len(keys) > MOST or not any(made):
        distinct = len(set(recipes)) == len(recipes) and all(recipes)
        made = list(recipes) if distinct else made
    if not any(made):
        made = list(folders)
    times = Counter(made)
    made = [
        name if name and times[name] == 1 else f"{name} ({folder})".lstrip()
        for name, folder in zip(made, folders, strict=True)
    ]
    times = Counter(made)
    # Two folders in different places may have the same name.
    return [
        name if times[name] == 1 else f"{name} #{place}" for place, name in enumerate(made, start=1)
    ]


def tell_all_differences(found: Mapping[str, str]) -> str:
    """All that tells a configuration apart, as one line: `local_loss=inter, weights=wheel`."""
    short = shorten_names(list(found))
    return ", ".join(f"{short[key]}={value}" for key, value in found.items()) or "nothing"


def choose_parameters(found: Sequence[Mapping[str, str]], keys: Sequence[str]) -> list[str]:
    """Choose parameters that tell configurations apart, one by one, each the best addition."""
    chosen: list[str] = []
    parted = 1
    while parted < len(found) and len(chosen) < MOST:
        counts = {
            key: len({tuple(item.get(each) for each in (*chosen, key)) for item in found})
            for key in keys
        }
        best = max(counts, key=lambda key: counts[key])
        if counts[best] == parted:
            break
        chosen.append(best)
        parted = counts[best]
    return sorted(chosen, key=keys.index)


def shorten_names(keys: Sequence[str]) -> dict[str, str]:
    """Shorten each dotted name to its last parts, as few as are unique and still mean something."""
    short = {}
    for key in keys:
        parts = key.split(".")
        ends = [".".join(parts[at:]) for at in range(len(parts) - 1, -1, -1)]
        ends = ends[1:] if parts[-1] in VAGUE and len(parts) > 1 else ends
        others = [other for other in keys if other != key]
        short[key] = next(
            end
            for end in ends
            if end == key or not any(f".{other}".endswith(f".{end}") for other in others)
        )
    return short
