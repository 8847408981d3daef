"""Clients that hang up, send slowly or send garbage; signals; nothing may hurt anybody else."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from emoscope.errors import InputError
from emoscope.serve.app import AppOptions
from emoscope.serve.keys import ApiKeys, read_keys
from emoscope.serve.limits import Limits, read_limits
from emoscope.serve.server import Address, allow_hosts
from tests.serve.running import gated, is_ready, listening, running, wait_until

BODY = json.dumps({"texts": ["a text"]}).encode()
HEAD = (
    b"POST /v1/annotate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n"
)


@pytest.fixture(scope="module")
def server():
    with listening(options=AppOptions(limits=Limits(body_seconds=0.3))) as started:
        yield started


def exchange(port, *parts, pause=0.0):
    """Send bytes, and return all that comes back until the server closes or is silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        connection.settimeout(1)
        found = b""
        try:
            while part := connection.recv(65536):
                found += part
                if found.endswith(b"}"):
                    break
        except (TimeoutError, ConnectionResetError):
            pass
    return found


def check_alive(server):
    response = server.http.post("/v1/annotate", json=json.loads(BODY))
    assert response.status_code == 200


def test_a_body_that_never_comes_is_given_up(server):
    found = exchange(server.port, HEAD % len(BODY), BODY[:5])
    assert found.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in found.lower()
    check_alive(server)


def test_a_body_in_small_pieces_is_read(server):
    parts = [BODY[n : n + 5] for n in range(0, len(BODY), 5)]
    found = exchange(server.port, HEAD % len(BODY), *parts, pause=0.01)
    assert found.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        b"GET\r\n\r\n",
        b"POST /v1/annotate HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /v1/annotate HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /v1/annotate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000,
        b"\x00" * 10_000,
    ],
)
def test_garbage_hurts_nobody_else(server, garbage):
    found = exchange(server.port, garbage)
    assert not found or found.split()[1] in (b"400", b"408", b"413", b"422", b"431")
    check_alive(server)


@pytest.mark.parametrize("endless", [b"a" * 65_536, b"X: a\r\n" * 10_000])
def test_headers_without_end_are_cut_off(server, endless):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\nY: ")
        with pytest.raises(ConnectionError):
            connection.sendall(200 * endless)
    check_alive(server)


@pytest.mark.parametrize(
    "path", ["/page/../../limits.py", "/page/..%2f..%2flimits.py", "//etc/passwd", "/page/%00"]
)
def test_no_other_file_is_sent(server, path):
    request = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode()
    assert exchange(server.port, request).startswith(b"HTTP/1.1 404")


def test_who_hangs_up_frees_the_queue():
    annotator, backend = gated()
    options = AppOptions(limits=Limits(batch_texts=1, batch_wait=0))
    with listening(annotator, options) as server:
        sockets = []
        for _ in range(6):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(HEAD % len(BODY) + BODY)
            sockets.append(connection)
        wait_until(lambda: count(server, "emoscope_queue_texts") >= 4)
        for connection in sockets:
            connection.close()
        wait_until(lambda: count(server, "emoscope_queue_texts") == 0)
        wait_until(lambda: count(server, "emoscope_clients_left_total") == 6)
        backend.gate.set()
        check_alive(server)
    assert len(backend.batches) <= 3


def count(server, name):
    lines = server.http.get("/metrics").text.splitlines()
    return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")))


def test_a_server_that_is_told_to_end_answers_what_it_took():
    annotator, backend = gated()
    found = []
    with listening(annotator) as server:

        def ask(n):
            found.append(server.http.post("/v1/annotate", json={"texts": [f"text {n}"]}))

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: count(server, "emoscope_requests_under_way") == 8)
        server.server.should_exit = True
        time.sleep(0.15)
        with pytest.raises(httpx.TransportError):
            server.http.get("/health/live")
        backend.gate.set()
        for thread in threads:
            thread.join()
    assert [each.status_code for each in found] == [200] * 8


