"""Read the scores of a finished output back, for pictures and statistics.

What was written is read as it was written, by place and without guesses; `written.py` does so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from emoscope.errors import InputError
from emoscope.jobs.file_set import get_job_file
from emoscope.jobs.job_file import JobFile, read_job
from emoscope.jobs.options import CHUNK_ROWS
from emoscope.jobs.outputs import OutputFormat
from emoscope.jobs.scores import Labels, Probabilities, Scores
from emoscope.jobs.tables import are_listed, split_labels
from emoscope.jobs.written import read_csv_records, read_json_objects, read_parquet_records

READABLE: tuple[OutputFormat, ...] = ("jsonl", "csv", "parquet")
"""Formats that hold all scores."""


@dataclass(frozen=True)
class ScoredRows:
    """Successive rows of an output.

    Attributes:
        values: the input's columns of each of N rows; of JSONL also `id` and `turns`.
        scores: the scores of these rows. As written: NaN in bad rows and beyond the top k.
    """

    values: Sequence[Mapping[str, Any]]
    scores: Scores


def read_labels(output: Path) -> Labels:
    """The labels that an output has scores of.

    Raises:
        InputError: see `read_scores`.
    """
    return _make_labels(_read_finished_job(output))


def read_scores(output: Path) -> Iterator[ScoredRows]:
    """The rows of an output of `annotate_file`, some thousand at a time.

    Args:
        output: JSONL, CSV or Parquet, with its job file beside it.

    Raises:
        InputError: the job is not finished, its file is missing, or the format has no scores.
    """
    job = _read_finished_job(output)
    return _read_rows(output, job, _make_labels(job))


def _read_rows(output: Path, job: JobFile, labels: Labels) -> Iterator[ScoredRows]:
    try:
        if job.config["output format"] == "jsonl":
            objects = read_json_objects(output)
            while some := list(islice(objects, CHUNK_ROWS)):
                yield _parse_objects(some, labels)
            return
        columns = job.config["columns"]
        # The labels given, a probability for each label, and why a row is bad.
        width = 1 + len(labels.names) + (job.config["bad rows"] == "keep")
        if len(columns or ()) < width:
            raise ValueError("the job file names too few columns")
        read = read_csv_records if job.config["output format"] == "csv" else read_parquet_records
        records = read(output, columns)
        while rows := list(islice(records, CHUNK_ROWS)):
            yield _parse_records(rows, columns, width, labels)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{output}: expected what the job has written, got something else ({error}). Annotate "
            "again with --restart."
        ) from error


def _read_finished_job(output: Path) -> JobFile:
    job = read_job(output)
    if job is None or not job.progress.finished:
        raise InputError(
            f"{output}: expected an output of `emoscope annotate` with its finished job file "
            f"{get_job_file(output).name} beside it. Annotate into a file first."
        )
    form = job.config["output format"]
    if form not in READABLE:
        raise InputError(
            f"{output} is for {form} and has no probabilities. Annotate to JSONL, CSV or Parquet."
        )
    return job


def _make_labels(job: JobFile) -> Labels:
    config = job.config
    return Labels(tuple(config["labels"]), config["exclusive"], tuple(config["thresholds"]))


def _parse_objects(rows: Sequence[Mapping[str, Any]], labels: Labels) -> ScoredRows:
    """Rows of JSONL."""
    probabilities = np.full((len(rows), len(labels.names)), np.nan)
    given = np.zeros(probabilities.shape, dtype=np.bool_)
    for place, row in enumerate(rows):
        emotions = row.get("emotions", {})
        probabilities[place] = [emotions.get(name, np.nan) for name in labels.names]
        chosen = {row["label"]} if "label" in row else {*row.get("labels", ())}
        given[place] = [name in chosen for name in labels.names]
    values = [
        {key: row.get(key) for key in ("id", "turns")} | row.get("columns", {}) for row in rows
    ]
    return ScoredRows(values, Scores(_check(probabilities), given))


def _parse_records(
    rows: Sequence[Sequence[Any]], columns: Sequence[str], width: int, labels: Labels
) -> ScoredRows:
    """Rows of a table.

    Args:
        rows: a value for each column.
        columns: their names.
        width: how many of them, the last ones, are not the input's.
        labels: the labels that are scored.
    """
    kept, count = len(columns) - width, len(labels.names)
    listed = not labels.exclusive and are_listed(labels.names)
    probabilities = np.array(
        [
            [np.nan if cell in ("", None) else float(cell) for cell in row[kept + 1 :][:count]]
            for row in rows
        ]
    )
    given = np.zeros(probabilities.shape, dtype=np.bool_)
    for place, row in enumerate(rows):
        chosen = row[kept]
        if isinstance(chosen, str):
            chosen = [chosen] if labels.exclusive else split_labels(chosen, listed)
        found = {*(chosen or ())}
        given[place] = [name in found for name in labels.names]
    values: list[Mapping[str, Any]] = [dict(zip(columns[:kept], row, strict=False)) for row in rows]
    return ScoredRows(values, Scores(_check(probabilities), given))


def _check(probabilities: Probabilities) -> Probabilities:
    """Probabilities as they are, if each is one or is not known."""
    if not (np.isnan(probabilities) | ((probabilities >= 0) & (probabilities <= 1))).all():
        raise ValueError("a probability that is not between 0 and 1")
    return probabilities
