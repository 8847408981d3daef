"""What tells configurations apart, and what to call them by it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from emoscope.experiments.naming import comparable, flatten, is_off, show_value

KINDS = ("type", "kind", "name")
"""Fields that say what a section is, the most telling first."""
# Of people, or of a run; they do not make a configuration.
UNTOLD = ("name", "description", "needs", "time", "seed")
MOST = 3
"""Differences in a name; with more, it is no longer read."""
VAGUE = (*KINDS, "coefficient", "correlation", "distance", "share", "target", "weights", "words")
"""Fields that mean something only with their section."""


def differences(params: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The parameters whose values are not the same in all configurations.

    A section that only some have, such as a loss, is one difference, and what it says inside is
    compared between those that have it. A parameter that is off (None, False) or not there is
    `none`.

    Args:
        params: of each configuration, nested.

    Returns:
        For each configuration readable values by dotted names, in the order of the parameters.
    """
    found: list[dict[str, str]] = [{} for _ in params]
    kept = [
        {name: value for name, value in values.items() if name not in UNTOLD} for values in params
    ]
    compare_values(dict(enumerate(kept)), "", found)
    return found


def compare_values(values: Mapping[int, Any], path: str, found: list[dict[str, str]]) -> None:
    """Note where some configurations' values of one parameter or section differ.

    Args:
        values: by the number of the configuration.
        path: dotted name of what they are the values of.
        found: gets the differences.
    """
    there = {at: value for at, value in values.items() if not is_off(value)}
    if not there:
        return
    if not all(isinstance(value, Mapping) for value in there.values()):
        if len({comparable(off_as_none(value)) for value in values.values()}) > 1:
            for at, value in values.items():
                found[at][path] = format_value(value)
        return
    kinds = {at: kind_of(value) for at, value in there.items()}
    if path and (len(there) < len(values) or len(set(kinds.values())) > 1):
        # A section that does not say what it is goes by its first field, as the share held out.
        field = "" if any(kinds.values()) else f".{next(iter(next(iter(there.values()))), '')}"
        for at, value in values.items():
            known = value.get(field[1:]) if field and at in there else value
            found[at][f"{path}{field}".rstrip(".")] = format_value(known)
    for kind in dict.fromkeys(kinds.values()):
        alike = {at: value for at, value in there.items() if kinds[at] == kind}
        for name in dict.fromkeys(name for value in alike.values() for name in value):
            inner = {at: value.get(name) for at, value in alike.items()}
            compare_values(inner, f"{path}.{name}" if path else name, found)


def kind_of(section: Mapping[str, Any]) -> str | None:
    """What a section says it is."""
    return next((str(section[name]) for name in KINDS if section.get(name) is not None), None)


def off_as_none(value: Any) -> Any:
    """The one value of parameters that are off."""
    return None if is_off(value) else value


def format_value(value: Any) -> str:
    """A value in a name."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return kind_of(value) or ", ".join(
            f"{k}={show_value(v)}" for k, v in flatten(value).items()
        )
    if isinstance(value, list | tuple):
        return "+".join(map(format_value, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def names(
    found: Sequence[Mapping[str, str]], recipes: Sequence[str], folders: Sequence[str]
) -> list[str]:
    """A short name of each configuration, no two the same.

    What differs, as `local_loss=intra`; the recipes' names where much differs and they are not the
    same; otherwise the fewest parameters that tell them apart. Folders where nothing else does.

    Args:
        found: their differences.
        recipes: name of each one's recipe; may be empty.
        folders: name of each one's folder.
    """
    keys = list(dict.fromkeys(key for item in found for key in item))
    chosen = keys if len(keys) <= MOST else fewest(found, keys)
    short = shortened(chosen)
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
    # Folders of one name in two places.
    return [
        name if times[name] == 1 else f"{name} #{place}" for place, name in enumerate(made, start=1)
    ]


def fewest(found: Sequence[Mapping[str, str]], keys: Sequence[str]) -> list[str]:
    """Parameters that tell configurations apart, each time the one that tells apart the most."""
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


def shortened(keys: Sequence[str]) -> dict[str, str]:
    """Each dotted name by as few of its last parts as no other one has, and as say something."""
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
