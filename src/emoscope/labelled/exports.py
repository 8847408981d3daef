"""Exports of labelling tools as rows of a table.

doccano's JSONL and CSV are such rows already, and so are Label Studio's CSV and short JSON, whose
cells `split_cell` reads. Label Studio's full JSON has a task in each row.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from emoscope.reading.row_formats import Row

__all__ = ["flatten_tasks"]


def flatten_tasks(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of a table, whatever they come from: those of Label Studio's tasks are made flat.

    A task becomes a row with its data, its id, and for each group of choices a column of its name
    with the labels that at least half of its annotators chose; null where nobody annotated it.

    Args:
        rows: of a file, all tasks or all something else.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    if not _is_task(first.values):
        yield from chain((first,), rows)
        return
    tasks = [(row, _count_choices(row.values)) for row in chain((first,), rows)]
    controls = dict.fromkeys(name for _, (_, counts) in tasks for name in counts)
    for row, (annotators, counts) in tasks:
        data = row.values.get("data")
        values = dict(data) if isinstance(data, dict) else {}
        values.setdefault("id", row.values.get("id", row.line))
        for name in controls:
            votes = counts.get(name, Counter())
            chosen = [label for label, times in votes.items() if 2 * times >= annotators]
            # As a short export has them, so that the column is found whatever it is called.
            values[name] = {"choices": chosen} if annotators else None
        yield Row(row.line, values)


def _is_task(values: Mapping[str, Any]) -> bool:
    return isinstance(values.get("data"), dict) and isinstance(
        values.get("annotations", values.get("completions")), list
    )


def _count_choices(values: Mapping[str, Any]) -> tuple[int, dict[str, Counter[str]]]:
    """How many annotated a task, and how often each label of each control was chosen."""
    found: dict[str, Counter[str]] = {}
    annotators = 0
    given = values.get("annotations", values.get("completions"))
    for annotation in given if isinstance(given, list) else ():
        if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
            continue
        annotators += 1
        results = annotation.get("result")
        for result in results if isinstance(results, list) else ():
            value = result.get("value") if isinstance(result, dict) else None
            choices = value.get("choices") if isinstance(value, dict) else None
            if isinstance(choices, list):
                name = str(result.get("from_name") or "choices")
                found.setdefault(name, Counter()).update(dict.fromkeys(map(str, choices), 1))
    return annotators, found
