"""`emoscope recipes`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emoscope.cli._common import PluginOption

if TYPE_CHECKING:
    from rich.console import Console

    from emoscope.recipes.schema import Recipe

TIME = (
    "Time: of one run on two CPU cores, estimated from measured rates; for base-size encoders on "
    "cores with AVX-512 BF16, and up to all epochs, which early stopping mostly cuts short."
)


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="Show this one as YAML, with every field.")
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="List only the rows of this published table: goemotions …")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Write the list as JSON.")] = False,
    plugin: PluginOption = None,
) -> None:
    """List the trainings that ship, table by table, with what they need; or show one.

    [b]Example:[/b] emoscope recipes --table emocontext
    """
    import json

    from rich.console import Console

    from emoscope.errors import InputError
    from emoscope.recipes.load import load_recipe, recipe_to_yaml
    from emoscope.recipes.shipped import list_recipes, list_tables

    if name is not None:
        if table is not None or json_:
            raise InputError("A recipe is shown as YAML; --table and --json are for the list.")
        typer.echo(recipe_to_yaml(load_recipe(name)), nl=False)
        return
    chosen = list_tables() if table is None else (table,)
    listed = {key: [load_recipe(recipe) for recipe in list_recipes(key)] for key in chosen}
    if json_:
        facts = [describe_recipe(row, key) for key, rows in listed.items() for row in rows]
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for key, rows in listed.items():
        print_table(console, key, rows)
    console.print(TIME)


def describe_recipe(recipe: "Recipe", table: str) -> dict[str, Any]:
    """Describe a recipe: an entry of the list as JSON."""
    corpora = [
        corpus.model_dump(mode="json", include={"name", "languages", "train", "dev", "test"})
        for corpus in recipe.corpora
    ]
    return {
        "name": recipe.name,
        "table": table,
        "description": recipe.description,
        "model": recipe.model.type,
        "encoder": find_encoder(recipe),
        "start": getattr(recipe.model, "start", None),
        "corpora": corpora,
        "needs": recipe.needs,
        "time": recipe.time,
    }


def find_encoder(recipe: "Recipe") -> str:
    """Find the pretrained encoder, or the word vectors of a model without an encoder."""
    return str(getattr(recipe.model, "backbone", recipe.vectors.words))


def print_table(console: "Console", key: str, rows: "Sequence[Recipe]") -> None:
    """A published table: its title, and the recipes of each data set.

    Args:
        console: the console of the terminal.
        key: the key of the table.
        rows: its recipes.
    """
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from emoscope.recipes.published import published

    publication = published(key)
    console.print(Text.assemble((key, "bold"), f"  {publication.title}. {publication.source}"))
    by_needs: dict[str, list[Recipe]] = {}
    for recipe in rows:
        by_needs.setdefault(recipe.needs, []).append(recipe)
    for needs, group in by_needs.items():
        console.print(Padding(Text(f"needs {needs or 'nothing'}", style="dim"), (0, 0, 0, 2)))
        table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
        table.add_column("recipe", no_wrap=True)
        table.add_column("encoder", overflow="fold")
        table.add_column("time", no_wrap=True)
        for recipe in group:
            encoder = find_encoder(recipe).rpartition("/")[2]
            table.add_row(recipe.name, encoder, recipe.time or "–")
        console.print(Padding(table, (0, 0, 0, 2)))
    console.print()
