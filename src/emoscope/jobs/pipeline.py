"""From the rows of an input to the bytes of an output, chunk by chunk."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from emoscope.errors import InputError
from emoscope.inference.model_info import Model
from emoscope.jobs.cache import Cache, Place
from emoscope.jobs.config import job_config, model_config
from emoscope.jobs.journal import Progress
from emoscope.jobs.options import Counts, Options, Summary
from emoscope.jobs.outputs import TABLES, OutputFormat, Writer, writer_of
from emoscope.jobs.plan import Plan
from emoscope.jobs.scores import Labels, Unique
from emoscope.jobs.source import Item, Reading, Source
from emoscope.jobs.tables import Table
from emoscope.jobs.workers import WorkerPool, Workers, make_workers
from emoscope.reading.errors import reject_line
from emoscope.text.language import is_read


@dataclass(frozen=True)
class Piece:
    """What a chunk becomes.

    Attributes:
        data: for the output.
        rejected: for the reject file.
        counts: of the rows.
        read: how much of the input was read up to its end.
    """

    data: bytes
    rejected: bytes
    counts: Counts
    read: int


@dataclass(frozen=True)
class Job:
    """What a job works with."""

    model: Model
    workers: Workers
    labels: Labels
    source: Source
    reading: Reading
    writer: Writer
    form: OutputFormat
    options: Options

    @classmethod
    def prepared(
        cls,
        stack: ExitStack,
        model: Model,
        source: Source,
        form: OutputFormat,
        options: Options,
    ) -> "Job":
        """Load the model and begin to read."""
        if options.cache is not None and not model.resumable:
            raise InputError(
                "A cache needs to know the model's files. Name the folder of the model."
            )
        workers = make_workers(model, options.workers)
        if isinstance(workers, WorkerPool):
            stack.enter_context(workers)
        labels = Labels.of(workers.info.scoring, options.threshold)
        reading = stack.enter_context(source.opened(typed=form in TABLES))
        writer = writer_of(
            form, reading, labels, errors=options.bad_rows == "keep", top_k=options.top_k
        )
        return cls(model, workers, labels, source, reading, writer, form, options)

    @cached_property
    def config(self) -> dict[str, Any]:
        """All that bears on the output, by what messages call it."""
        options = self.options
        state = self.source.file.stat() if isinstance(self.source.file, Path) else None
        return {
            **job_config(self.model, self.workers.info, self.labels, self.source, options),
            "input": self.source.name,
            "size of the input": state and state.st_size,
            "time of the input": state and state.st_mtime_ns,
            "turns": list(self.reading.columns.turns),
            "id": self.reading.columns.id,
            "output format": self.form,
            "columns": self.writer.layout.names if isinstance(self.writer, Table) else None,
            "cache": None if options.cache is None else str(options.cache),
            # What a chunk finds in a cache depends on how many chunks are under way.
            "workers": None if options.cache is None else options.workers,
        }

    def cache(self, stack: ExitStack, place: dict[str, Any] | None) -> Cache | None:
        """The cache, if there is to be one, at the place of the job that goes on."""
        if self.options.cache is None:
            return None
        model = json.dumps(model_config(self.model, self.workers.info))
        known = None if place is None else Place(**place)
        return stack.enter_context(
            Cache(self.options.cache, model, self.workers.max_in_flight, known)
        )

    def pieces(self, cache: Cache | None, done: Progress) -> Iterator[Piece]:
        """What becomes of the rows that are not done, chunk by chunk.

        Args:
            cache: of probabilities.
            done: how far the job is.
        """
        skipped = self.options.reject_file is not None
        written = done.rows - (done.bad if skipped else 0)
        for plan, scored in self.workers.score(self._plans(cache, done)):
            if cache is not None:
                cache.add(plan.missing, scored, plan.number)
            probabilities = plan.probabilities(scored)
            scores = plan.unique.scores(probabilities, self.labels, self.options.top_k)
            bad = [item for item in plan.chunk.items if item.error is not None]
            rejected = "".join(reject_line(item.error, item.content) for item in bad if item.error)
            yield Piece(
                self.writer.rows(plan.items, scores, first=not written),
                rejected.encode() if skipped else b"",
                plan.counts,
                plan.chunk.read,
            )
            written += len(plan.items)

    def summary(self, done: Counts, resumed: int = 0) -> Summary:
        """What the job has done.

        Args:
            done: all rows.
            resumed: how many of them an earlier run did.
        """
        return Summary(
            done.rows,
            done.bad,
            resumed,
            self.labels,
            self.form,
            done.unread,
            done.first_unread,
            self.workers.info.languages,
        )

    def _plans(self, cache: Cache | None, done: Progress) -> Iterator[Plan]:
        before, languages = done.rows, self.workers.info.languages
        chunks = self.reading.chunks(self.options.chunk_rows, skip=before)
        for number, chunk in enumerate(chunks, done.chunks):
            errors = (item.error for item in chunk.items)
            if self.options.bad_rows == "stop" and (error := next(filter(None, errors), None)):
                raise error
            items = chunk.items
            if self.options.reject_file is not None:
                items = [item for item in items if item.error is None]
            unique = Unique.of(items)
            found = {} if cache is None else cache.find(unique.conversations, number)
            counts = counted(chunk.items, unique, languages, before)
            yield Plan(number, chunk, counts, items, unique, found)
            before += counts.rows


def counted(items: Sequence[Item], unique: Unique, languages: Sequence[str], before: int) -> Counts:
    """What the rows of a chunk are like.

    Args:
        items: the rows.
        unique: their conversations.
        languages: that the model reads.
        before: how many rows of the input stand before them.
    """
    turns = unique.conversations
    foreign = {tuple(each) for each in turns if is_read(" ".join(each), languages) is False}
    unread = [
        number
        for number, item in enumerate(items, start=before + 1)
        if item.error is None and tuple(item.turns) in foreign
    ]
    bad = sum(item.error is not None for item in items)
    return Counts(len(items), bad, len(unread), unread[0] if unread else None)
