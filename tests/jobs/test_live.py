"""Rows of a pipe come out as they come in, and the same rows at once when they come fast."""

import io
import json
import os
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from emoscope.errors import InputError, MachineError
from emoscope.jobs.annotate import Options, Source, annotate_file, annotate_stream
from emoscope.jobs.live import WAIT, LiveStream, read_live_chunks
from emoscope.jobs.source import ItemChunk
from emoscope.jobs.workers import WorkerPool
from emoscope.reading.errors import RowError
from tests.inference.fakes import lengths, streamed
from tests.jobs.conftest import ROWS

LATE = 0.5


class Pipe:
    """A job that reads from a pipe and writes to a list, with the time of each line."""

    def __init__(self, model, form, options):
        read, self._write = os.pipe()
        self._input = os.fdopen(read, "rb")
        self.lines, self.failure = [], None
        source = Source(self._input, format=form)
        self._thread = threading.Thread(target=self._run, args=(model, source, options))
        self._thread.start()

    def _run(self, model, source, options):
        sink = io.BytesIO()
        sink.write = lambda data: self.lines.extend(
            (time.monotonic(), json.loads(line)) for line in data.splitlines()
        )
        try:
            annotate_stream(model, source, sink, options)
        except InputError as error:
            self.failure = error

    def send(self, text):
        """Write, and say when."""
        os.write(self._write, text.encode())
        return time.monotonic()

    def wait_for(self, count):
        """The lines, when there are so many of them."""
        limit = time.monotonic() + 10
        while len(self.lines) < count and time.monotonic() < limit:
            time.sleep(0.005)
        return self.lines

    def end(self):
        os.close(self._write)
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._input.close()


@pytest.fixture
def pipe():
    pipes = []

    def make(form="jsonl", model=None, **options):
        pipes.append(Pipe(model or lengths(), form, Options(**options)))
        return pipes[-1]

    yield make
    for each in pipes:
        if each._thread.is_alive():
            each.end()


CASES = {
    "jsonl": ("", '{"text": "row %d"}\n'),
    "csv": ("text,n\n", '"row %d",1\n'),
    "tsv": ("n\ttext\n", "1\trow %d\n"),
    "txt": ("", "row %d\n"),
}


@pytest.mark.parametrize("form", CASES)
def test_a_row_does_not_wait_for_others(pipe, form):
    header, row = CASES[form]
    running = pipe(form)
    running.send(header)
    for number in range(3):
        sent = running.send(row % number)
        written, line = running.wait_for(number + 1)[number]
        assert line["turns"] == [f"row {number}"]
        assert written - sent < LATE
    running.end()


def test_a_trickle_is_written_too(pipe):
    """Rows that come before the pipe is idle for long enough."""
    running = pipe("txt")
    first = running.send("row\n")
    while time.monotonic() < first + 2 * WAIT:
        running.send("row\n")
        time.sleep(WAIT / 5)
    assert running.wait_for(1)[0][0] - first < LATE
    running.end()


def test_bad_rows_do_not_wait_either(pipe):
    running = pipe("jsonl", bad_rows="keep")
    running.send('{"text": "good"}\n')
    sent = running.send("{broken\n")
    written, line = running.wait_for(2)[1]
    assert "error" in line
    assert written - sent < LATE
    stopped = pipe("jsonl")
    stopped.send('{"text": "good"}\n')
    stopped.send("{broken\n")
    stopped._thread.join(LATE + WAIT)
    assert isinstance(stopped.failure, RowError)
    assert len(stopped.lines) in (0, 1)
    running.end()
    stopped.end()


