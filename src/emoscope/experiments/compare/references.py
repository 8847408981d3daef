"""Published results, shown as rows beside one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emoscope.errors import InputError
from emoscope.experiments.configurations import Split
from emoscope.experiments.published_data import explain_other_data
from emoscope.metrics.metric import Metric, read_metric
from emoscope.recipes.published import PublishedRow, PublishedTable, find_published_table


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


@dataclass(frozen=True)
class References:
    """The published rows that may stand beside some configurations, and what was left out.

    Attributes:
        rows: those measured on the same corpus, split and labels as the configurations.
        left_out: sentences that say which rows were left out, and why.
    """

    rows: tuple[Reference, ...] = ()
    left_out: tuple[str, ...] = ()


def find_references(
    params: Sequence[Mapping[str, Any]], split: Split, texts: int | None = None
) -> References:
    """The rows of the published tables that recipes reproduce, of the same data and split.

    Args:
        params: the parameters of the configurations, which share their texts and labels.
        split: the split that is compared.
        texts: number of texts of it.

    Raises:
        InputError: no recipe reproduces a row of a published table, or nothing was published for
            the split.
    """
    tables: list[PublishedTable] = []
    recipes = [str(values.get("name") or "") for values in params]
    for recipe in recipes:
        table = find_published_table(recipe)
        if table is not None and table not in tables:
            tables.append(table)
    if not tables:
        named = ", ".join(dict.fromkeys(recipe or "without a name" for recipe in recipes))
        raise InputError(
            f"--reference published: expected recipes that `emoscope recipes` lists, which are "
            f"rows of published tables; these configurations are of {named}."
        )
    rows = [row for table in tables for row in table.rows]
    titles = ", ".join(table.title for table in tables)
    of_split = [row for row in rows if row.split == split]
    if not of_split:
        others = ", ".join(dict.fromkeys(row.split for row in rows))
        instead = f"those published are of {others}" if others else "none are at hand"
        raise InputError(f"--reference published: no figures on {split} in {titles}; {instead}.")
    measured = find_languages(params, split)
    of_language = [row for row in of_split if set(row.languages or measured) & measured]
    shown: list[Reference] = []
    names_by_reason: dict[str, list[str]] = {}
    for row in of_language or of_split:
        reasons: dict[str, str] = {}
        for recipe, values in zip(recipes, params, strict=True):
            reason = explain_other_data(values, row, texts)
            if reason is not None:
                reasons.setdefault(reason, recipe)
        if not reasons:
            shown.append(make_reference(row))
        for reason, recipe in reasons.items():
            names_by_reason.setdefault(f"{recipe}: {reason}", []).append(row.name)
    left_out = tuple(
        f"Published, but not of the same data ({reason}): {'; '.join(names)}."
        for reason, names in names_by_reason.items()
    )
    return References(tuple(shown), left_out)


def find_languages(params: Sequence[Mapping[str, Any]], split: Split) -> set[str]:
    """The languages of the texts that configurations are measured on, where recipes name them."""
    return {
        language
        for values in params
        for section in (values["corpus"], *(values.get("mix") or {}).get("corpora", ()))
        if section.get(split) is not None
        for language in section.get("languages") or ()
    }


def make_reference(row: PublishedRow) -> Reference:
    """Make a row for a comparison."""
    return Reference(
        name=row.name,
        results={
            metric.at_fixed_threshold() if row.half else metric: (figure.mean, figure.sd)
            for name, figure in row.metrics.items()
            if (metric := read_metric(name)) is not None
        },
        source=f"{row.source} ({row.note})" if row.note else row.source,
    )
