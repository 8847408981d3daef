"""The service under load of 64 clients on the loopback.

Each client sends its next request once it has an answer. Measured are texts a second and the 50th
and 99th percentile of the time to an answer; on the same texts in the same run what the annotator
alone gives, and the plainest FastAPI app around a transformers pipeline in float32
(`service_peer.py`) with the same clients. That one runs the same network where `--weights` names a
folder of its weights, else one of random weights of the same shape, which reads no labels and has
less to do. Then more clients than may be under way: each gets its answer or 429. With `--soak` also
memory before and after a longer load.

    python benchmarks/service_load.py [--model FOLDER] [--weights FOLDER] [--texts N]
        [--seconds S] [--soak S] [--quick] [--json FILE]
"""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from common import finish, machine, memory, options
from emoscope.corpora.sample import generate_conversations
from emoscope.inference.annotator import PRETRAINED, load
from service_peer import serve

CLIENTS = 64
SECONDS, QUICK_SECONDS = 60.0, 3.0
SOAK = 600.0
SHARE, TIMES, GROWTH = 0.7, 5.0, 1.1
SHED = 16
"""Requests under way at a time where there are more clients."""


@dataclass
class Load:
    """What clients have seen.

    Attributes:
        texts: of a request.
        seconds: that the load took.
        statuses: how often each status came; 0 for a broken connection.
        times: seconds to each answer of status 200.
    """

    texts: int
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Figures for the table and the file."""
        p50, p99 = np.percentile(self.times or [np.nan], (50, 99)) * 1000
        return {
            "texts_per_second": len(self.times) * self.texts / self.seconds,
            "requests_per_second": len(self.times) / self.seconds,
            "p50_ms": float(p50),
            "p99_ms": float(p99),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
        }


def make_texts(count: int) -> list[str]:
    """Turns of generated conversations, no two alike."""
    rows = generate_conversations("train", size=count)
    return [f"{row.turns[-1]} {number}" for number, row in enumerate(rows)]


async def put_load(port: int, clients: int, seconds: float, bodies: list[bytes]) -> Load:
    """Ask for a while, each client one request at a time."""
    found, end, next_body = Load(0), time.perf_counter() + seconds, iter(cycle(bodies))

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            body = next(next_body)
            started = time.perf_counter()
            writer.write(
                b"POST /v1/annotate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
                b"Content-Type: application/json\r\n\r\n%b" % (len(body), body)
            )
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
            except (OSError, asyncio.IncompleteReadError):
                found.statuses[0] += 1
                break
            status = int(head.split()[1])
            found.statuses[status] += 1
            if status == 200:
                found.times.append(time.perf_counter() - started)
            else:
                await asyncio.sleep(0.05)
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(clients)))
    found.seconds = time.perf_counter() - started
    return found


def cycle(bodies: list[bytes]) -> Iterator[bytes]:
    """One after the other, without end."""
    while True:
        yield from bodies


def load_in_process(port: int, clients: int, seconds: float, texts: int) -> Load:
    """The same from a process of its own, so that clients and server share no interpreter."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(run_load, (port, clients, seconds, texts))


def run_load(port: int, clients: int, seconds: float, texts: int) -> Load:
    """What the process of the clients does."""
    all_texts = make_texts(2_000)
    bodies = [
        json.dumps({"texts": all_texts[start : start + texts]}).encode()
        for start in range(0, len(all_texts) - texts + 1, texts)
    ]
    found = asyncio.run(put_load(port, clients, seconds, bodies))
    found.texts = texts
    return found


def measure_annotator(model: Path, seconds: float) -> float:
    """Texts a second of the annotator alone."""
    annotator, texts = load(model), make_texts(2_000)
    annotator.annotate(texts[:256])
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        annotator.annotate(texts)
        done += len(texts)
    return done / (time.perf_counter() - started)


