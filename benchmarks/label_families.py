"""Families of feelings that a training leaves out, so that one can measure what it knows of them.

    python benchmarks/label_families.py [RECIPE] > left-out.yaml
    emoscope train left-out.yaml --data-dir DIR --output FOLDER

prints a recipe that `extends` another one, embedded by default. It trains on no label of any corpus
that is a word of these families, and holds none where the encoder had it. Such a word cannot come
in as another form of a label's word (`model.swap_forms`) either. `any_labels.py` asks for them.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from emoscope.corpora import emoji
from emoscope.corpora.feelings import load_feelings
from emoscope.recipes.load import is_shipped, load_recipe
from emoscope.recipes.schema import CorpusSection
from emoscope.taxonomy import Label, Taxonomy


@dataclass(frozen=True)
class Family:
    """Words for one feeling.

    Attributes:
        words: labels of EDOS or Event2Mind, which are asked for.
        related: further words that a training leaves out.
    """

    words: tuple[str, ...]
    related: tuple[str, ...] = ()


FAMILIES: Mapping[str, Family] = {
    "nostalgia": Family(("nostalgic", "sentimental")),
    "jealousy": Family(("jealous", "envious")),
    "loneliness": Family(("lonely", "alone", "isolated"), ("lonesome",)),
    "guilt, shame": Family(
        ("guilty", "ashamed", "shameful", "remorseful", "regretful"), ("sorry",)
    ),
    "hope": Family(("hopeful", "wishing", "optimistic"), ("wishful",)),
    "trust": Family(("trusting", "faithful"), ("trusted", "loyal")),
}


def words_left_out() -> frozenset[str]:
    """All words of the families, with the other forms that the inventory of feelings has of them.

    Whole families of the inventory are left out, so that no label that stays has a form that is
    left out.
    """
    named = {word for family in FAMILIES.values() for word in (*family.words, *family.related)}
    touched = [forms for forms in load_feelings().values() if named & set(forms)]
    return frozenset(named.union(*touched))


def labels_of(section: CorpusSection) -> tuple[Label, ...]:
    """The labels that a section of a recipe trains on, but for what it excludes."""
    name = emoji.TAXONOMY if section.name == "emoji" else section.taxonomy or section.name
    return tuple(x for x in Taxonomy.load(name).labels if x.name not in section.exclude)


def left_out(section: CorpusSection) -> list[str]:
    """The labels of a corpus that are left out, with those that its section leaves out anyway."""
    words = words_left_out()
    return [
        *section.exclude,
        *(x.name for x in labels_of(section) if words & {x.name, *x.words}),
    ]


def recipe_left_out(name: str = "embedded") -> dict[str, Any]:
    """A recipe as another one, but without the families, as YAML holds it.

    Args:
        name: of the other recipe, or its file.
    """
    recipe = load_recipe(name)
    values: dict[str, Any] = {
        "name": f"{recipe.name}-left-out",
        "extends": name if is_shipped(name) else str(Path(name).resolve()),
        "description": f"{recipe.name} without the words of {'; '.join(FAMILIES)}.",
        "corpus": {"exclude": left_out(recipe.corpus)},
        "mix": {"corpora": [mixed(section) for section in recipe.mix.corpora]},
    }
    anchor = recipe.objective.anchor
    if anchor is not None:
        held = [word for word in inventory() if word in words_left_out()]
        values["objective"] = {"anchor": {"exclude": [*anchor.exclude, *held]}}
    return values


def mixed(section: CorpusSection) -> dict[str, Any]:
    """A corpus of a mixture without the families; a list of a recipe is replaced as a whole."""
    return section.model_dump(mode="json", exclude_defaults=True) | {"exclude": left_out(section)}


def inventory() -> Iterator[str]:
    """All forms of the inventory of feelings."""
    return (form for forms in load_feelings().values() for form in forms)


def main() -> None:
    """Print the recipe."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", nargs="?", default="embedded", help="name or file")
    recipe = recipe_left_out(parser.parse_args().recipe)
    print(yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=100), end="")


if __name__ == "__main__":
    main()
