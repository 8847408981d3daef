"""In which parameters configurations differ, and short names for them made of the differences."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from emoscope.experiments.naming import format_naming_value, is_off, to_comparable
from emoscope.recipes.schema import Recipe
from emoscope.recipes.section import Section
from emoscope.registry import MODELS, resolve
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

Differences = list[dict[str, str]]


def find_differences(params: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Find the parameters whose values are not the same in all configurations.

    A section that only some configurations have, such as a loss, is one difference; its fields are
    compared between the configurations that have it, and are told where they are not the default.
    The same holds of the fields that only some kinds of a section have. A parameter that is off
    (None, False) or missing counts as `none`. In a list of sections, such as corpora, those of one
    name are compared with each other.

    Args:
        params: the parameters of each configuration, nested.

    Returns:
        For each configuration the readable values of those parameters by their dotted names, in the
        order of the parameters.
    """
    found: Differences = [{} for _ in params]
    kept = {
        at: {name: value for name, value in values.items() if name not in NOT_COMPARED}
        for at, values in enumerate(params)
    }
    compare_fields(kept, Where("", dict.fromkeys(kept, Recipe), apart=False), found)
    return found


@dataclass(frozen=True)
class Where:
    """A place in the parameters.

    Attributes:
        path: dotted name of a section or, with `field`, of what is in it; empty for the whole.
        sections: the class of that section in each configuration, by its number; None if unknown.
        apart: whether some configurations have no such section, or one of another kind.
    """

    path: str
    sections: Mapping[int, type[Section] | None]
    apart: bool

    def inside(self, field: str) -> str:
        """Dotted name of a field."""
        return f"{self.path}.{field}" if self.path else field


def compare_fields(
    values: Mapping[int, Mapping[str, Any]], where: Where, found: Differences
) -> None:
    """Find differences in the fields of a section.

    Args:
        values: the section in each configuration that has it, by the number of the configuration.
        where: which section it is.
        found: the differences of each configuration; those found are added here.
    """
    kinds = {at: find_kind(value) for at, value in values.items()}
    for field in dict.fromkeys(name for value in values.values() for name in value):
        if field in KINDS and where.path:
            continue  # The section itself is called by it.
        # A field that sections of this kind have is off where it is missing.
        having = {kinds[at] for at, value in values.items() if field in value}
        inner = {at: value.get(field) for at, value in values.items() if kinds[at] in having}
        place = replace(where, apart=where.apart or len(inner) < len(values))
        compare_values(inner, field, place, found)


def compare_values(values: Mapping[int, Any], field: str, where: Where, found: Differences) -> None:
    """Find differences in one field, and in what is inside it.

    Args:
        values: the value in each configuration, by the number of the configuration.
        field: its name.
        where: the section that it is in.
        found: the differences of each configuration; those found are added here.
    """
    there = {at: value for at, value in values.items() if not is_off(value)}
    path = where.inside(field)
    if there and all(isinstance(value, Mapping) for value in there.values()):
        kinds = {find_kind(value) for value in there.values()}
        apart = len(there) < len(values)
        if apart or len(kinds) > 1:
            # A section without a kind is shown by its first field, such as the share held out.
            first = "" if any(kinds) else next(iter(next(iter(there.values()))), "")
            for at, value in values.items():
                known = value.get(first) if first and at in there else value
                found[at][f"{path}.{first}".rstrip(".")] = format_parameter(known)
        compare_fields(there, step_into(there, field, where, path, apart), found)
    elif any(there.values()) and all(map(is_list_of_sections, there.values())):
        if where.apart or len({format_parameter(value or None) for value in values.values()}) > 1:
            tell(values, path, found)
        keyed = {at: key_by_kind(value) for at, value in there.items()}
        for key in dict.fromkeys(key for items in keyed.values() for key in items):
            inner = {at: items[key] for at, items in keyed.items() if key in items}
            apart = len(inner) < len(values)
            place = step_into(inner, field, where, f"{path}.{key}", apart)
            compare_fields(inner, place, found)
    elif len({to_comparable(to_none_if_off(value)) for value in values.values()}) > 1:
        tell(values, path, found)
    elif where.apart:
        for at, value in values.items():
            if not is_usual(value, find_default(where.sections[at], field)):
                found[at][path] = format_parameter(value)


def step_into(
    values: Mapping[int, Mapping[str, Any]], field: str, where: Where, path: str, apart: bool
) -> Where:
    """The place of sections that are the values of a field."""
    sections = {at: find_section(where.sections[at], field, each) for at, each in values.items()}
    return Where(path, sections, where.apart or apart)


def tell(values: Mapping[int, Any], path: str, found: Differences) -> None:
    """Tell the value in each configuration."""
    for at, value in values.items():
        found[at][path] = format_parameter(value)


def find_section(
    section: type[Section] | None, field: str, value: Mapping[str, Any]
) -> type[Section] | None:
    """The class of a section in a field, or in its list; None if there is none that fits."""
    if section is Recipe and field == "model":
        kind = str(value.get("type", "nelec"))
        choices = [resolve(MODELS[kind].section)] if kind in MODELS else []
    else:
        known = None if section is None else section.model_fields.get(field)
        choices = [] if known is None else list(list_sections(known.annotation))
    if len(choices) > 1:
        choices = [choice for choice in choices if fits(choice, value)]
    return choices[0] if choices else None


def list_sections(annotation: Any) -> Iterator[type[Section]]:
    """The sections that a type allows, alone, among others or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for inner in get_args(annotation):
        yield from list_sections(inner)


def fits(section: type[Section], value: Mapping[str, Any]) -> bool:
    """Whether a section can have these values."""
    try:
        section.model_validate(value)
    except ValidationError:
        return False
    return True


def find_default(section: type[Section] | None, field: str) -> Any:
    """The default of a field; `UNKNOWN` if there is none, or no such field."""
    known = None if section is None else section.model_fields.get(field)
    default = UNKNOWN if known is None else known.get_default(call_default_factory=True)
    return UNKNOWN if default is PydanticUndefined else default


def is_usual(value: Any, default: Any) -> bool:
    """Whether a value is the default; one that is off is where there is no default."""
    if default is UNKNOWN:
        return is_off(value)
    return bool(to_comparable(to_none_if_off(value)) == to_comparable(to_none_if_off(default)))


def is_list_of_sections(value: Any) -> bool:
    """Whether a value is a list of mappings; an empty one may be."""
    return isinstance(value, list | tuple) and all(isinstance(each, Mapping) for each in value)


def key_by_kind(items: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Sections of a list by their kinds, those that come again with a number."""
    found: dict[str, Mapping[str, Any]] = {}
    for place, item in enumerate(items, start=1):
        kind = (find_kind(item) or str(place)).replace(".", "_")
        times = sum(key == kind or key.startswith(f"{kind} ") for key in found)
        found[f"{kind} {times + 1}" if times else kind] = item
    return found


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
