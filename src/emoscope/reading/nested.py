"""Values inside of values, by a path such as `data.text` or `messages[].content`."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from emoscope.reading.row import Row

EACH = "[]"
_MISSING = object()


def get_value(values: Mapping[str, Any], path: str) -> Any:
    """The value of a column, or of a path into a nested one; None if there is none.

    A column that is called as the path goes first. Of a list (`messages[].content`) it is the list
    of the values of its elements, without those that have none.
    """
    if path in values:
        return values[path]
    found = _follow(values, path)
    return None if found is _MISSING else found


def has_value(values: Mapping[str, Any], path: str) -> bool:
    """Whether a row has a column, or what a path leads to."""
    return path in values or _follow(values, path) is not _MISSING


def find_paths(values: Mapping[str, Any], limit: int = 8) -> list[str]:
    """Paths to the texts inside of a row's nested values, some of them, for a hint."""
    paths: list[str] = []
    waiting: list[tuple[str, Any]] = [
        (name, value) for name, value in values.items() if isinstance(value, dict | list)
    ]
    while waiting and len(paths) < limit:
        path, value = waiting.pop(0)
        if isinstance(value, list):
            path, value = path + EACH, value[0] if value else None
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}", each) for key, each in list(value.items())[:50]]
        elif isinstance(value, str):
            paths.append(path)
    return paths


def split_list_path(path: str) -> str | None:
    """The part of a path that leads to its first list, with `[]`; None without one."""
    start, mark, _ = path.partition(EACH)
    return start + mark if mark and start else None


def explode_row(row: Row, path: str, identity: str | None, text: str) -> Iterator[Row]:
    """A row for each element of a list in a row.

    The list's own column gives way to columns such as `messages[].content`, one for each key of the
    element; the others are repeated. The id gets the element's number: `d1.1`, `d1.2`. A row whose
    list is empty, or that has none, stays a row without text.

    Args:
        row: the row.
        path: a path that ends in `[]`.
        identity: column of the ids; without one the row's number is put into the column `id`.
        text: path of the text.
    """
    elements = get_value(row.values, path.removesuffix(EACH))
    if not isinstance(elements, list):
        yield row
        return
    column = path.removesuffix(EACH).split(".")[0]
    kept = {name: value for name, value in row.values.items() if name != column}
    if identity is None or not identity.startswith(path):
        identity = identity or "id"
        start = get_value(row.values, identity)
        start = row.line if start is None else start
    else:
        start = None
    if not elements:
        yield Row(row.line, {**kept, text: None})
    for number, element in enumerate(elements, 1):
        own = element if isinstance(element, dict) else None
        fields = {path: element} if own is None else {f"{path}.{k}": v for k, v in own.items()}
        name = {} if start is None else {identity: f"{start}.{number}"}
        yield Row(row.line, {**kept, **name, **fields})


def _follow(value: Any, path: str) -> Any:
    """What a path leads to, or `_MISSING`."""
    step, _, rest = path.partition(".")
    name, each, _ = step.partition(EACH)
    if not isinstance(value, Mapping):
        return _MISSING
    if name not in value:
        # A key may hold a dot itself.
        longer = [key for key in value if isinstance(key, str) and path.startswith(key + ".")]
        if not longer:
            return _MISSING
        name = max(longer, key=len)
        return _follow(value[name], path[len(name) + 1 :])
    found = value[name]
    if not each:
        return _follow(found, rest) if rest else found
    if not isinstance(found, list):
        return _MISSING
    if not rest:
        return found
    parts = [_follow(element, rest) for element in found]
    known = [part for part in parts if part is not _MISSING]
    return list(chain.from_iterable(known)) if EACH in rest else known
