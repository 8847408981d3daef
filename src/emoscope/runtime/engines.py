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
from emoscope.runtime.ahead import ahead
from emoscope.runtime.annotator import Annotator
from emoscope.runtime.memory import give_back
from emoscope.runtime.scores import Conversation, Probabilities
from emoscope.runtime.spec import Described, ModelSpec, fingerprint

__all__ = ["Alone", "Described", "Engine", "ModelSpec", "Processes", "engine_of", "fingerprint"]

T = TypeVar("T")

_ENDED = (
    "A worker process was ended from outside, as happens where memory runs out. Run the same "
    "command again to go on, with fewer --workers."
)


class Plan(Protocol):
    """A chunk on its way through an engine."""

    @property
    def missing(self) -> list[Conversation]:
        """U conversations to be scored."""


P = TypeVar("P", bound=Plan)


class Engine(Protocol):
    """Scores chunks in order, several under way at a time.

    Attributes:
        described: what the model says of itself.
        lag: a plan is drawn when the one so many places before it has come back.
    """

    described: Described
    lag: int

    def score(self, plans: Iterator[P]) -> Iterator[tuple[P, Probabilities]]:
        """Each plan with the probabilities (U, K) of its conversations."""


class Alone:
    """This process scores; reading and encoding a chunk overlap with scoring the one before."""

    lag = 2

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self.described = Described.of(annotator)

    def score(self, plans: Iterator[P]) -> Iterator[tuple[P, Probabilities]]:
        """See `Engine`."""

        def encode(plan: P) -> tuple[P, Any]:
            return plan, self._annotator.encode(plan.missing) if plan.missing else None

        for plan, encoded in ahead(encode, plans):
            if encoded is None:
                yield plan, _nothing(self.described)
            else:
                yield plan, self._annotator.score(encoded)
                give_back()


class Processes:
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
        self.lag = workers + 1
        threads = max(1, (os.cpu_count() or 1) // workers)
        # Spawned, as an engine's threads do not survive a fork.
        context = get_context("spawn")
        # The end that this process holds is closed when it ends, which ends the others.
        self._end, self._held = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            workers, context, initializer=_begin, initargs=(spec, threads, self._end)
        )
        try:
            self.described = self._result(self._submitted(_describe))
        except BaseException:
            self._stop()
            raise

    def score(self, plans: Iterator[P]) -> Iterator[tuple[P, Probabilities]]:
        """See `Engine`."""
        waiting: deque[tuple[P, Future[Probabilities]]] = deque()
        failed: Exception | None = None
        for plan in _drawn(plans):
            if isinstance(plan, Exception):
                # Those drawn before it are good.
                failed = plan
                break
            waiting.append((plan, self._submitted(_probabilities, plan.missing)))
            if len(waiting) == self.lag:
                first, future = waiting.popleft()
                yield first, self._result(future)
        for rest, future in waiting:
            yield rest, self._result(future)
        if failed is not None:
            raise failed

    def _submitted(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        try:
            return self._pool.submit(function, *arguments)
        except BrokenProcessPool as error:
            raise EmoscopeError(_ENDED) from error

    def _result(self, future: Future[T]) -> T:
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


def _drawn(plans: Iterator[P]) -> Iterator[P | Exception]:
    """The plans, and in place of one that cannot be drawn the reason."""
    try:
        yield from plans
    except Exception as error:
        yield error


def _nothing(described: Described) -> Probabilities:
    return np.empty((0, len(described.scoring.taxonomy)))


# What a worker process is asked to load; set once, before it is asked for anything.
_asked: list[tuple[ModelSpec, int]] = []


def _begin(spec: ModelSpec, threads: int, lifeline: Connection) -> None:
    """Prepare a worker process; the model is loaded by its first task, which can say what fails."""
    Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    # Ctrl-C reaches every process of the terminal; the parent ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    _asked.append((spec, threads))


def _end_with(lifeline: Connection) -> None:
    """End this process when the other end of a pipe is closed."""
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)


@cache
def _loaded() -> Annotator:
    spec, threads = _asked[0]
    return spec.load(threads)


def _describe() -> Described:
    return Described.of(_loaded())


def _probabilities(conversations: list[Conversation]) -> Probabilities:
    if not conversations:
        return _nothing(_describe())
    probabilities = _loaded().probabilities(conversations)
    give_back()
    return probabilities


def engine_of(model: Annotator | ModelSpec, workers: int) -> Alone | Processes:
    """Who scores: this process, or so many others.

    Raises:
        InputError: the model cannot be loaded, or not by other processes.
    """
    if workers < 1:
        raise InputError(f"Expected at least one worker, got {workers}.")
    if isinstance(model, Annotator):
        if workers > 1:
            raise InputError(
                "An annotator in memory has one process. Name the model's folder to use several."
            )
        return Alone(model)
    return Alone(model.load()) if workers == 1 else Processes(model, workers)
