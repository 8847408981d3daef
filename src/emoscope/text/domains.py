"""Where texts come from, and the cleaning that comes before a model's own."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from emoscope.errors import InputError
from emoscope.strict import short, suggestion
from emoscope.text.pipeline import StepSpec, TextPipeline
from emoscope.text.social import SOCIAL_STEPS

Domain = Literal["twitter", "reddit", "facebook", "chat"]
CHAT_DOMAIN_STEPS: tuple[str | StepSpec, ...] = (
    "unicode",
    "links",
    "emails",
    "phones",
    "emoticons",
    "cased_elongations",
    "abbreviations",
    "emoji",
)
"""Of chats, for any model: case, punctuation and turns stay, unlike those of `CHAT_STEPS`."""
DOMAIN_STEPS: Mapping[str, tuple[str | StepSpec, ...]] = {
    **SOCIAL_STEPS,
    "chat": CHAT_DOMAIN_STEPS,
}


def add_domain_steps(steps: Sequence[Any], domain: str) -> list[Any]:
    """The steps of a model with those of a domain before them.

    Args:
        steps: the model's, as `TextPipeline.to_config` gives them.
        domain: where the texts come from.

    Returns:
        Steps of the same form; the model's alone if they begin with those of the domain.

    Raises:
        InputError: there is no such domain.
    """
    if domain not in get_args(Domain):
        raise InputError(f"No domain {short(domain)}; {suggestion(str(domain), get_args(Domain))}")
    first = TextPipeline(DOMAIN_STEPS[domain]).to_config()
    own = list(steps)
    return own if own[: len(first)] == first else [*first, *own]
