"""Who scores the chunks of a job: this process, or several, always in order."""

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
from types import TracebackType
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
    """Scores chunks in order, several under way at a time.

    Attributes:
        described: what the model says of itself.
        lag: a plan is drawn when the one so many places before it has come back.
    """

    info: ModelInfo
    max_in_flight: int

    def score(self, plans: Iterator[Plan]) -> Iterator[tuple[Plan, Probabilities]]:
        """Each plan with the probabilities (U, K) of its conversations."""


class InProcessWorker:
    """This process scores; reading and encoding a chunk overlap with scoring the one before."""

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
                yield plan, _no_probabilities(self.info)
            else:
                yield plan, self._annotator.score(encoded)
                trim_memory()


class WorkerPool:
    """Several processes score, each with the model loaded. Use it in a `with`.

    They share out the cores. All end with this process, however it is ended.

    Args:
        spec: the model.
        workers: how many processes.

    Raises:
        InputError: the model cannot be loaded.
    """

    def __init__(self, spec: ModelSpec, workers: int) -> None:
        # One chunk more than processes, so that none waits for a chunk to be read.
        self.max_in_flight = workers + 1
        threads = max(1, (os.cpu_count() or 1) // workers)
        # Spawned, as an engine's threads do not survive a fork.
        context = get_context("spawn")
        # The end that this process holds is closed when it ends, which ends the others.
        self._end, self._held = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            workers, context, initializer=_set_up, initargs=(spec, threads, self._end)
        )
        try:
            self.info = self._wait_for(self._submit(_model_info))
        except BaseException:
            self._stop()
            raise

    def score(self, plans: Iterator[Plan]) -> Iterator[tuple[Plan, Probabilities]]:
        """See `Workers`."""
        waiting: deque[tuple[Plan, Future[Probabilities]]] = deque()
        failed: Exception | None = None
        for plan in _draw(plans):
            if isinstance(plan, Exception):
                # Those drawn before it are good.
                failed = plan
                break
            waiting.append((plan, self._submit(_probabilities, plan.missing)))
            if len(waiting) == self.max_in_flight:
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        """End the processes, whatever they are at."""
        self._held.close()
        self._pool.shutdown(cancel_futures=True)
        self._end.close()


def _draw(plans: Iterator[Plan]) -> Iterator[Plan | Exception]:
    """The plans, and in place of one that cannot be drawn the reason."""
    try:
        yield from plans
    except Exception as error:
        yield error


def _no_probabilities(info: ModelInfo) -> Probabilities:
    return np.empty((0, len(info.scoring.taxonomy)))


# What a worker process is asked to load; set once, before it is asked for anything.
_worker_setup: list[tuple[ModelSpec, int]] = []


def _set_up(spec: ModelSpec, threads: int, lifeline: Connection) -> None:
    """Prepare a worker process; the model is loaded by its first task, which can say what fails."""
    Thread(target=_exit_with, args=(lifeline,), daemon=True).start()
    # Ctrl-C reaches every process of the terminal; the parent ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    _worker_setup.append((spec, threads))


def _exit_with(lifeline: Connection) -> None:
    """End this process when the other end of a pipe is closed."""
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)


@cache
def _load() -> Annotator:
    spec, threads = _worker_setup[0]
    return spec.load(threads)


def _model_info() -> ModelInfo:
    return ModelInfo.of(_load())


def _probabilities(conversations: list[Conversation]) -> Probabilities:
    if not conversations:
        return _no_probabilities(_model_info())
    probabilities = _load().probabilities(conversations)
    trim_memory()
    return probabilities


def make_workers(model: Model, workers: int) -> InProcessWorker | WorkerPool:
    """Who scores: this process, or so many others.

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
