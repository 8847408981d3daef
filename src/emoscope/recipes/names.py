"""Names in a recipe that a registry must know."""

from typing import Any

from emoscope.errors import InputError
from emoscope.registry import LOSSES, find


def select_losses(pairwise: bool) -> dict[str, Any]:
    """Select the registered losses over pairs of labels, or the others."""
    return {name: entry for name, entry in LOSSES.items() if entry.pairwise is pairwise}


def check_name(entries: dict[str, Any], name: str, what: str) -> str:
    """Check that a registry has a name; otherwise raise an error for pydantic."""
    try:
        find(entries, name, what)
    except InputError as error:
        raise ValueError(str(error)) from None
    return name
