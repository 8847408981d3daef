"""The texts that wait for the model, and which of them make the next batch."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from emoscope.serve.limits import Limits
from emoscope.serve.scoring import Question, Row

TURN = 0.001
"""Seconds by which each further text of a request stands behind the one before it, so that a short
request that comes a little later does not wait for the whole of a long one."""
LOOK = 8
"""The next batch is chosen among this many times `Limits.batch_texts` of those that came first."""


@dataclass(eq=False)
class Ticket:
    """A request that waits for the scores of its texts.

    Attributes:
        rows: of each text the probabilities, once they are there.
        done: set to `rows`, or to the first error with the place of its text.
    """

    done: "asyncio.Future[list[Row]]"
    rows: list[Row | None]
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = len(self.rows)

    def deliver(self, place: int, outcome: Row | Exception) -> None:
        """Take what has become of one text; nobody waits any more if the request was cancelled."""
        if self.done.done():
            return
        if isinstance(outcome, Exception):
            self.done.set_exception(TextError(place, outcome))
            return
        self.rows[place] = outcome
        self.left -= 1
        if not self.left:
            self.done.set_result([row for row in self.rows if row is not None])


class TextError(Exception):
    """A text of a request that could not be scored.

    Attributes:
        place: of the text in the request, from 0.
        cause: why.
    """

    def __init__(self, place: int, cause: Exception) -> None:
        super().__init__(place, cause)
        self.place = place
        self.cause = cause


@dataclass(eq=False)
class WaitingText:
    """A text in the queue.

    Attributes:
        question: the text and its labels.
        ticket: of its request.
        place: in its request.
        tokens: about how many it has.
        arrived: when, on the clock of the queue.
    """

    question: Question
    ticket: Ticket
    place: int
    tokens: int
    arrived: float

    @property
    def due(self) -> float:
        """What the queue is ordered by."""
        return self.arrived + TURN * self.place


class Waiting:
    """A bounded queue of texts.

    Args:
        limits: of the queue and of a batch.
        clock: seconds.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.clock = clock
        self.tokens = 0
        self._texts: list[WaitingText] = []

    def __len__(self) -> int:
        return len(self._texts)

    def has_room(self, texts: int, tokens: int) -> bool:
        """Whether so many more may wait."""
        limits = self.limits
        return (
            len(self) + texts <= limits.queue_texts and self.tokens + tokens <= limits.queue_tokens
        )

    def add(self, texts: Iterable[WaitingText]) -> None:
        """Put texts into the queue."""
        for text in texts:
            self._texts.append(text)
            self.tokens += text.tokens

    def drop(self, ticket: Ticket) -> None:
        """Free the places of a request that nobody waits for any more."""
        self._remove({text for text in self._texts if text.ticket is ticket})

    def fills_a_batch(self) -> bool:
        """Whether there is nothing to be gained from waiting for more."""
        limits = self.limits
        return len(self) >= limits.batch_texts or self.tokens >= limits.batch_tokens

    def first_arrival(self) -> float:
        """When the text that waits longest came."""
        return min(text.arrived for text in self._texts)

    def take(self) -> list[WaitingText]:
        """The next batch: the text that is due first, and those most like it in length.

        Labels that see each other are asked for in batches of their own; independent ones share a
        batch as long as they are few. At least one text is taken.
        """
        order = sorted(self._texts, key=lambda text: text.due)
        first = order[0]
        near = sorted(
            order[1 : LOOK * self.limits.batch_texts], key=lambda x: abs(x.tokens - first.tokens)
        )
        batch, words, longest = [first], first.question.labels.words, first.tokens
        most = max(self.limits.batch_words, len(words))
        for text in near:
            labels = text.question.labels
            if len(batch) == self.limits.batch_texts:
                break
            if labels is not first.question.labels and not labels.independent:
                continue
            if len(words | labels.words) > most:
                continue
            if (len(batch) + 1) * max(longest, text.tokens) > self.limits.batch_tokens:
                continue
            batch.append(text)
            words, longest = words | labels.words, max(longest, text.tokens)
        self._remove(set(batch))
        return batch

    def _remove(self, gone: set[WaitingText]) -> None:
        if gone:
            self._texts = [text for text in self._texts if text not in gone]
            self.tokens -= sum(text.tokens for text in gone)
