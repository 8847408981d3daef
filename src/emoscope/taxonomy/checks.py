"""What a taxonomy says of each of its labels, checked."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from emoscope.errors import InputError
from emoscope.strict import check_mapping, check_text, suggestion
from emoscope.taxonomy.label import checked_words

Words = Mapping[str, tuple[str, ...]]


def checked_translations(
    tables: Mapping[str, Mapping[str, Any]], names: tuple[str, ...], name: str, language: str
) -> Mapping[str, Words]:
    """Translations in the order of the labels, read-only.

    Args:
        tables: for each language the words of every label.
        names: of the labels.
        name: of the taxonomy.
        language: of the taxonomy.

    Raises:
        InputError: if one does not cover exactly the labels.
    """
    checked = {}
    for other, table in tables.items():
        check_text(other, "a translation's language")
        what = f"the translation {other!r} of taxonomy {name!r}"
        if other == language:
            raise InputError(f"{what} repeats the language of the labels themselves")
        if unlike := set(table) ^ set(names):
            raise InputError(
                f"{what} must have words for exactly the labels; "
                f"missing or too many: {', '.join(sorted(map(str, unlike)))}"
            )
        words = {label: checked_words(table[label], f"{what}, label {label!r}") for label in names}
        checked[other] = MappingProxyType(words)
    return MappingProxyType(checked)


def checked_parts(parts: Mapping[str, Any], names: tuple[str, ...], name: str) -> Words:
    """What labels are made of, in the order of the labels, read-only.

    Args:
        parts: for some labels the names of labels of another taxonomy.
        names: of the labels.
        name: of the taxonomy.

    Raises:
        InputError: if one is of no label, or is no list of names, each once.
    """
    what = f"'made_of' of taxonomy {name!r}"
    for label in check_mapping(parts, what):
        if label not in names:
            raise InputError(f"{what} has no label {label!r}; {suggestion(str(label), names)}")
    made = {
        label: checked_words(parts[label], f"{what}, label {label!r}")
        for label in names
        if label in parts
    }
    return MappingProxyType(made)
