"""Published results, shown as rows beside one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emoscope.errors import InputError
from emoscope.experiments.configurations import Split
from emoscope.metrics.metric import Metric, read_metric
from emoscope.recipes.published import PublishedTable, find_published_table


@dataclass(frozen=True)
class Reference:
    """A row of a published table.

    Attributes:
        name: name of the system in the publication.
        results: the mean and the standard deviation of each metric, in [0, 1]; a standard deviation
            that was not published is None.
        source: the publication, and a note on the row if there is one.
    """

    name: str
    results: Mapping[Metric, tuple[float, float | None]]
    source: str


def find_references(recipes: Sequence[str], split: Split) -> list[Reference]:
    """The rows, measured on a split, of the published tables that recipes reproduce.

    Args:
        recipes: names of the recipes of the configurations.
        split: the split that is compared.

    Raises:
        InputError: no recipe reproduces a row of a published table, or nothing was published for
            the split.
    """
    tables: list[PublishedTable] = []
    for recipe in recipes:
        table = find_published_table(recipe)
        if table is not None and table not in tables:
            tables.append(table)
    named = ", ".join(dict.fromkeys(recipe or "without a name" for recipe in recipes))
    if not tables:
        raise InputError(
            f"--reference published: expected recipes that `emoscope recipes` lists, which are "
            f"rows of published tables; these configurations are of {named}."
        )
    rows = [row for table in tables for row in table.rows]
    found = [
        Reference(
            name=row.name,
            results={
                metric.at_fixed_threshold() if row.half else metric: (figure.mean, figure.sd)
                for name, figure in row.metrics.items()
                if (metric := read_metric(name)) is not None
            },
            source=f"{row.source} ({row.note})" if row.note else row.source,
        )
        for row in rows
        if row.split == split
    ]
    if not found:
        others = ", ".join(dict.fromkeys(row.split for row in rows))
        instead = f"those published are of {others}" if others else "none are at hand"
        raise InputError(
            f"--reference published: no figures on {split} in "
            f"{', '.join(table.title for table in tables)}; {instead}."
        )
    return found
