"""A service that runs in a thread of its own: its app alone, or behind a socket."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from types import SimpleNamespace

import httpx
import uvicorn

from emoscope.serve.app import AppOptions, create_app
from emoscope.serve.server import HTTP
from tests.inference.independent import Independent, independent

HELD = 20
WARM_UP = {"a", "a b c"}
"""What a service asks its model before anybody else does."""


class Gated(Independent):
    """Waits before it answers, and keeps what it was asked; `POISON` in a text breaks it."""

    gate = threading.Event()
    batches: list[list[str]] = []  # noqa: RUF012 - of all copies together

    def logits(self, encoded):
        if set(encoded) - WARM_UP:
            type(self).batches.append(list(encoded))
            assert self.gate.wait(HELD)
        if any("POISON" in text for text in encoded):
            raise RuntimeError(f"broken by {encoded}")
        return super().logits(encoded)


def gated(independent_labels=True):
    """An annotator with a gate that is shut, and its backend's class."""

    class Own(Gated):
        gate = threading.Event()
        batches: list[list[str]] = []  # noqa: RUF012
        independent = independent_labels

    return independent(backend=Own), Own


class Running:
    """An app with its lifespan, and requests to it that wait for their answers."""

    def __init__(self, app):
        self.app = app
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self._start())

    def run(self, work, timeout=HELD):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    def begin(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    async def _start(self):
        self.incoming, self.outgoing = asyncio.Queue(), asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self.lifespan = asyncio.create_task(self.app(scope, self.incoming.get, self.outgoing.put))
        await self.incoming.put({"type": "lifespan.startup"})
        assert (await self.outgoing.get())["type"] == "lifespan.startup.complete"
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://localhost",
            timeout=HELD,
        )

    async def until_ready(self):
        while (await self.http.get("/health/ready")).status_code != 200:
            await asyncio.sleep(0.005)

    def get(self, path, **more):
        return self.run(self.http.get(path, **more))

    def post(self, path, body=None, **more):
        if body is not None:
            more["json"] = body
        return self.run(self.http.post(path, **more))

    def annotate(self, **body):
        return self.post("/v1/annotate", body)

    def stop(self):
        self.run(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _stop(self):
        await self.http.aclose()
        await self.incoming.put({"type": "lifespan.shutdown"})
        assert (await self.outgoing.get())["type"] == "lifespan.shutdown.complete"
        await self.lifespan


@contextmanager
def running(annotator=None, options=None):
    """A service whose model is loaded."""
    model = independent() if annotator is None else annotator
    service = Running(create_app(lambda: model, options or AppOptions()))
    try:
        service.run(service.until_ready())
        yield service
    finally:
        service.stop()


@contextmanager
def listening(annotator=None, options=None, **more):
    """A service behind a socket of the loopback: its `url`, `port`, `server`, and `http` to it."""
    model = independent() if annotator is None else annotator
    app = create_app(lambda: model, options or AppOptions())
    settings = {"log_level": "critical", "lifespan": "on", "ws": "none", "access_log": False}
    server = uvicorn.Server(uvicorn.Config(app, port=0, **settings, **HTTP, **more))
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            wait_until(lambda: is_ready(port))
            url = f"http://127.0.0.1:{port}"
            # Certificates take longer to load than a request takes.
            with httpx.Client(base_url=url, verify=False, timeout=HELD) as http:
                yield SimpleNamespace(url=url, port=port, server=server, http=http)
        finally:
            server.should_exit = True
            thread.join()


def is_ready(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=HELD)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def wait_until(done, seconds=HELD, pause=0.02):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(pause)


def metric(service, name):
    """The value of a counter."""
    lines = service.get("/metrics").text.splitlines()
    return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")))
