"""The app behind uvicorn: one process, that ends only when it has answered what it accepted."""

import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.serve.app import AppOptions, create_app

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_HEADER_BYTES = 65_536
HTTP: dict[str, Any] = {"http": "h11", "h11_max_incomplete_event_size": MAX_HEADER_BYTES}
"""What reads HTTP: of those that uvicorn has, the one that bounds the headers of a request."""


@dataclass(frozen=True)
class Address:
    """Where the service listens.

    Attributes:
        host: a name or an address of this machine.
        port: a number that is free.
    """

    host: str = "127.0.0.1"
    port: int = 8000


@dataclass
class Outcome:
    """How a server has ended.

    Attributes:
        failure: why the model could not be loaded.
    """

    failure: Exception | None = field(default=None)


def check_address(address: Address) -> None:
    """Check that the service can listen, before it loads a model.

    Raises:
        InputError: it cannot.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        socket.create_server((address.host, address.port), family=family).close()
    except OSError as error:
        raise InputError(
            f"Cannot listen at {address.host}, port {address.port}: {error.strerror}. Choose "
            "another port with --port, or another address with --host."
        ) from error


def allow_hosts(address: Address, further: tuple[str, ...]) -> frozenset[str]:
    """The names by which the service may be called.

    On the loopback these are its own, so that no page elsewhere can ask it by a name of its own
    that points here. Elsewhere the service has names that it cannot know.

    Args:
        address: where it listens.
        further: names to allow.
    """
    if address.host not in LOOPBACK:
        return frozenset(name.lower() for name in further)
    return frozenset((*LOOPBACK, "[::1]", *(name.lower() for name in further)))


def start(load: Callable[[], Annotator], options: AppOptions, address: Address) -> None:
    """Serve until a signal says to end; then finish what was accepted.

    It belongs into the main thread, which signals are sent to.

    Args:
        load: loads the model.
        options: of the app.
        address: where to listen.

    Raises:
        EmoscopeError: the model cannot be loaded.
    """
    outcome = Outcome()

    def fail(error: Exception) -> None:
        outcome.failure = error
        server.should_exit = True

    server = uvicorn.Server(
        uvicorn.Config(
            create_app(load, options, fail),
            host=address.host,
            port=address.port,
            # Addresses of clients and paths are nobody's business; /metrics counts.
            access_log=False,
            log_level=logging.WARNING,
            server_header=False,
            # Whom a header of the client names is of no use here.
            proxy_headers=False,
            lifespan="on",
            ws="none",
            timeout_keep_alive=30,
            timeout_graceful_shutdown=int(options.limits.seconds + options.limits.body_seconds) + 1,
            **HTTP,
        )
    )
    # Uvicorn raises a signal once more when it has ended well, which is no failure.
    before = signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        with suppress(KeyboardInterrupt):
            server.run()
    finally:
        signal.signal(signal.SIGTERM, before)
    if outcome.failure is not None:
        raise outcome.failure
