"""Every limit of the service, in one place."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from emoscope.errors import InputError
from emoscope.strict import suggestion


@dataclass(frozen=True)
class Limits:
    """What a request may ask for, and what the service takes on at a time.

    Attributes:
        body_bytes: of the body of a request.
        body_seconds: in which a body must have come.
        texts: of a request, or conversations.
        turns: of a conversation.
        characters: of a text, or of all turns of a conversation.
        labels: of a request.
        words: that describe the labels of a request, all together.
        word_characters: of the name of a label, or of one word that describes it.
        scores: texts × labels of a request.
        explained_characters: of a text to explain.
        evaluations: versions of a text that an explanation scores.
        batch_texts: that the model reads at a time.
        batch_tokens: that the model reads at a time, padding counted; see `estimate_tokens`.
        batch_words: words that describe labels which different requests ask for in one batch.
        batch_wait: seconds that the first text of a batch waits for others.
        queue_texts: that wait for the model.
        queue_tokens: that wait for the model.
        requests: that are under way at a time.
        seconds: from the whole request to its answer.
        label_sets: sets of labels that are kept ready.
        requests_per_minute: with one API key; 0 for any number.

    Raises:
        InputError: a limit below 1, or no number; a wait or a rate may be 0.
    """

    body_bytes: int = 2_000_000
    body_seconds: float = 10.0
    texts: int = 1_000
    turns: int = 100
    characters: int = 20_000
    labels: int = 256
    words: int = 512
    word_characters: int = 200
    scores: int = 100_000
    explained_characters: int = 2_000
    evaluations: int = 512
    batch_texts: int = 128
    batch_tokens: int = 16_384
    batch_words: int = 64
    batch_wait: float = 0.002
    queue_texts: int = 4_000
    queue_tokens: int = 1_000_000
    requests: int = 256
    seconds: float = 30.0
    label_sets: int = 64
    requests_per_minute: int = 0

    def __post_init__(self) -> None:
        may_be_zero = ("batch_wait", "requests_per_minute")
        for field in fields(self):
            value, least = getattr(self, field.name), 0 if field.name in may_be_zero else 1e-3
            number = isinstance(value, int | float) and not isinstance(value, bool)
            whole = isinstance(field.default, float) or isinstance(value, int)
            if not number or not whole or not least <= value < float("inf"):
                kind = "a number" if isinstance(field.default, float) else "a whole number"
                floor = "0 or more" if field.name in may_be_zero else "above 0"
                raise InputError(
                    f"The limit {field.name}: expected {kind}, {floor}, got {value!r}."
                )

    def to_dict(self) -> dict[str, Any]:
        """Every limit by its name."""
        return asdict(self)


def estimate_tokens(turns: tuple[str, ...]) -> int:
    """About how many tokens a text has: one for four bytes of UTF-8, and three for what is around.

    It need not be exact: batches are filled by it, and it costs nothing.
    """
    return 3 + sum(len(turn.encode("utf-8", "replace")) for turn in turns) // 4


def read_limits(settings: Sequence[str]) -> Limits:
    """Limits, some of them set as `NAME=NUMBER`.

    Raises:
        InputError: a limit that nobody knows, or a number that is none.
    """
    known: dict[str, type[int] | type[float]] = {
        name: type(value) for name, value in Limits().to_dict().items()
    }
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if name not in known or not equals:
            meant = suggestion(name, list(known))
            raise InputError(f"Expected NAME=NUMBER for a limit, got {setting!r}; {meant}")
        try:
            values[name] = known[name](text)
        except ValueError:
            raise InputError(
                f"The limit {name}: expected a {'' if known[name] is float else 'whole '}number, "
                f"got {text!r}."
            ) from None
    return Limits(**values)
