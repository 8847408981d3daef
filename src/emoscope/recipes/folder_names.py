"""What the folder of a recipe's experiment log is called by: values made from the recipe's fields.

The order and the values are those of the published toolkit, whose folders are called, for example,
`English(train),English(dev),None,bertweet-base,None,None,cossim,False,0.2,intra_exp_diff,False,None`.
Names of parameters that begin with an underscore come first.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from emoscope.errors import InputError
from emoscope.recipes.schema import CorpusSection, Recipe
from emoscope.registry import MODELS
from emoscope.strict import flatten, suggestion

DEFAULT = "default"
"""In a list of naming parameters: those of the model."""
OPTIONAL = ("_dev", "_test", "_without")
"""Left out of a name where there is none, as the published toolkit does; others are then `None`."""
LANGUAGES = {
    "en": "English",
    "es": "Spanish",
    "ar": "Arabic",
    "fr": "French",
    "de": "German",
    "hi": "Hindi",
    "pt": "Portuguese",
    "ru": "Russian",
    "zh": "Chinese",
    "eng": "English",
    "esp": "Spanish",
    "deu": "German",
    "hin": "Hindi",
}
"""Languages by their code; others are shown by their code."""


def name_splits(
    sections: Iterable[CorpusSection], splits_of: Callable[[CorpusSection], Iterable[str]]
) -> str | None:
    """Name texts by language, or corpus, and split: `English+Spanish(train;dev)`.

    Args:
        sections: the corpora of a recipe.
        splits_of: the splits of a corpus that are meant.

    Returns:
        None if there is no such split.
    """
    sections = list(sections)
    several = len({section.title for section in sections}) > 1
    splits_by_place: dict[str, list[str]] = {}
    for section in sections:
        splits = [Path(split).stem for split in splits_of(section)]
        for place in name_places(section, several) if splits else ():
            splits_by_place.setdefault(place, []).extend(splits)
    groups: dict[tuple[str, ...], list[str]] = {}
    for place, splits in splits_by_place.items():
        groups.setdefault(tuple(dict.fromkeys(splits)), []).append(place)
    named = [f"{'+'.join(places)}({';'.join(splits)})" for splits, places in groups.items()]
    return "+".join(named) or None


def name_places(section: CorpusSection, several: bool) -> list[str]:
    """Name the languages of a corpus, or the corpus if it says none.

    Args:
        section: the corpus.
        several: whether there are other corpora too, so that a language alone is not enough.
    """
    if not section.languages:
        return [section.title]
    prefix = f"{section.title} " if several else ""
    return [prefix + name_language(code) for code in section.languages]


def name_language(code: str) -> str:
    """Name a language; one that texts were translated into by machine is `Spanish-Tr`."""
    plain = code.removesuffix("-tr")
    return LANGUAGES.get(plain, plain) + ("-Tr" if plain != code else "")


def derive_values(recipe: Recipe) -> dict[str, Any]:
    """Make the values of the naming parameters that are no fields of a recipe themselves."""
    start, backbone = (getattr(recipe.model, name, None) for name in ("start", "backbone"))
    exclude = dict.fromkeys(name for section in recipe.corpora for name in section.exclude)
    local, global_ = recipe.objective.local_loss, recipe.objective.global_loss
    weights = None
    if local is not None and local.weights != "none":
        weights = local.transform + ("+1" if local.plus_one else "")
    return {
        "_data": name_splits(recipe.corpora, lambda section: section.train_splits),
        "_dev": name_splits(recipe.corpora, lambda section: filter(None, [section.dev])),
        "_from": None if start is None else Path(start).name,
        "_model": None if backbone is None else Path(backbone).name,
        "_test": name_splits(recipe.corpora, lambda section: filter(None, [section.test])),
        "_without": "+".join(exclude) or None,
        "alpha": recipe.mix.alpha,
        "global_coefficient": None if global_ is None else global_.coefficient,
        "global_distance": "cossim" if global_ is None else global_.distance,
        "global_prior": global_ is not None and global_.correlation == "wheel",
        "local_coefficient": None if local is None else local.coefficient,
        "local_loss": None if local is None else f"{local.name}_{local.distance}",
        "local_prior": local is not None and local.weights == "wheel",
        "local_weights": weights,
    }


def choose_naming_values(recipe: Recipe) -> dict[str, Any]:
    """Choose the parameters, with their values, that a recipe's folder is called by.

    An entry of `recipe.naming` is a derived parameter (`_data`, `local_loss` …), a field
    (`training.epochs`), `default` for all that the model is called by, or either with the text to
    show instead of the value (`_model=large`).

    Raises:
        InputError: there is no such parameter.
    """
    derived = derive_values(recipe)
    fields = recipe.model_dump(mode="json")
    default = MODELS[recipe.model.type].naming
    chosen: dict[str, Any] = {}
    for entry in recipe.naming or (DEFAULT,):
        name, shown, text = entry.partition("=")
        names = default if name == DEFAULT and not shown else (name,)
        for parameter in names:
            value = find_value(parameter, derived, fields)
            chosen[parameter] = text if shown else value
    return {
        name: value for name, value in chosen.items() if name not in OPTIONAL or value is not None
    }


def find_value(name: str, derived: Mapping[str, Any], fields: Mapping[str, Any]) -> Any:
    """Find the value of a naming parameter; None where its section is off."""
    if name in derived:
        return derived[name]
    value: Any = fields
    for part in name.split("."):
        if value is None:
            break  # A section that is off.
        if not isinstance(value, Mapping) or part not in value:
            known = (DEFAULT, *derived, *flatten(fields))
            raise InputError(
                f"naming: no parameter {name!r} to call a folder by; {suggestion(name, known)} "
                f"Expected {DEFAULT}, one of {', '.join(derived)}, or a field such as "
                "training.epochs; after = the text to show for it."
            )
        value = value[part]
    if isinstance(value, Mapping):
        return "+".join(f"{key}={item}" for key, item in flatten(value).items()) or None
    return value
