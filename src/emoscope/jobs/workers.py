"""Score the chunks of a job in order, in this process or in a pool of worker processes."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from emoscope.errors import EmoscopeError, InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.memory import trim_memory
from emoscope.inference.model_info import LoadedModel, Model, ModelInfo, ModelSpec
from emoscope.inference.prefetch import prefetch
from emoscope.jobs.plan import Plan
from emoscope.jobs.scores import Conversation, Probabilities

T = TypeVar("T")

_ENDED = (
    "A worker process was ended from outside, as happens where memory runs out. Run the same "
    "command again to go on, with fewer --workers."
)


class Workers(Protocol):
    """Scores chunks in order, several in flight at a time.

    Attributes:
        info: a description of the model.
        max_in_flight: how many chunks may be in flight at a time.
    """

    info: ModelInfo
    max_in_flight: int

    def score(self, plans: Iterator[Plan]) -> Iterator[tuple[Plan, Probabilities]]:
        """Each plan with the probabilities (U, K) of its conversations."""


class InProcessWorker:
    """Scores in this process; a thread reads and encodes the next chunk meanwhile."""

    max_in_flight = 2

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self.info = ModelInfo.of(annotator)

    def score(self, plans: Iterator[Plan]) -> Iterator[tuple[Plan, Probabilities]]:
        """See `Workers`."""

        def encode(plan: Plan) -> tuple[Plan, Any]:
            return plan, self._annotator.encode(plan.missing) if plan.missing else None

        for plan, encoded in prefetch(encode, plans):
            if encoded is None:
                yield plan, _make_empty_probabilities(self.info)
            else:
                yield plan, self._annotator.score(encoded)
                trim_memory()


class WorkerPool:
    """A pool of worker processes, each with the model loaded. Use it in a `with`.

    They share the cores. All of them end with this process, even if it is killed.

    Args:
        spec: the model.
        workers: the number of processes.

    Raises:
        InputError: the model cannot be loaded.
    """

    def __init__(self, spec: ModelSpec, workers: int) -> None:
        # One chunk more than there are processes, so that no process waits for a chunk to be read.
        self.max_in_flight = workers + 1
        threads = max(1, (os.cpu_count() or 1) // workers)
        # Spawned, because an engine's threads do not survive a fork.
        context = get_context("spawn")
        # This process holds one end of the pipe. When it ends, the pipe closes and workers exit.
        self._end, self._held = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            workers, context, initializer=_set_up, initargs=(spec, threads, self._end)
        )
        try:
            self.info = self._wait_for(self._submit(_describe_model))
        except BaseException:
            self._stop()
            raise

    def score(self, plans: Iterator[Plan]) -> Iterator[tuple[Plan, Probabilities]]:
        """See `Workers`."""
        waiting: deque[tuple[Plan, Future[Probabilities]]] = deque()
        failed: Exception | None = None
        for plan in _draw_plans(plans):
            if isinstance(plan, Exception):
                # The plans before it are still scored.
                failed = plan
                break
            waiting.append((plan, self._submit(_score_conversations, plan.missing)))
            while waiting and (len(waiting) == self.max_in_flight or plan.chunk.flush):
                first, future = waiting.popleft()
                yield first, self._wait_for(future)
        for rest, future in waiting:
            yield rest, self._wait_for(future)
        if failed is not None:
            raise failed

    def _submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        try:
            return self._pool.submit(function, *arguments)
        except BrokenProcessPool as error:
            raise EmoscopeError(_ENDED) from error

    def _wait_for(self, future: Future[T]) -> T:
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise EmoscopeError(_ENDED) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        """Stop the processes at once."""
        self._held.close()
        self._pool.shutdown(cancel_futures=True)
        self._end.close()


def _draw_plans(plans: Iterator[Plan]) -> Iterator[Plan | Exception]:
    """Yield the plans; if a plan cannot be read, yield the exception in its place."""
    try:
        yield from plans
    except Exception as error:
        yield error


def _make_empty_probabilities(info: ModelInfo) -> Probabilities:
    return np.empty((0, len(info.scoring.taxonomy)))


# The model that a worker process loads; set once, when the process starts.
_worker_setup: list[tuple[ModelSpec, int]] = []


def _set_up(spec: ModelSpec, threads: int, lifeline: Connection) -> None:
    """Prepare a worker process. Its first task loads the model, so that errors can be reported."""
    Thread(target=_exit_with_parent, args=(lifeline,), daemon=True).start()
    # Ctrl-C reaches every process of the terminal; the parent ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    _worker_setup.append((spec, threads))


def _exit_with_parent(lifeline: Connection) -> None:
    """Exit this process when the other end of a pipe is closed."""
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)


@cache
def _load_annotator() -> Annotator:
    spec, threads = _worker_setup[0]
    return spec.load(threads)


def _describe_model() -> ModelInfo:
    return ModelInfo.of(_load_annotator())


def _score_conversations(conversations: list[Conversation]) -> Probabilities:
    if not conversations:
        return _make_empty_probabilities(_describe_model())
    probabilities = _load_annotator().probabilities(conversations)
    trim_memory()
    return probabilities


def make_workers(model: Model, workers: int) -> InProcessWorker | WorkerPool:
    """Make the workers: this process, or a pool of processes.

    Raises:
        InputError: the model cannot be loaded, or not by other processes.
    """
    if workers < 1:
        raise InputError(f"Expected at least one worker, got {workers}.")
    if workers == 1:
        return InProcessWorker(model.load())
    if isinstance(model, LoadedModel):
        raise InputError(
            "An annotator in memory has one process. Name the model's folder to use several."
        )
    return WorkerPool(model, workers)
