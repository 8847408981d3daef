"""Whether a configuration was measured on what a published row was measured on."""

from collections.abc import Mapping
from typing import Any

from emoscope.recipes.published import PublishedRow
from emoscope.recipes.schema import METADATA, CorpusSection, Recipe


def explain_other_data(
    params: Mapping[str, Any], row: PublishedRow, texts: int | None = None
) -> str | None:
    """Explain why a published row must not stand beside a configuration; None if it may.

    It may where corpus, language, split and labels are the same, and the number of texts too if
    both are known.

    Args:
        params: the parameters in a log.
        row: the published row.
        texts: number of texts that the configuration was measured on.
    """
    try:
        recipe = Recipe.model_validate({k: v for k, v in params.items() if k not in METADATA})
    except ValueError:
        return "its configuration is no recipe of this version"
    if row.corpus is None:
        return "the publication's figures are not of one corpus"
    measured = [section for section in recipe.corpora if getattr(section, row.split) is not None]
    if not measured:
        return f"it was not measured on {row.split}"
    for section in measured:
        reason = explain_other_section(section, row)
        if reason is not None:
            return reason
    trained = {each for part in recipe.corpora if part.train for each in part.languages or ()}
    seen = trained & set(row.languages or ())
    if row.unseen is not None and row.unseen == bool(seen):
        named = ", ".join(row.languages or ())
        ours, theirs = ("on", "without") if seen else ("without", "on")
        return f"it was trained {ours} {named}, the publication's system {theirs} it"
    if row.texts is not None and texts is not None and texts != row.texts:
        return f"it was measured on {texts:,} texts, the publication on {row.texts:,}"
    return None


def explain_other_section(section: CorpusSection, row: PublishedRow) -> str | None:
    """Explain in what the texts or labels of a corpus are others than those of a row."""
    if section.name != row.corpus:
        return f"it was measured on {section.name}, the publication on {row.corpus}"
    split = getattr(section, row.split)
    if split != row.split:
        return f"its {row.split} split is {split}"
    if section.taxonomy is not None:
        return f"its labels are those of {section.taxonomy}"
    if set(section.exclude) != set(row.exclude):
        ours, theirs = (", ".join(names) or "none" for names in (section.exclude, row.exclude))
        return f"labels left out of it: {ours}; in the publication: {theirs}"
    if row.languages is not None and set(section.languages or ()) != set(row.languages):
        ours = ", ".join(section.languages or ()) or "not named"
        return f"its languages are {ours}, in the publication {', '.join(row.languages)}"
    return None
