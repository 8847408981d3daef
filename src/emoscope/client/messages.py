"""What a client sends to the service, and what it makes of the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from emoscope.errors import EmoscopeError, InputError
from emoscope.inference.ranking import Score
from emoscope.inference.texts import is_list, to_turns_of_conversations, to_turns_of_texts

if TYPE_CHECKING:
    import httpx

Labels = Sequence[str] | Mapping[str, str | Sequence[str]]
Conversation = Sequence[str]
MAX_WAIT = 10.0
"""Seconds that a service is waited for at a time, whatever it says."""


class ServiceError(EmoscopeError):
    """The service has refused a request, or cannot be reached.

    Attributes:
        status: of the response; 0 if there was none.
        kind: what it is, such as `"too-large"`; empty if there was no response.
        errors: single things that are wrong, each with a `pointer` into the request.
        retry_after: seconds after which to try again, if that helps.
    """

    def __init__(
        self,
        message: str,
        status: int = 0,
        kind: str = "",
        errors: Sequence[Mapping[str, str]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.errors = tuple(errors)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Label:
    """A label that was asked for.

    Attributes:
        name: what it is called.
        words: what describes it to the model.
        trained: whether the model was trained on it.
        threshold: the probability from which it is given.
        threshold_guessed: no coded text has fitted the threshold.
        wheel: its place on Plutchik's wheel, if it has one.
    """

    name: str
    words: tuple[str, ...]
    trained: bool
    threshold: float
    threshold_guessed: bool
    wheel: str | None


@dataclass(frozen=True)
class Annotations:
    """The scores of texts, in the order in which they were sent.

    Attributes:
        scores: of each text its labels, the most probable first.
        given: of each text the labels that the model gives it, by its thresholds.
        readable: of each text whether it is likely to be in a language that the model reads; None
            where that cannot be told.
        labels: the labels that were asked for.
        model: the name of the model.
    """

    scores: tuple[tuple[Score, ...], ...]
    given: tuple[tuple[str, ...], ...]
    readable: tuple[bool | None, ...]
    labels: tuple[Label, ...]
    model: str


@dataclass(frozen=True)
class Retries:
    """How often a busy service is asked again.

    Attributes:
        times: at most, after the first.
        wait: seconds before, if the service does not say it.
    """

    times: int = 5
    wait: float = 0.5


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        method: of HTTP.
        path: of the service.
        body: JSON, if there is any.
    """

    method: Literal["GET", "POST"]
    path: str
    body: Mapping[str, Any] | None = None


def make_annotate_call(
    texts: Sequence[str] | None,
    conversations: Sequence[Conversation] | None,
    options: Mapping[str, Any],
) -> Call:
    """A request for scores; options that are None are left out.

    Raises:
        InputError: texts, conversations or labels that are no list, such as one string.
    """
    body: dict[str, Any] = {}
    if texts is not None:
        body["texts"] = list_texts(texts)
    if conversations is not None:
        body["conversations"] = list(to_turns_of_conversations(conversations))
    return Call("POST", "/v1/annotate", body | drop_none(options))


def make_explain_call(
    text: str | Conversation, explain: Sequence[str] | None, options: Mapping[str, Any]
) -> Call:
    """A request for an explanation; options that are None are left out.

    Raises:
        InputError: labels that are no list.
    """
    body: dict[str, Any] = {"text": text} if isinstance(text, str) else {"conversation": list(text)}
    if explain is not None:
        body["explain"] = list_names(explain)
    return Call("POST", "/v1/explain", body | drop_none(options))


def drop_none(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options that were given, as JSON takes them."""
    found = {name: value for name, value in options.items() if value is not None}
    labels = found.get("labels")
    if isinstance(labels, Mapping):
        found["labels"] = {
            name: words if isinstance(words, str) else list(words) for name, words in labels.items()
        }
    elif labels is not None:
        found["labels"] = list_names(labels)
    return found


def list_texts(texts: Sequence[str]) -> list[str]:
    """Texts, each a string.

    Raises:
        InputError: they are no list of strings.
    """
    conversations = list(to_turns_of_texts(texts))
    for place, turns in enumerate(conversations, start=1):
        if len(turns) != 1:
            raise InputError(
                f"Expected text {place} to be a string, got a list of {len(turns)} turns. Pass "
                "conversations=[[turn, turn], ...] in place of texts."
            )
    return [text for [text] in conversations]


def list_names(names: Sequence[str]) -> list[str]:
    """Names of labels.

    Raises:
        InputError: they are no list; the letters of a string would be taken for labels.
    """
    if not is_list(names):
        raise InputError(
            f"Expected a list of labels, got {type(names).__name__}; for one label pass ['joy']."
        )
    return list(names)


def read_annotations(answer: Mapping[str, Any]) -> Annotations:
    """What the service answers, with types."""
    results = answer["results"]
    return Annotations(
        scores=tuple(
            tuple(Score(score["label"], score["probability"]) for score in result["scores"])
            for result in results
        ),
        given=tuple(
            tuple(score["label"] for score in result["scores"] if score["given"])
            for result in results
        ),
        readable=tuple(result["readable"] for result in results),
        labels=tuple(
            Label(**{**label, "words": tuple(label["words"])}) for label in answer["labels"]
        ),
        model=answer["model"],
    )


def read_response(response: "httpx.Response") -> Any:
    """The JSON of a response.

    Raises:
        ServiceError: it is a problem, or no JSON.
    """
    try:
        found = response.json()
    except ValueError:
        found = None
    if response.is_success and found is not None:
        return found
    shown = found if isinstance(found, dict) else {}
    wait = response.headers.get("retry-after", "")
    raise ServiceError(
        str(shown.get("detail", f"The service answered {response.status_code}.")),
        response.status_code,
        str(shown.get("type", "")).rpartition("#")[2],
        shown.get("errors", ()),
        float(wait) if wait.isdigit() else None,
    )


def find_wait(error: ServiceError, retries: Retries, done: int) -> float:
    """Seconds to wait before the next try.

    Raises:
        ServiceError: the one given, if there is no use in another try, or none left.
    """
    if error.status not in (429, 503) or done >= retries.times:
        raise error
    wait = retries.wait * 2**done if error.retry_after is None else error.retry_after
    return min(wait, MAX_WAIT)


def make_options(url: str, api_key: str | None, timeout: float) -> dict[str, Any]:
    """What both forms of `httpx`'s client are made with."""
    headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    return {"base_url": url, "headers": headers, "timeout": timeout}


def unreachable(error: Exception) -> ServiceError:
    """What a failed connection is called."""
    return ServiceError(
        f"The service cannot be reached ({type(error).__name__}). See that it runs, as with "
        "`emoscope serve`, and that its address is right."
    )
