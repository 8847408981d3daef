"""What a configuration sets, and what it leaves as recipes have it anyway."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from emoscope.experiments.naming import flatten
from emoscope.recipes.schema import METADATA, Recipe
from emoscope.recipes.section import Section

KINDS = ("type", "kind")


@dataclass(frozen=True)
class Setting:
    """One field of a configuration.

    Attributes:
        name: dotted.
        value: as YAML has it on a line.
        default: likewise; empty where a recipe has to say.
        changed: whether the value is not the default.
    """

    name: str
    value: str
    default: str
    changed: bool


def settings(params: Mapping[str, Any]) -> list[Setting]:
    """Every field of a configuration, in the order of the recipe.

    Args:
        params: of a log. What is not a recipe of this version is taken as set throughout.
    """
    settings_given = {name: value for name, value in params.items() if name not in METADATA}
    try:
        recipe = Recipe.model_validate(settings_given)
    except ValidationError:
        flat = flatten(settings_given)
        return [Setting(name, as_text(value), "", True) for name, value in flat.items()]
    return list(of_section(recipe))


def of_section(section: Section, prefix: str = "") -> Iterator[Setting]:
    """The fields of a section and of those inside it."""
    for name, field in type(section).model_fields.items():
        if not prefix and name in METADATA:
            continue
        value = getattr(section, name)
        default = field.get_default(call_default_factory=True)
        path = f"{prefix}{name}"
        if isinstance(value, Section):
            # Of another kind than the default, a section is compared with its own defaults, and
            # what it is differs; one that need not be there differs in everything.
            yield from of_other_kind(value, default, path)
            continue
        required = default is PydanticUndefined
        yield Setting(
            path,
            as_text(plain(value)),
            "" if required else as_text(plain(default)),
            required or plain(value) != plain(default),
        )


def of_other_kind(section: Section, default: Any, path: str) -> Iterator[Setting]:
    """The fields of a section, its kind marked as set if the default is of another one."""
    another = default is not PydanticUndefined and type(default) is not type(section)
    kind = next((name for name in KINDS if name in type(section).model_fields), None)
    for setting in of_section(section, f"{path}."):
        if another and default is None:
            yield Setting(setting.name, setting.value, "", True)
        elif another and setting.name == f"{path}.{kind}":
            yield Setting(
                setting.name, setting.value, as_text(getattr(default, str(kind), None)), True
            )
        else:
            yield setting


def plain(value: Any) -> Any:
    """A value without sections in it."""
    if isinstance(value, Section):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def as_text(value: Any) -> str:
    """A value on one line, as a recipe may have it."""
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, ensure_ascii=False, default=str)