@contextmanager
def started(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server, once it is ready."""
    process = subprocess.Popen(command)
    try:
        for _ in range(1200):
            if is_ready(port):
                break
            if process.poll() is not None:
                sys.exit(f"the server ended with {process.returncode}")
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(60)


def is_ready(port: int) -> bool:
    """Whether a server answers that it is ready."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return connection.recv(12).endswith(b"200")
    except OSError:
        return False


def find_port() -> int:
    """A port that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def service(arguments: argparse.Namespace, *more: str) -> tuple[list[str], int]:
    """The command that starts the service, and its port."""
    port = find_port()
    line = [sys.executable, "-m", "emoscope", "serve", "--port", str(port)]
    return [*line, "--model", str(arguments.model), *more], port


def measure_service(arguments: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """One text a request, several, and memory over a longer load."""
    command, port = service(arguments)
    figures: dict[str, Any] = {}
    with started(command, port) as process:
        load_in_process(port, CLIENTS, seconds / 6, 1)
        for texts in sorted({1, arguments.texts}):
            figures[f"service, {texts} a request"] = show(
                f"service, {texts} a request", load_in_process(port, CLIENTS, seconds, texts)
            )
        if arguments.soak:
            before = memory(process.pid)
            load_in_process(port, CLIENTS, arguments.soak, arguments.texts)
            figures["soak"] = {"before_mb": before / 2**20, "after_mb": memory(process.pid) / 2**20}
    return figures


def measure_peer(arguments: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """The plain app, with the same clients and one text a request."""
    port = find_port()
    peer = [sys.executable, __file__, "--peer", str(port), "--model", str(arguments.model)]
    if arguments.weights is not None:
        peer += ["--weights", str(arguments.weights)]
    with started(peer, port):
        load_in_process(port, CLIENTS, seconds / 6, 1)
        return show("plain FastAPI, 1 a request", load_in_process(port, CLIENTS, seconds, 1))


def measure_overload(arguments: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """More clients than may be under way."""
    command, port = service(arguments, "--limit", f"requests={SHED}")
    with started(command, port):
        return show(f"service, {SHED} under way", load_in_process(port, CLIENTS, seconds / 4, 1))


def show(name: str, found: Load) -> dict[str, Any]:
    """Print a row."""
    row = found.summary()
    print(
        f"{name:28} {row['texts_per_second']:8.0f} texts/s  {row['requests_per_second']:7.0f} "
        f"requests/s  p50 {row['p50_ms']:7.0f} ms  p99 {row['p99_ms']:7.0f} ms  {row['statuses']}",
        flush=True,
    )
    return row


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--model", type=Path, default=PRETRAINED, help="an exported model")
    parser.add_argument("--weights", type=Path, help="the same model with weights, for the peer")
    parser.add_argument("--texts", type=int, default=8, help="of a request, beside one")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--soak", type=float, default=0.0, help=f"seconds; {SOAK:.0f} for the bar")
    parser.add_argument("--peer", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer is not None:
        serve(arguments.model, arguments.weights, arguments.peer)
        return
    seconds = QUICK_SECONDS if arguments.quick else arguments.seconds
    print(machine())
    own = measure_annotator(arguments.model, seconds / 3)
    print(f"{'annotator alone':28} {own:8.0f} texts/s", flush=True)
    figures = measure_service(arguments, seconds)
    figures |= {"peer": measure_peer(arguments, seconds)}
    figures |= {"overload": measure_overload(arguments, seconds), "annotator": own}
    finish(figures, judge(figures, arguments), arguments.json, arguments.quick)


def judge(figures: dict[str, Any], arguments: argparse.Namespace) -> dict[str, bool]:
    """Each figure beside its bar."""
    one, peer = figures["service, 1 a request"], figures["peer"]
    many = figures[f"service, {arguments.texts} a request"]
    share = many["texts_per_second"] / figures["annotator"]
    times = one["texts_per_second"] / peer["texts_per_second"]
    shed = set(figures["overload"]["statuses"])
    failed = {*one["statuses"], *many["statuses"]} - {"200"}
    verdicts = {
        f"{CLIENTS} clients, {arguments.texts} texts a request: {share:.2f} of the annotator's "
        f"own texts a second, bar {SHARE}": share >= SHARE,
        f"requests that failed below the limit: {sorted(failed) or 'none'}": not failed,
        f"above the limit only 200 and 429: {sorted(shed)}": shed <= {"200", "429"},
        f"{times:.1f} times the plain app's requests a second, bar {TIMES:.0f}": times >= TIMES,
        f"p99 {one['p99_ms']:.0f} ms, below the plain app's p50 {peer['p50_ms']:.0f} ms": (
            one["p99_ms"] < peer["p50_ms"]
        ),
    }
    if "soak" in figures:
        growth = figures["soak"]["after_mb"] / figures["soak"]["before_mb"]
        verdicts[f"memory after {arguments.soak:.0f} s is {growth:.2f} times, bar {GROWTH}"] = (
            growth <= GROWTH
        )
    return verdicts


if __name__ == "__main__":
    main()
