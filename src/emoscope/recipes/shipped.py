"""The recipes that ship, a folder for each published table."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from emoscope.errors import InputError
from emoscope.strict import suggestion

SUFFIX = ".yaml"


@cache
def find_recipe_files() -> dict[str, dict[str, Traversable]]:
    """The file of each recipe by its name, for each table by its key, both in order."""
    folders = sorted(
        (entry for entry in files("emoscope.recipes").iterdir() if entry.is_dir()),
        key=lambda folder: folder.name,
    )
    tables = {
        folder.name: {
            entry.name.removesuffix(SUFFIX): entry
            for entry in sorted(folder.iterdir(), key=lambda entry: entry.name.removesuffix(SUFFIX))
            if entry.name.endswith(SUFFIX)
        }
        for folder in folders
    }
    return {table: recipes for table, recipes in tables.items() if recipes}


def list_tables() -> tuple[str, ...]:
    """Keys of the published tables that there are recipes for."""
    return tuple(find_recipe_files())


def list_recipes(table: str) -> tuple[str, ...]:
    """Names of the recipes of a table.

    Raises:
        InputError: no such table.
    """
    if table not in find_recipe_files():
        raise InputError(f"No table {table!r} of recipes; {suggestion(table, list_tables())}")
    return tuple(find_recipe_files()[table])


def find_table(recipe: str) -> str | None:
    """Find the key of the table that a recipe belongs to; None if it does not ship."""
    return next(
        (table for table, recipes in find_recipe_files().items() if recipe in recipes), None
    )


@cache
def read_shipped_text(recipe: str) -> str | None:
    """The YAML of a recipe by its name; None if none of this name ships."""
    table = find_table(recipe)
    if table is None:
        return None
    return find_recipe_files()[table][recipe].read_text(encoding="utf-8")
