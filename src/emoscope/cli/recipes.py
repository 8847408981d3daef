"""`emoscope recipes`."""

from typing import Annotated

import typer


def recipes(
    name: Annotated[str | None, typer.Argument(help="Show this one as YAML.")] = None,
) -> None:
    """List the trainings that ship with emoscope, or show one with every field.

    [b]Example:[/b] emoscope recipes nelec-sample
    """
    from rich.console import Console
    from rich.table import Table

    from emoscope.recipes.load import builtin_recipes, load_recipe, to_yaml

    if name is not None:
        typer.echo(to_yaml(load_recipe(name)), nl=False)
        return
    table = Table(header_style="bold", show_lines=True)
    for column in ("recipe", "what it trains", "needs"):
        table.add_column(column)
    for known in builtin_recipes():
        recipe = load_recipe(known)
        table.add_row(recipe.name, recipe.description, recipe.needs or "nothing")
    Console().print(table)