PROGRAM = """
import sys
from emoscope.serve.app import AppOptions
from emoscope.serve.server import Address, start
from tests.inference.independent import Independent, independent
from tests.serve.running import WARM_UP

scored = []

class Counting(Independent):
    def logits(self, encoded):
        scored.extend(set(encoded) - WARM_UP)
        return super().logits(encoded)

start(lambda: independent(backend=Counting), AppOptions(), Address(port=int(sys.argv[1])))
print(len(scored))
"""


def test_sigterm_under_load_answers_all_that_was_taken():
    """Connections that the server has not looked at yet are refused; no work is lost."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)], stdout=subprocess.PIPE, text=True
    )
    url, statuses = f"http://127.0.0.1:{port}", []

    async def ask(http):
        while True:
            body = {"texts": [f"text {len(statuses)} {id(asyncio.current_task())}"]}
            try:
                response = await http.post(f"{url}/v1/annotate", json=body)
            except httpx.TransportError:
                return
            statuses.append(response.status_code)

    async def load():
        async with httpx.AsyncClient(timeout=20, verify=False) as http:
            clients = [asyncio.create_task(ask(http)) for _ in range(16)]
            while len(statuses) < 100:
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            await asyncio.gather(*clients)

    try:
        wait_until(lambda: is_ready(port))
        asyncio.run(load())
        scored, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert set(statuses) == {200}
    assert int(scored) == len(statuses)


def test_keys_are_asked_for_and_counted():
    now = [0.0]
    keys = ApiKeys(["first-key-of-16-chars", "other-key-of-16-chars"], 2, lambda: now[0])
    assert keys.find("Bearer first-key-of-16-chars") == 0
    assert keys.find("bearer other-key-of-16-chars") == 1
    for wrong in ("", "Bearer ", "Bearer first", "Basic first-key-of-16-chars", "Bearer \udcff"):
        assert keys.find(wrong) is None
    assert [keys.take(0) for _ in range(3)] == [None, None, 30]
    assert keys.take(1) is None
    now[0] = 30.0
    assert [keys.take(0), keys.take(0)] == [None, 30]


def test_a_service_with_keys_answers_none_without():
    options = AppOptions(keys=("first-key-of-16-chars",), limits=Limits(requests_per_minute=3))
    with running(options=options) as service:
        for path in ("/health/live", "/", "/docs", "/openapi.json"):
            assert service.get(path).status_code == 200
        for path in ("/v1/info", "/v1/models", "/metrics"):
            refused = service.get(path)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        assert service.post("/predict", {"inputs": "a"}).status_code == 401
        headers = {"authorization": "Bearer first-key-of-16-chars"}
        found = [service.get("/v1/info", headers=headers) for _ in range(4)]
        assert [each.status_code for each in found] == [200, 200, 200, 429]
        assert 1 <= int(found[3].headers["retry-after"]) <= 20


def test_a_file_of_keys_is_read(tmp_path):
    path = tmp_path / "keys"
    path.write_text("# ours\n\nfirst-key-of-16-chars\n other-key-of-16-chars \n")
    assert read_keys(path) == ["first-key-of-16-chars", "other-key-of-16-chars"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("short\n", "line 1"),
        ("# none\n", "found none"),
        ("a key of 16 characters", "line 1"),
        (None, "Cannot read"),
    ],
)
def test_a_file_without_usable_keys_is_an_error(tmp_path, content, says):
    path = tmp_path / "keys"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=says):
        read_keys(path)


def test_limits_are_set_by_name():
    limits = read_limits(["texts=5", " seconds = 2.5 "])
    assert (limits.texts, limits.seconds) == (5, 2.5)


@pytest.mark.parametrize(
    "setting",
    [
        "texts",
        "text=3",
        "texts=many",
        "texts=1.5",
        "texts=0",
        "seconds=inf",
        "seconds=nan",
        "batch_wait=-1",
    ],
)
def test_limits_that_are_none_are_errors(setting):
    with pytest.raises(InputError, match=setting.partition("=")[0]):
        read_limits([setting])


def test_only_the_loopback_has_names_of_its_own():
    assert "localhost" in allow_hosts(Address(), ())
    assert "example.org" in allow_hosts(Address(), ("Example.org",))
    assert allow_hosts(Address("0.0.0.0"), ()) == frozenset()
