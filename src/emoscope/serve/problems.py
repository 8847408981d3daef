"""Errors of the service as problem details, RFC 9457."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MEDIA_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """A kind of problem.

    Attributes:
        status: of the response.
        title: what it is, the same for all of its kind.
        tei: what text-embeddings-inference calls it.
    """

    status: int
    title: str
    tei: str


KINDS: Mapping[str, Kind] = {
    "malformed": Kind(400, "The body is not JSON", "validation"),
    "empty": Kind(400, "There is nothing to score", "empty"),
    "unauthorized": Kind(401, "An API key is needed", "validation"),
    "not-found": Kind(404, "There is nothing here", "validation"),
    "method-not-allowed": Kind(405, "This address takes another method", "validation"),
    "slow-request": Kind(408, "The request did not come in time", "validation"),
    "too-large": Kind(413, "The request is too large", "validation"),
    "media-type": Kind(415, "The body must be JSON", "validation"),
    "wrong-host": Kind(421, "This server is not known by that name", "validation"),
    "invalid": Kind(422, "The request cannot be processed", "validation"),
    "overloaded": Kind(429, "There are too many requests", "overloaded"),
    "internal": Kind(500, "The service has failed", "backend"),
    "not-ready": Kind(503, "The service is not ready", "unhealthy"),
    "timeout": Kind(503, "There was no answer in time", "overloaded"),
}
"""Every kind, by its name; `/docs#NAME` is its type."""


class Fault(NamedTuple):
    """One thing that is wrong with a request.

    Attributes:
        pointer: where it stands in the body, as of RFC 6901, e.g. `/texts/3`.
        detail: what is wrong, and what to do.
    """

    pointer: str
    detail: str


@dataclass
class Problem(Exception):  # noqa: N818 - it is what RFC 9457 calls it
    """An error that the client is told of.

    Attributes:
        kind: a name of `KINDS`.
        detail: what was expected, what came, what to do; never a text of the request.
        faults: single things that are wrong.
        wait: seconds after which to try again, if that helps.
    """

    kind: str
    detail: str
    faults: Sequence[Fault] = ()
    wait: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """Of the response."""
        return KINDS[self.kind].status

    def to_headers(self) -> dict[str, str]:
        """Headers of the response."""
        retry = {} if self.wait is None else {"Retry-After": str(self.wait)}
        challenge = {"WWW-Authenticate": "Bearer"} if self.kind == "unauthorized" else {}
        return {**retry, **challenge, **self.headers}

    def to_dict(self, tei: bool = False) -> dict[str, Any]:
        """The problem as JSON.

        Args:
            tei: with the two keys that clients of text-embeddings-inference read.
        """
        kind = KINDS[self.kind]
        shown: dict[str, Any] = {
            "type": f"/docs#{self.kind}",
            "title": kind.title,
            "status": kind.status,
            "detail": make_sendable(self.detail),
        }
        if self.faults:
            shown["errors"] = [
                {"pointer": make_sendable(pointer), "detail": make_sendable(detail)}
                for pointer, detail in self.faults
            ]
        if tei:
            shown |= {"error": shown["detail"], "error_type": kind.tei}
        return shown


def make_sendable(text: str) -> str:
    """A text in which halves of characters, which UTF-8 does not have, are written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def make_pointer(parts: Iterable[object]) -> str:
    """Where something stands in a body, as of RFC 6901; long keys are cut."""
    escaped = (str(part)[:100].replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{part}" for part in escaped)
