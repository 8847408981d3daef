"""Find a recipe, apply overrides, check it."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from emoscope.errors import InputError, explain_os_error
from emoscope.plugins import check_plugins
from emoscope.recipes.folder_names import choose_naming_values
from emoscope.recipes.inherit import resolve_recipe
from emoscope.recipes.schema import Recipe
from emoscope.recipes.section import ModelSection
from emoscope.recipes.shipped import find_recipe_files, read_shipped_text
from emoscope.registry import MODELS, find, resolve

MAX_BYTES = 1_000_000
# libyaml is ten times as fast, and made for files that one trusts: those that ship.
SHIPPED_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# For an invalid date such as 2024-13-45 PyYAML raises a ValueError.
NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)


def builtin_recipes() -> tuple[str, ...]:
    """Names of the recipes that ship."""
    return tuple(sorted(name for recipes in find_recipe_files().values() for name in recipes))


def is_shipped(name: str) -> bool:
    """Whether a recipe of this name ships."""
    return read_shipped_text(name) is not None


def load_recipe(name_or_path: str, overrides: Sequence[str] = ()) -> Recipe:
    """A checked recipe, with all that it takes over from the one that it `extends`.

    Args:
        name_or_path: a built-in name, or a YAML file.
        overrides: `section.field=value`, the value read as YAML; later ones win.

    Raises:
        InputError: no such recipe, not YAML, an unknown field or a bad value; the message says
            where and what was expected.
    """
    values = resolve_recipe(name_or_path, read_recipe, is_shipped)
    for override in overrides:
        apply_override(values, override)
    check_plugins(find_plugins(values), f"Recipe {name_or_path}")
    problems: list[str] = []
    section = ModelSection
    shape = values.get("model")
    if isinstance(shape, dict):
        # By itself, so that its errors name their fields.
        try:
            section = find_model_section(str(shape.get("type", "nelec")))
            values = {**values, "model": section.model_validate(shape)}
        except ValidationError as error:
            problems += [explain_error(item, section, "model.") for item in error.errors()]
        except InputError as error:
            problems.append(f"model.type: {error}".removesuffix("."))
        if problems:
            del values["model"]
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        problems += [explain_error(problem, section) for problem in error.errors()]
    if problems:
        listed = "; ".join(problems)
        raise InputError(f"Recipe {name_or_path}: {listed}{'' if listed.endswith('?') else '.'}")
    choose_naming_values(recipe)  # An unknown parameter is an error before anything runs.
    return recipe


def find_plugins(values: Mapping[str, Any]) -> list[str]:
    """The names of the plug-in files that a recipe's mapping says it needs."""
    named = values.get("plugins") or ()
    if isinstance(named, str):
        named = [named]
    return [Path(name).name for name in named if isinstance(name, str)]


def find_model_section(kind: str) -> type[ModelSection]:
    """The fields of a kind of model.

    Raises:
        InputError: no such kind.
    """
    section: type[ModelSection] = resolve(find(MODELS, kind, "model").section)
    return section


def explain_error(problem: ErrorDetails, model: type[ModelSection], prefix: str = "") -> str:
    """Explain an error of pydantic; for an unknown field, suggest a similar name.

    Args:
        problem: the error of pydantic.
        model: the model's section, for its fields.
        prefix: the prefix of the place.
    """
    place = prefix + ".".join(str(part) for part in problem["loc"])
    if problem["type"] != "extra_forbidden":
        message = problem["msg"].removeprefix("Value error, ").rstrip(".")
        return f"{place}: {message}" if place else message
    known = {name: name for name in Recipe.model_fields}
    for section, field in Recipe.model_fields.items():
        kind = model if section == "model" else field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            known |= {name: f"{section}.{name}" for name in kind.model_fields}
    close = get_close_matches(str(problem["loc"][-1]), known, n=1)
    hint = f"; is it {known[close[0]]!r}?" if close else ""
    return f"{place}: no such field{hint} (`emoscope recipes NAME` shows them all)"


def read_recipe(name_or_path: str) -> dict[str, Any]:
    """The mapping that a recipe's own YAML holds."""
    text = read_shipped_text(name_or_path)
    loader: type[Any] = SHIPPED_LOADER
    if text is None:
        loader = yaml.SafeLoader
        path = Path(name_or_path)
        if not path.is_file():
            raise InputError(f"No recipe {name_or_path!r}: {describe_expected(path)}")
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: a recipe of over {MAX_BYTES:,} bytes is not read.")
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise explain_os_error(error, "read", path) from None
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: expected a recipe in UTF-8: {error}.") from None
    try:
        values = yaml.load(text, loader)  # noqa: S506, both are safe loaders
    except NOT_YAML as error:
        raise InputError(f"Recipe {name_or_path} is not YAML: {error}") from None
    if not isinstance(values, dict):
        raise InputError(f"Recipe {name_or_path}: expected a mapping of sections.")
    return values


def describe_expected(path: Path) -> str:
    """Describe what was expected if a recipe is not found."""
    close = get_close_matches(path.name.removesuffix(".yaml"), builtin_recipes(), n=3, cutoff=0.5)
    meant = f"; did you mean {' or '.join(close)}?" if close else "."
    return f"expected a YAML file or a name of `emoscope recipes`{meant}"


def apply_override(values: dict[str, Any], override: str) -> None:
    """Set one field of a recipe's mapping in place, e.g. `training.epochs=20`."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise InputError(
            f"Cannot read the override {override!r}: expected section.field=value, "
            "e.g. training.epochs=20."
        )
    *parents, field = key.split(".")
    for at, parent in enumerate(parents):
        if values.get(parent) is None:
            values[parent] = {}
        child = values[parent]
        if isinstance(child, list):
            apply_to_item(child, parents[at + 1 :], field, text, override)
            return
        if not isinstance(child, dict):
            raise InputError(f"Override {override!r}: {parent!r} is not a section.")
        values = child
    try:
        value = yaml.safe_load(text)
    except NOT_YAML as error:
        raise InputError(f"Override {override!r}: the value is not YAML: {error}") from None
    old = values.get(field)
    # A section with a name, such as a loss, is exchanged by its name and keeps its other fields.
    if isinstance(old, dict) and "name" in old and isinstance(value, str) and value != "none":
        value = {**old, "name": value}
    values[field] = value


def apply_to_item(
    items: list[Any], parents: Sequence[str], field: str, text: str, override: str
) -> None:
    """Set one field of a section in a list, by its number from 0: `mix.corpora.0.test=null`."""
    number, *inner = [*parents, field]
    known = [str(at) for at, item in enumerate(items) if isinstance(item, dict)]
    if number not in known or not inner:
        raise InputError(
            f"Override {override!r}: expected the number of an item and a field of it, such as "
            f"0.FIELD=value; the list has the items {', '.join(known) or 'none'}."
        )
    # A copy: a recipe that is extended may be read once for several.
    items[int(number)] = dict(items[int(number)])
    apply_override(items[int(number)], f"{'.'.join(inner)}={text}")


def recipe_to_yaml(recipe: Recipe) -> str:
    """A recipe as YAML that `load_recipe` reads back."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
