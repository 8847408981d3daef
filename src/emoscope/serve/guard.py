"""What stands before every route: hosts, keys, sizes, time, headers, counts. It sees no text."""

import asyncio
import json
import logging
import time
import traceback
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emoscope.serve.keys import ApiKeys
from emoscope.serve.limits import Limits
from emoscope.serve.metrics import Metrics
from emoscope.serve.problems import MEDIA_TYPE, Problem

logger = logging.getLogger("emoscope.serve")

SECURITY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
NEEDS_KEY = ("/v1/", "/predict", "/metrics")
"""Beginnings of the paths that need an API key, where there are keys."""
READERS = 4
"""So many times `Limits.requests` may be sending their bodies."""


class ClientLeftError(Exception):
    """The client has hung up."""


@dataclass(frozen=True)
class Rules:
    """Who may ask, and how much.

    Attributes:
        limits: of everything.
        keys: the API keys.
        hosts: the names by which the service may be called; any if empty. A page elsewhere whose
            name is made to point to this machine is so kept from asking.
    """

    limits: Limits
    keys: ApiKeys
    hosts: frozenset[str] = frozenset()


class Guard:
    """Passes a request on to the app if it keeps the rules.

    Args:
        app: what answers.
        rules: who may ask, and how much.
        metrics: where requests are counted.
    """

    def __init__(self, app: ASGIApp, rules: Rules, metrics: Metrics) -> None:
        self.app = app
        self.rules = rules
        self.metrics = metrics
        self.reading = 0
        self.under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        answer = Answer(send, scope["path"])
        try:
            await self._answer(scope, receive, answer)
        except Problem as problem:
            await answer.send_problem(problem)
            self.metrics.errors.labels(problem.kind).inc()
        except ClientLeftError:
            self.metrics.left.inc()
        except Exception as error:
            await self._answer_failure(error, answer, scope["path"])
        self._count(scope, answer.status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, answer: "Answer") -> None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        self._check_key(scope, headers)
        if scope["method"] != "POST":
            await self.app(scope, receive, answer)
            return
        self._check_media_type(headers)
        limits = self.rules.limits
        if self.reading >= READERS * limits.requests:
            raise Problem("overloaded", "Too many requests are being sent.", wait=1)
        self.reading += 1
        try:
            body = await read_body(headers, receive, limits)
        finally:
            self.reading -= 1
        if self.under_way >= limits.requests:
            raise Problem(
                "overloaded", f"Already {limits.requests} requests are under way.", wait=1
            )
        self.under_way += 1
        self.metrics.under_way.set(self.under_way)
        try:
            await self.app(scope, Replayed(body, receive), answer)
        finally:
            self.under_way -= 1
            self.metrics.under_way.set(self.under_way)

    def _check_host(self, headers: Headers) -> None:
        host = headers.get("host", "").strip().lower()
        name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
        if self.rules.hosts and name not in self.rules.hosts:
            raise Problem(
                "wrong-host",
                "Expected one of the names that this service was started with. Start it with "
                "--allowed-host NAME to add one.",
            )

    def _check_media_type(self, headers: Headers) -> None:
        # A page elsewhere may send other types without being asked whether it may.
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Problem("media-type", "Expected the header Content-Type: application/json.")

    def _check_key(self, scope: Scope, headers: Headers) -> None:
        keys = self.rules.keys
        if not len(keys) or not scope["path"].startswith(NEEDS_KEY):
            return
        number = keys.find(headers.get("authorization", ""))
        if number is None:
            raise Problem(
                "unauthorized", "Expected an API key in the header Authorization: Bearer KEY."
            )
        wait = keys.take(number)
        if wait is not None:
            raise Problem(
                "overloaded",
                f"Expected at most {keys.per_minute} requests a minute with one API key.",
                wait=wait,
            )

    async def _answer_failure(self, error: Exception, answer: "Answer", path: str) -> None:
        """Log where it went wrong, but not what the error says: it may hold a text."""
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("%s while answering %s\n%s", type(error).__name__, shorten(path), frames)
        self.metrics.errors.labels("internal").inc()
        if not answer.status:
            await answer.send_problem(
                Problem("internal", "This is a fault of the service, not of the request.")
            )

    def _count(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        # Of unknown paths there are too many to count each.
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other"
        self.metrics.requests.labels(route, method, str(status or "none")).inc()
        self.metrics.request.observe(seconds)


class Answer:
    """Sends a response with the headers that all have.

    Args:
        send: to the client.
        path: of the request.
    """

    def __init__(self, send: Send, path: str) -> None:
        self.send = send
        self.path = path
        self.status = 0

    async def __call__(self, message: Message) -> None:
        """Send a message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await self.send(message)

    async def send_problem(self, problem: Problem) -> None:
        """Answer with a problem."""
        body = json.dumps(problem.to_dict(tei=self.path == "/predict")).encode()
        headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body))}
        headers |= problem.to_headers()
        # What was not read of the request must not be taken for the next one.
        if problem.kind in ("too-large", "slow-request"):
            headers["connection"] = "close"
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self({"type": "http.response.start", "status": problem.status, "headers": pairs})
        await self({"type": "http.response.body", "body": body})


class Replayed:
    """Gives the app a body that was read, and then what else comes from the client.

    Args:
        body: the whole.
        receive: from the client.
    """

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.body: bytes | None = body
        self.receive = receive

    async def __call__(self) -> Message:
        """The next message."""
        if self.body is None:
            return await self.receive()
        body, self.body = self.body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def read_body(headers: Headers, receive: Receive, limits: Limits) -> bytes:
    """The body of a request.

    Raises:
        Problem: it is too large, or too slow.
        ClientLeftError: the client has hung up.
    """
    too_large = Problem(
        "too-large", f"Expected a body of at most {limits.body_bytes:,} bytes. Send it in parts."
    )
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length[:20]) > limits.body_bytes:
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeftError
                part = message.get("body", b"")
                size += len(part)
                if size > limits.body_bytes:
                    raise too_large
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise Problem(
            "slow-request", f"Expected the whole request within {limits.body_seconds:g} seconds."
        ) from None


def shorten(path: str) -> str:
    """A path for the log: no line breaks, not too long."""
    return ascii(path)[:100]
