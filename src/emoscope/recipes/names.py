"""Names in a recipe that a registry must know."""

from collections.abc import Collection

from emoscope.errors import InputError
from emoscope.registry import LOSSES, find


def check_loss_name(name: str, pairwise: bool) -> str:
    """Check that a loss over pairs of labels, or another one, has a name."""
    what = "local loss" if pairwise else "loss"
    if name in LOSSES and LOSSES[name].pairwise is not pairwise:
        place = "objective.local_loss" if LOSSES[name].pairwise else "objective.terms"
        raise ValueError(f"no {what} {name!r}; it is one for {place}")
    return check_name(tuple(LOSSES), name, what)


def check_name(names: Collection[str], name: str, what: str) -> str:
    """Check that there is such a name; otherwise raise an error for pydantic."""
    try:
        find(dict.fromkeys(names), name, what)
    except InputError as error:
        raise ValueError(str(error)) from None
    return name
