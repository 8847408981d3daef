"""Which fields of a configuration differ from the defaults of recipes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from emoscope.recipes.schema import METADATA, Recipe
from emoscope.recipes.section import Section
from emoscope.strict import flatten

KINDS = ("type", "kind")


@dataclass(frozen=True)
class Setting:
    """One field of a configuration.

    Attributes:
        name: dotted name of the field.
        value: the value as one line of YAML.
        default: the default, likewise; empty for a field that every recipe must set.
        changed: whether the value differs from the default.
    """

    name: str
    value: str
    default: str
    changed: bool


def list_settings(params: Mapping[str, Any]) -> list[Setting]:
    """Every field of a configuration, in the order of the recipe.

    Args:
        params: the parameters in a log. If they are no valid recipe of this version, every field
            counts as changed.
    """
    settings_given = {name: value for name, value in params.items() if name not in METADATA}
    try:
        recipe = Recipe.model_validate(settings_given)
    except ValidationError:
        flat = flatten(settings_given)
        return [Setting(name, to_line(value), "", True) for name, value in flat.items()]
    return list(list_section_settings(recipe))


def list_section_settings(section: Section, prefix: str = "") -> Iterator[Setting]:
    """The fields of a section and of those inside it."""
    for name, field in type(section).model_fields.items():
        if not prefix and name in METADATA:
            continue
        value = getattr(section, name)
        default = field.get_default(call_default_factory=True)
        path = f"{prefix}{name}"
        if isinstance(value, Section):
            # A section of another kind than the default is compared with the defaults of its own
            # kind; of an optional section, every field counts as changed.
            yield from list_other_kind_settings(value, default, path)
            continue
        required = default is PydanticUndefined
        yield Setting(
            path,
            to_line(to_plain(value)),
            "" if required else to_line(to_plain(default)),
            required or to_plain(value) != to_plain(default),
        )


def list_other_kind_settings(section: Section, default: Any, path: str) -> Iterator[Setting]:
    """The fields of a section; its kind counts as changed if the default has another kind."""
    another = default is not PydanticUndefined and type(default) is not type(section)
    kind = next((name for name in KINDS if name in type(section).model_fields), None)
    for setting in list_section_settings(section, f"{path}."):
        if another and default is None:
            yield Setting(setting.name, setting.value, "", True)
        elif another and setting.name == f"{path}.{kind}":
            yield Setting(
                setting.name, setting.value, to_line(getattr(default, str(kind), None)), True
            )
        else:
            yield setting


def to_plain(value: Any) -> Any:
    """A value with sections turned into plain mappings."""
    if isinstance(value, Section):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value


def to_line(value: Any) -> str:
    """A value as one line of YAML."""
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, ensure_ascii=False, default=str)
