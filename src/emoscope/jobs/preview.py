"""The first rows of a file, annotated to be looked at."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from emoscope.errors import InputError
from emoscope.inference.model_info import ModelSpec, to_model
from emoscope.inference.ranking import Score
from emoscope.jobs.job_file import Progress
from emoscope.jobs.options import Options, Summary
from emoscope.jobs.pipeline import Job, add_label_counts
from emoscope.jobs.source import Item, Source


@dataclass(frozen=True)
class Preview:
    """The first rows of a file.

    Attributes:
        items: the rows.
        scores: of each row its labels, the most probable one first; none of a bad row.
        given: of each row the names of the labels that are given.
        more: whether the file has more rows.
        summary: counts of these rows alone.
    """

    items: Sequence[Item]
    scores: Sequence[Sequence[Score]]
    given: Sequence[set[str]]
    more: bool
    summary: Summary


def preview_file(model: ModelSpec, source: Source, options: Options, rows: int) -> Preview:
    """Annotate the first rows of a file, and write nothing.

    Args:
        model: where it is.
        source: the source of the texts.
        options: how; what is said of the output does not matter.
        rows: how many rows, at most.

    Raises:
        RowError: one of these rows is bad, and bad rows are to stop a job.
        InputError: as from `annotate_file`.
    """
    options = replace(options, format="jsonl", workers=1, cache=None, chunk_rows=rows)
    with ExitStack() as stack:
        job = Job.prepared(stack, to_model(model), source, "jsonl", options)
        chunks = job.scored(None, Progress())
        first = next(chunks, None)
        if first is None:
            return Preview([], [], [], False, job.summary(Progress()))
        try:
            more = next(chunks, None) is not None
        except InputError:
            # What is wrong with later rows is said when they are annotated.
            more = True
    plan, scores = first
    names = job.labels.names
    ranked = [
        [
            Score(names[k], float(row[k]))
            for k in np.argsort(-row, kind="stable")
            if row[k] == row[k]
        ]
        for row in scores.probabilities
    ]
    given = [{names[k] for k in np.flatnonzero(row)} for row in scores.given]
    counts = add_label_counts(plan.counts, scores, job.labels)
    return Preview(plan.items, ranked, given, more, job.summary(counts))
