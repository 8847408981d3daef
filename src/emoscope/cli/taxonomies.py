"""`emoscope taxonomies`."""

from typing import Annotated

import typer


def taxonomies(
    name: Annotated[
        str | None,
        typer.Argument(help="Show this one: a name, name:language, or a YAML or JSON file."),
    ] = None,
) -> None:
    """List the label sets that ship with emoscope, or show one with its words.

    [b]Example:[/b] emoscope taxonomies semeval2018:es
    """
    from rich.console import Console
    from rich.table import Table

    from emoscope.taxonomy import Taxonomy, builtin_taxonomies

    table = Table(header_style="bold")
    if name is None:
        for column in ("taxonomy", "labels", "a text has", "languages", "names"):
            table.add_column(column)
        for known in builtin_taxonomies():
            taxonomy = Taxonomy.load(known)
            kind = "one label" if taxonomy.exclusive else "any number"
            languages, names = ", ".join(taxonomy.languages), ", ".join(taxonomy.names)
            table.add_row(known, str(len(taxonomy)), kind, languages, names)
    else:
        taxonomy = Taxonomy.load(name)
        kind = "one label a text" if taxonomy.exclusive else "any number of labels a text"
        table.title = f"{taxonomy.name} ({taxonomy.language}), {kind}"
        for column in (
            "label",
            "words",
            "in averages",
            *(("made of",) if taxonomy.made_of else ()),
        ):
            table.add_column(column)
        for label in taxonomy.labels:
            averaged = "no" if label.name in taxonomy.ignored else "yes"
            parts = (", ".join(taxonomy.made_of.get(label.name, ())),) if taxonomy.made_of else ()
            table.add_row(label.name, ", ".join(label.words), averaged, *parts)
    Console().print(table)