def test_several_processes_do_not_keep_rows(monkeypatch):
    """All that is in flight is waited for before the pool looks for more."""
    pool = object.__new__(WorkerPool)
    pool.max_in_flight = 5
    monkeypatch.setattr(pool, "_submit", lambda *call: call, raising=False)
    monkeypatch.setattr(pool, "_wait_for", lambda call: call, raising=False)
    drawn = []

    def plans():
        for number, flush in enumerate([False, False, True, True, False]):
            drawn.append(number)
            yield SimpleNamespace(number=number, missing=[], chunk=ItemChunk([], 0, flush=flush))

    done = []
    for plan, _ in pool.score(plans()):
        done.append((plan.number, len(drawn)))
    assert done == [(0, 3), (1, 3), (2, 3), (3, 4), (4, 5)]


@pytest.mark.parametrize("chunk_rows", [1, 5, 23, 2048])
def test_what_comes_fast_is_scored_in_the_same_chunks(model, source, chunk_rows):
    """Scores depend a little on the chunk, so the bytes tell."""
    options = Options(bad_rows="keep", chunk_rows=chunk_rows)
    expected = streamed(source, model, options)
    with source.file.open("rb") as stream:
        assert streamed(replace(source, file=stream, format="csv"), model, options) == expected


def test_an_error_of_the_reader_is_the_jobs(model):
    class Torn(io.RawIOBase):
        parts = [b'{"text": "a"}\n', b'{"text": "b"}\n']  # noqa: RUF012

        def readable(self):
            return True

        def readinto(self, buffer):
            if not self.parts:
                raise OSError(5, "Input/output error")
            part = self.parts.pop(0)
            buffer[: len(part)] = part
            return len(part)

    with pytest.raises(MachineError, match="Input/output error"):
        streamed(Source(io.BufferedReader(Torn()), format="jsonl"), model)


def test_the_thread_ends_when_nobody_wants_the_rows(model):
    before = threading.active_count()
    rows = b'{"text": "a"}\n' * 5000

    class FullError(Exception):
        pass

    def stop(status):
        raise FullError

    with pytest.raises(FullError):
        streamed(
            Source(io.BytesIO(rows), format="jsonl"),
            model,
            Options(chunk_rows=10),
            on_status=stop,
        )
    limit = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < limit:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_a_fifo_is_read_as_a_stream(model, source, tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    content = source.file.read_bytes()
    for output in (None, tmp_path / "out.jsonl"):
        threading.Thread(target=path.write_bytes, args=(content,), daemon=True).start()
        piped = replace(source, file=path)
        options = Options(bad_rows="keep")
        if output is None:
            expected = streamed(source, model, options)
            expected = expected.replace(str(source.file).encode(), str(path).encode())
            assert streamed(piped, model, options) == expected
        else:
            assert annotate_file(model, piped, output, options).rows == ROWS


def test_a_live_stream_is_the_stream():
    stream = LiveStream(io.BytesIO(b"abc"))
    told = []
    stream.before_read = lambda: told.append(stream.tell())
    assert (stream.read1(1), stream.read(1), stream.read1()) == (b"a", b"b", b"c")
    assert told == [0, 1, 2]


class Failing(io.RawIOBase):
    """Two rows, and then an error once it is let go."""

    def __init__(self):
        self.rows, self.gone = b'{"text": "a"}\n{"text": "b"}\n', threading.Event()

    def readable(self):
        return True

    def readinto(self, buffer):
        if not self.rows:
            assert self.gone.wait(5)
            raise OSError("the pipe is broken")
        rows, self.rows = self.rows, b""
        buffer[: len(rows)] = rows
        return len(rows)


def test_a_reader_that_nobody_waits_for_fails_in_silence(capsys):
    failing = Failing()
    stream = LiveStream(io.BufferedReader(failing))
    threads = set(threading.enumerate())
    with Source(stream, format="jsonl").opened() as reading:
        chunks = read_live_chunks(reading, stream, 1)
        assert len(next(chunks).items) == 1
        [thread] = set(threading.enumerate()) - threads
        chunks.close()
        failing.gone.set()
        thread.join(5)
    assert not thread.is_alive()
    assert capsys.readouterr().err == ""
