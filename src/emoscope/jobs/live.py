"""Rows of a pipe as they come in: chunks that do not wait to be full while a pipe is idle.

A thread reads, because nothing tells how long a read will wait. Before each read it hands on the
rows that it has, so that none waits for another.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from time import monotonic
from typing import Any, BinaryIO

from emoscope.jobs.source import MAX_CHUNK_CHARACTERS, Item, ItemChunk, OpenedSource

WAIT = 0.2
"""Seconds that a row waits for others to be scored with it."""

_STOP_SECONDS = 0.5
_READ_AHEAD = 2


class LiveStream:
    """A stream of bytes that calls `before_read` before it reads, which may take any time.

    Args:
        stream: the stream.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.before_read: Callable[[], None] = lambda: None

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or all that there are."""
        self.before_read()
        return self._stream.read(size)

    def read1(self, size: int = -1) -> bytes:
        """Read what is available, so many bytes at most."""
        self.before_read()
        read: Callable[[int], bytes] = getattr(self._stream, "read1", self._stream.read)
        return read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _StoppedError(Exception):
    """Nobody wants the rows any more."""


class _Reader:
    """Reads the items of a source in a thread, in lists.

    Attributes:
        lists: what was read: lists of items, then None, or the error that ended the reading.
    """

    def __init__(self, reading: OpenedSource, stream: LiveStream, rows: int) -> None:
        self.lists: Queue[list[Item] | Exception | None] = Queue(_READ_AHEAD)
        self._reading, self._rows, self._stopped = reading, rows, Event()
        self._read: list[Item] = []
        stream.before_read = self._hand_on
        # A daemon, as a read may wait for ever.
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end when its read does."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            for item in self._reading.items():
                self._read.append(item)
                if len(self._read) == self._rows:
                    self._hand_on()
            self._hand_on()
            self._put(None)
        except _StoppedError:
            return
        except Exception as error:
            with suppress(_StoppedError):
                self._put(error)

    def _hand_on(self) -> None:
        self._read.extend(self._reading.drain_bad_items())
        if self._read:
            self._put(self._read)
            self._read = []

    def _put(self, piece: list[Item] | Exception | None) -> None:
        while not self._stopped.is_set():
            try:
                return self.lists.put(piece, timeout=_STOP_SECONDS)
            except Full:
                continue
        raise _StoppedError


def read_live_chunks(reading: OpenedSource, stream: LiveStream, rows: int) -> Iterator[ItemChunk]:
    """Chunks as of `OpenedSource.chunks`, but none waits for more rows longer than `WAIT` seconds.

    As long as rows come in faster than that they are the same chunks.

    Args:
        reading: the source.
        stream: the stream that the source reads.
        rows: the number of rows in a chunk.
    """
    reader = _Reader(reading, stream, rows)
    chunk: list[Item] = []
    size = 0
    # When what was read must be written; None while nothing waits.
    due: float | None = None
    try:
        while True:
            try:
                found = reader.lists.get(timeout=None if due is None else max(0, due - monotonic()))
            except Empty:
                yield ItemChunk(chunk, reading.meter.done, flush=True)
                chunk, size, due = [], 0, None
                continue
            if found is None:
                break
            if isinstance(found, Exception):
                raise found
            for item in found:
                chunk.append(item)
                size += item.size
                if len(chunk) == rows or size > MAX_CHUNK_CHARACTERS:
                    yield ItemChunk(chunk, reading.meter.done)
                    chunk, size, due = [], 0, None
            if due is None:
                due = monotonic() + WAIT
        if chunk:
            yield ItemChunk(chunk, reading.meter.done)
    finally:
        reader.stop()
