"""Published metrics, to compare with one's own."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import Field, PositiveInt, TypeAdapter, model_validator

from emoscope.errors import InputError
from emoscope.recipes.section import Section
from emoscope.recipes.shipped import find_table
from emoscope.strict import suggestion


class Figure(NamedTuple):
    """A published metric value.

    Attributes:
        mean: from 0 to 1; the only value where there was one run, or nobody says how many.
        sd: standard deviation over runs, where it is published.
    """

    mean: float
    sd: float | None = None


class PublishedRow(Section):
    """One system in a published table.

    Attributes:
        name: the name of the system, as the table calls it.
        recipe: the recipe that repeats it; None of somebody else's system.
        split: measured on.
        half: labels were cut at ½, so that it compares with our metrics at ½.
        source: paper or page.
        note: what else to know.
        corpus: what was measured on; None where that is not one corpus that recipes name.
        languages: of the texts; None where the corpus has one, or all count.
        unseen: whether it was trained without these languages; None where that is not known.
        exclude: labels that were left out, as a recipe's `corpus.exclude`.
        texts: number of texts of the split, where it is known.
        metrics: values by the names of metrics: `micro_f1`, `jaccard`, `joy_f1` …
    """

    name: str
    recipe: str | None = None
    split: Literal["dev", "test"] = "test"
    half: bool = False
    source: str
    note: str = ""
    corpus: str | None = None
    languages: tuple[str, ...] | None = None
    unseen: bool | None = None
    exclude: tuple[str, ...] = ()
    texts: PositiveInt | None = None
    metrics: dict[str, Figure]


class PublishedTable(Section):
    """A published table; without rows if its values are not available.

    Attributes:
        title: for people.
        source: paper or page.
        of: the value that the printed numbers are relative to, e.g. 100; those of `rows` are
            relative to 1.
        half: see `PublishedRow`, where a row does not say.
        corpus: likewise.
        languages: likewise.
        exclude: likewise.
        sizes: number of texts of each split.
        sizes_by_language: the same of each language, for rows that say `by_language` in place of
            `metrics`: each language of theirs is a row of its own.
        rows: the systems, in their order.
    """

    title: str
    source: str
    of: PositiveInt = 1
    half: bool = False
    corpus: str | None = None
    languages: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    sizes: dict[str, PositiveInt] = Field({})
    sizes_by_language: dict[str, dict[str, PositiveInt]] = Field({})
    rows: tuple[PublishedRow, ...] = Field(())

    @model_validator(mode="before")
    @classmethod
    def _what_is_the_same(cls, values: Any) -> Any:
        """What the table says for all of its rows, written into each."""
        of = values.get("of", 1)
        same = ("source", "half", "corpus", "languages", "exclude")
        common = {name: values[name] for name in same if name in values}
        rows = [
            {
                **common,
                "texts": sizes.get(row.get("split", "test")),
                **row,
                "metrics": {k: parse_figure(v, of) for k, v in row["metrics"].items()},
            }
            for row, sizes in expand_rows(values)
        ]
        return {**values, "rows": rows}


def expand_rows(table: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, int]]]:
    """The rows of a table, one for each language where they say so, with the sizes of splits."""
    for row in table.get("rows", ()):
        if "by_language" not in row:
            yield row, table.get("sizes", {})
            continue
        same = {name: value for name, value in row.items() if name != "by_language"}
        for language, metrics in row["by_language"].items():
            own = {"name": f"{row['name']} ({language})", "languages": [language]}
            sizes = table.get("sizes_by_language", {}).get(language, {})
            yield {**same, **own, "metrics": metrics}, sizes


def parse_figure(printed: float | list[float], of: int) -> Figure:
    """Parse `49.2` or `[49.2, 0.5]` and scale it to [0, 1]."""
    values = printed if isinstance(printed, list) else [printed]
    # Rounded, because 58.1 / 100 is not exactly 0.581 in binary.
    return Figure(*(round(value / of, 6) for value in values))


@cache
def load_published_tables() -> dict[str, PublishedTable]:
    """All of them, by the key that `emoscope recipes --table` takes too."""
    text = (files("emoscope.recipes") / "published.yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, PublishedTable]).validate_python(yaml.safe_load(text))


def published(table: str) -> PublishedTable:
    """The published values of a table.

    Args:
        table: its key, such as `"goemotions"`.

    Raises:
        InputError: no such table.
    """
    known = load_published_tables()
    if table not in known:
        raise InputError(f"No published table {table!r}; {suggestion(table, tuple(known))}")
    return known[table]


def find_published_table(recipe: str) -> PublishedTable | None:
    """Find the table that a recipe belongs to; None if the recipe does not ship.

    The row of the recipe, if its values are published, names it in `recipe`.

    Args:
        recipe: name of the recipe.
    """
    table = find_table(recipe)
    return None if table is None else published(table)
