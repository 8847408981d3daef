"""Words for feelings by family: what a training asks for beyond the labels that were annotated.

The inventory (`data/feelings.yaml`) was written for this project. A family is one feeling: its
key, a noun where there is a usual one, then other forms and close synonyms.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from emoscope.corpora.shipped import read_shipped
from emoscope.errors import InputError
from emoscope.strict import check_list, check_mapping, check_text, check_unique, parse

__all__ = ["load_feelings", "read_feelings"]


@cache
def load_feelings() -> Mapping[str, tuple[str, ...]]:
    """The forms of each family of the inventory that ships, its key first; a read-only mapping."""
    return read_feelings(read_shipped("feelings.yaml"))


def read_feelings(text: str) -> Mapping[str, tuple[str, ...]]:
    """Read an inventory from YAML: for each family its key and a list of further forms.

    Args:
        text: the YAML text.

    Returns:
        A read-only mapping of each key to all forms of its family, the key first.

    Raises:
        ValueError: if the text is no valid YAML.
        InputError: if it is no mapping of keys to lists, or a form is no text, is not in lower
            case, or stands there twice.
    """
    families = {
        key: (key, *check_list(forms, f"family {key!r}"))
        for key, forms in check_mapping(parse(text, ".yaml"), "the inventory of feelings").items()
    }
    every = [form for forms in families.values() for form in forms]
    for form in every:
        check_text(form, "a form")
        if form != form.lower():
            raise InputError(f"a form must be in lower case, got {form!r}. Write {form.lower()!r}.")
    check_unique(every, "the inventory of feelings", "form")
    return MappingProxyType(families)
