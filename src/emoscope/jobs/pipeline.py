"""From the rows of an input to the bytes of an output, chunk by chunk."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from emoscope.errors import InputError
from emoscope.inference.model_info import Model
from emoscope.jobs.cache import Cache, Place
from emoscope.jobs.config import make_job_config, make_model_config
from emoscope.jobs.job_file import Progress
from emoscope.jobs.live import LiveStream, read_live_chunks
from emoscope.jobs.options import Options, RowCounts, Summary
from emoscope.jobs.outputs import TABLES, OutputFormat, Writer, make_writer
from emoscope.jobs.plan import Plan
from emoscope.jobs.scores import Labels, Scores, Unique
from emoscope.jobs.source import Item, OpenedSource, Source
from emoscope.jobs.tables import TableWriter
from emoscope.jobs.workers import WorkerPool, Workers, make_workers
from emoscope.reading.errors import MissingTextError, make_reject_line
from emoscope.text.language import is_read


@dataclass(frozen=True)
class Piece:
    """The output of one chunk.

    Attributes:
        data: bytes for the output.
        rejected: bytes for the reject file.
        counts: counts of the rows.
        read: how much of the input was read up to the end of the chunk.
    """

    data: bytes
    rejected: bytes
    counts: RowCounts
    read: int


@dataclass(frozen=True)
class Job:
    """What a job works with."""

    model: Model
    workers: Workers
    labels: Labels
    source: Source
    reading: OpenedSource
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
        writer = make_writer(
            form, reading, labels, errors=options.bad_rows == "keep", top_k=options.top_k
        )
        return cls(model, workers, labels, source, reading, writer, form, options)

    @cached_property
    def config(self) -> dict[str, Any]:
        """All settings that affect the output, by the names that messages use."""
        options = self.options
        state = self.source.file.stat() if isinstance(self.source.file, Path) else None
        return {
            **make_job_config(self.model, self.workers.info, self.labels, self.source, options),
            "input": self.source.name,
            "size of the input": state and state.st_size,
            "time of the input": state and state.st_mtime_ns,
            "turns": list(self.reading.columns.turns),
            "id": self.reading.columns.id,
            "output format": self.form,
            "columns": self.writer.layout.names if isinstance(self.writer, TableWriter) else None,
            "cache": None if options.cache is None else str(options.cache),
        }

    def cache(self, stack: ExitStack, place: dict[str, Any] | None) -> Cache | None:
        """Open the cache if the options name one, at the place of a resumed job."""
        if self.options.cache is None:
            return None
        model = json.dumps(make_model_config(self.model, self.workers.info))
        known = None if place is None else Place(**place)
        if known is not None:
            # More in flight than at the start would see less of what the job has added.
            self.workers.max_in_flight = min(self.workers.max_in_flight, known.lag)
        return stack.enter_context(
            Cache(self.options.cache, model, self.workers.max_in_flight, known)
        )

    def pieces(self, cache: Cache | None, done: Progress) -> Iterator[Piece]:
        """Yield the output of the remaining rows, chunk by chunk.

        Args:
            cache: the cache of probabilities.
            done: how far the job is.
        """
        skipped = self.options.reject_file is not None
        written = done.rows - (done.bad if skipped else 0)
        for plan, scores in self.scored(cache, done):
            bad = [item for item in plan.chunk.items if item.error is not None]
            rejected = "".join(
                make_reject_line(item.error, item.content) for item in bad if item.error
            )
            yield Piece(
                self.writer.rows(plan.items, scores, first=not written),
                rejected.encode() if skipped else b"",
                add_label_counts(plan.counts, scores, self.labels),
                plan.chunk.read,
            )
            written += len(plan.items)

    def scored(self, cache: Cache | None, done: Progress) -> Iterator[tuple[Plan, Scores]]:
        """Yield the remaining chunks with the scores of their rows; see `pieces`."""
        for plan, scored in self.workers.score(self._plans(cache, done)):
            if cache is not None:
                cache.add(plan.missing, scored, plan.number)
            probabilities = plan.probabilities(scored)
            yield plan, plan.unique.scores(probabilities, self.labels, self.options.top_k)

    def summary(self, done: RowCounts, resumed: int = 0) -> Summary:
        """What the job has done.

        Args:
            done: all rows.
            resumed: how many of them an earlier run did.
        """
        return Summary.of(done, self.labels, self.form, self.workers.info.languages, resumed)

    def _plans(self, cache: Cache | None, done: Progress) -> Iterator[Plan]:
        before, languages = done.rows, self.workers.info.languages
        rows, file = self.options.chunk_rows, self.source.file
        if isinstance(file, LiveStream):
            chunks = read_live_chunks(self.reading, file, rows)
        else:
            chunks = self.reading.chunks(rows, skip=before)
        for number, chunk in enumerate(chunks, done.chunks):
            if self.options.bad_rows == "stop":
                _raise_error(chunk.items)
            items = chunk.items
            if self.options.reject_file is not None:
                items = [item for item in items if item.error is None]
            unique = Unique.of(items)
            found = {} if cache is None else cache.find(unique.conversations, number)
            counts = count_rows(chunk.items, unique, languages, before)
            if self.options.bad_rows == "stop":
                counts.bad = 0
            yield Plan(number, chunk, counts, items, unique, found)
            before += counts.rows


def _raise_error(items: Sequence[Item]) -> None:
    """Raise the error of the first bad row; one without text is none."""
    for item in items:
        if item.error is not None and not isinstance(item.error, MissingTextError):
            raise item.error


def count_rows(
    items: Sequence[Item], unique: Unique, languages: Sequence[str], before: int
) -> RowCounts:
    """Count the rows of a chunk: all, bad, and in a language that the model does not read.

    Args:
        items: the rows.
        unique: their conversations.
        languages: the languages that the model reads.
        before: the number of rows before them in the input.
    """
    turns = unique.conversations
    foreign = {tuple(each) for each in turns if is_read(" ".join(each), languages) is False}
    unread = [
        number
        for number, item in enumerate(items, start=before + 1)
        if item.error is None and tuple(item.turns) in foreign
    ]
    errors = [item.error for item in items if item.error is not None]
    missing = [error for error in errors if isinstance(error, MissingTextError)]
    return RowCounts(
        rows=len(items),
        bad=len(errors),
        unread=len(unread),
        first_unread=unread[0] if unread else None,
        missing=len(missing),
        marked=sum(bool(error.mark) for error in missing),
    )


def add_label_counts(counts: RowCounts, scores: Scores, labels: Labels) -> RowCounts:
    """Counts of a chunk, and how many of its rows were given each label, or none."""
    totals = zip(labels.names, scores.given.sum(axis=0).tolist(), strict=True)
    scored = ~np.isnan(scores.probabilities).all(axis=1)
    return replace(
        counts,
        unlabelled=int((scored & ~scores.given.any(axis=1)).sum()),
        given={name: count for name, count in totals if count},
    )
