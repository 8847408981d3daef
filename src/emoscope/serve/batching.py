"""Micro-batching: texts of concurrent requests wait in a queue, and the model reads them together.

The queue belongs to the event loop, so that it needs no lock. Batches run in two threads: while the
model reads one, the next is tokenised.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from emoscope.inference.memory import trim_memory
from emoscope.serve.label_sets import LabelSet, LabelSets
from emoscope.serve.limits import Limits, estimate_tokens
from emoscope.serve.scoring import Durations, Question, Row, score_apart
from emoscope.serve.waiting import TextError, Ticket, Waiting, WaitingText
from emoscope.taxonomy import Taxonomy

__all__ = ["BatchReport", "Batcher", "NotReadyError", "OverloadError", "TextError", "TooSlowError"]

IN_FLIGHT = 2
"""Batches under way: one that the model reads, one that is tokenised."""
SMOOTHING = 0.2
"""Weight of the last batch in the mean pace."""
TRIM_EVERY = 20
"""Batches after which freed memory goes back to the system."""
FULL = 4
"""A batch tells the pace if it is at least one so-manyth full; small ones take longer a token."""


class OverloadError(Exception):
    """The queue is full, or so long that an answer would come too late.

    Attributes:
        wait: seconds after which it is worth to try again.
    """

    def __init__(self, wait: int) -> None:
        super().__init__(f"overloaded; try again in {wait} s")
        self.wait = wait


class TooSlowError(Exception):
    """A request was not answered in the time that it has."""


class NotReadyError(Exception):
    """The service is about to end."""


@dataclass(frozen=True)
class BatchReport:
    """What became of a batch.

    Attributes:
        texts: how many it had.
        waits: seconds that each waited in the queue.
        durations: seconds of its parts.
        failed: how many texts could not be scored.
    """

    texts: int
    waits: tuple[float, ...]
    durations: Durations
    failed: int


class Observer(Protocol):
    """Hears of every batch, on the event loop."""

    def __call__(self, report: BatchReport) -> None:
        """Take a report."""


class FairLock:
    """A lock that threads get in the order in which they ask for it.

    Python's own may go again and again to a thread that asks for it as soon as it has left it.
    """

    def __init__(self) -> None:
        self._change = Lock()
        self._waiting: deque[Lock] = deque()
        self._held = False

    def __enter__(self) -> None:
        with self._change:
            if not self._held:
                self._held = True
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        with self._change:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


class Batcher:
    """Scores texts, those of many requests together.

    Args:
        sets: the sets of labels of the model.
        limits: of the queue, of a batch and of the time.
        observe: hears of every batch.
    """

    def __init__(
        self, sets: LabelSets, limits: Limits, observe: Observer = lambda report: None
    ) -> None:
        self.sets = sets
        self.limits = limits
        self.observe = observe
        self.waiting = Waiting(limits, time.monotonic)
        self._engine = FairLock()
        self._threads = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="emoscope-batch")
        # A thread of its own, so that batches do not wait for all labels that are to be prepared.
        self._labels_thread = ThreadPoolExecutor(1, thread_name_prefix="emoscope-labels")
        self._free = asyncio.Semaphore(IN_FLIGHT)
        self._arrival = asyncio.Event()
        self._batches: set[asyncio.Task[None]] = set()
        self._asked_labels: dict[Taxonomy, asyncio.Task[LabelSet]] = {}
        self._loop: asyncio.Task[None] | None = None
        self._pace: float | None = None
        self._tokens_in_flight = 0
        self._measured = 0
        self._closed = False

    def start(self) -> None:
        """Begin to take batches from the queue; call it on the event loop."""
        self._loop = asyncio.create_task(self._take_batches())

    async def stop(self) -> None:
        """Finish what was accepted, and take nothing more."""
        self._closed = True
        while len(self.waiting) or self._batches:
            await asyncio.sleep(0.005)
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        self._threads.shutdown()
        self._labels_thread.shutdown()

    async def find_labels(self, taxonomy: Taxonomy | None) -> LabelSet:
        """The set of some labels; the model's own if None.

        Raises:
            InputError: the model does not take them.
            OverloadError: too many others are being prepared.
            TooSlowError: it takes longer than `Limits.seconds`.
        """
        found = self.sets.find(taxonomy)
        if found is not None or taxonomy is None:
            return self.sets.own if found is None else found
        # Many may ask for the same at once: it is made once, and not given up when one leaves.
        task = self._asked_labels.get(taxonomy)
        if task is None:
            if len(self._asked_labels) >= self.limits.label_sets:
                raise OverloadError(1)
            task = asyncio.create_task(self._prepare_labels(taxonomy))
            self._asked_labels[taxonomy] = task
            task.add_done_callback(lambda done: self._forget_task(taxonomy, done))
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            raise TooSlowError from None

    def _forget_task(self, taxonomy: Taxonomy, task: "asyncio.Task[LabelSet]") -> None:
        del self._asked_labels[taxonomy]
        if not task.cancelled():
            # Looked at, so that asyncio does not complain where everybody has left.
            task.exception()

    async def _prepare_labels(self, taxonomy: Taxonomy) -> LabelSet:
        return await asyncio.get_running_loop().run_in_executor(
            self._labels_thread, self._make_labels, taxonomy
        )

    def _make_labels(self, taxonomy: Taxonomy) -> LabelSet:
        with self._engine:
            return self.sets.make(taxonomy)

    async def score(self, texts: Sequence[tuple[str, ...]], labels: LabelSet) -> list[Row]:
        """The probabilities of each text, (K,), in the order given.

        Whoever cancels this frees the places of the texts in the queue.

        Args:
            texts: the turns of each.
            labels: from `find_labels`.

        Raises:
            OverloadError: there is no room.
            TooSlowError: it takes longer than `Limits.seconds`.
            TextError: a text that could not be scored.
            NotReadyError: the service is about to end.
        """
        if not texts:
            return []
        counts = [estimate_tokens(turns) for turns in texts]
        self._check_room(len(texts), sum(counts))
        ticket = Ticket(asyncio.get_running_loop().create_future(), [None] * len(texts))
        now = self.waiting.clock()
        self.waiting.add(
            WaitingText(Question(turns, labels), ticket, place, tokens, now)
            for place, (turns, tokens) in enumerate(zip(texts, counts, strict=True))
        )
        self._arrival.set()
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await ticket.done
        except TimeoutError:
            raise TooSlowError from None
        finally:
            if ticket.left:
                self.waiting.drop(ticket)

    def estimate_wait(self) -> float:
        """Seconds until what waits now has been read; 0 until a batch has been measured."""
        return (self.waiting.tokens + self._tokens_in_flight) * (self._pace or 0.0)

    def _check_room(self, texts: int, tokens: int) -> None:
        if self._closed:
            raise NotReadyError
        wait = self.estimate_wait()
        # A request that alone takes too long is told so when its time is over.
        late = wait > self.limits.seconds
        if late or not self.waiting.has_room(texts, tokens):
            raise OverloadError(max(1, math.ceil(wait)))

    async def _take_batches(self) -> None:
        while True:
            await self._free.acquire()
            while not len(self.waiting):
                self._arrival.clear()
                await self._arrival.wait()
            await self._fill_batch()
            if not len(self.waiting):
                # Whoever waited has left.
                self._free.release()
                continue
            task = asyncio.create_task(self._run(self.waiting.take()))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    async def _fill_batch(self) -> None:
        """Wait for more texts, until the first has waited long enough."""
        left = self.waiting.first_arrival() + self.limits.batch_wait - self.waiting.clock()
        if left > 0 and not self.waiting.fills_a_batch() and not self._closed:
            await asyncio.sleep(left)

    async def _run(self, batch: list[WaitingText]) -> None:
        """Score a batch, and give each request what is its own."""
        started = self.waiting.clock()
        tokens = sum(text.tokens for text in batch)
        self._tokens_in_flight += tokens
        durations = Durations()
        questions = [text.question for text in batch]
        try:
            outcomes = await asyncio.get_running_loop().run_in_executor(
                self._threads, score_apart, questions, self._engine, durations
            )
        finally:
            self._free.release()
            self._tokens_in_flight -= tokens
        for text, outcome in zip(batch, outcomes, strict=True):
            text.ticket.deliver(text.place, outcome)
        if (
            FULL * len(batch) >= self.limits.batch_texts
            or FULL * tokens >= self.limits.batch_tokens
        ):
            self._measure_pace((durations.tokenizing + durations.inference) / tokens)
        waits = tuple(started - text.arrived for text in batch)
        failed = sum(isinstance(outcome, Exception) for outcome in outcomes)
        self.observe(BatchReport(len(batch), waits, durations, failed))
        self._measured += 1
        if self._measured % TRIM_EVERY == 0:
            await asyncio.get_running_loop().run_in_executor(self._threads, trim_memory)

    def _measure_pace(self, seconds: float) -> None:
        """Take the seconds a token of the last batch into the mean."""
        if self._pace is None:
            self._pace = seconds
        self._pace += SMOOTHING * (seconds - self._pace)
