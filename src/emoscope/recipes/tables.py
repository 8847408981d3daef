"""Published tables as sets of recipes: which rows there are, and where their figures stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from emoscope.errors import InputError
from emoscope.recipes.published import PublishedTable, published
from emoscope.recipes.shipped import list_recipes, list_tables
from emoscope.strict import suggestion


@dataclass(frozen=True)
class TableRecipes:
    """The recipes of a table.

    Attributes:
        key: what `emoscope table` calls it.
        title: for people.
        recipes: names of the recipes, a row each.
        published: the published figures of these rows, and those of other systems.
    """

    key: str
    title: str
    recipes: tuple[str, ...]
    published: PublishedTable


PARTS = {
    "ec-losses": (
        "ec-en",
        "SemEval-2018 Task 1 E-c, English: losses of Demux and MEmo",
        ("demux-ec-en", "demux-ec-en-*", "memo-ec-en*"),
        ("*-bertweet", "*-xlmt*"),
    ),
    "goemotions-losses": (
        "goemotions",
        "GoEmotions: losses of Demux and MEmo",
        ("*-goemotions-bert*",),
        (),
    ),
}
"""Parts of tables that papers print by themselves: table, title, patterns of their recipes, and
patterns of those that are left out."""


def list_table_keys() -> tuple[str, ...]:
    """Keys of all tables."""
    return tuple(sorted([*list_tables(), *PARTS]))


def find_table_recipes(key: str, only: Sequence[str] = ()) -> TableRecipes:
    """Find the recipes of a table.

    Args:
        key: key of the table.
        only: patterns of recipes, such as `demux-*`; all recipes if empty.

    Raises:
        InputError: there is no such table, or no recipe of it has such a name.
    """
    if key not in list_table_keys():
        known = list_table_keys()
        raise InputError(
            f"No table {key!r}; {suggestion(key, known)} `emoscope table --list` tells about them."
        )
    whole, title, chosen, left_out = PARTS.get(key) or (key, published(key).title, ("*",), ())
    recipes = [
        name
        for name in list_recipes(whole)
        if matches(name, chosen) and not matches(name, left_out)
    ]
    for pattern in only:
        if not matches_any(recipes, pattern):
            raise InputError(
                f"--only {pattern!r}: no recipe of {key} has such a name; it has "
                f"{', '.join(recipes)}."
            )
    kept = tuple(name for name in recipes if not only or matches(name, only))
    return TableRecipes(key, title, kept, published(whole))


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name fits one of several patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def matches_any(names: Sequence[str], pattern: str) -> bool:
    """Whether one of several names fits a pattern."""
    return any(fnmatchcase(name, pattern) for name in names)
