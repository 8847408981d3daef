"""Read the scores of a finished output back, for pictures and statistics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from emoscope.errors import InputError
from emoscope.jobs.journal import JobFile, get_job_file, read_job
from emoscope.jobs.options import CHUNK_ROWS
from emoscope.jobs.outputs import OutputFormat
from emoscope.jobs.scores import Labels, Scores
from emoscope.jobs.tables import LABEL_SEPARATOR
from emoscope.reading.dialect import UNKNOWN, DialectOptions
from emoscope.reading.row import Row
from emoscope.reading.rows import read_rows

WRITTEN = DialectOptions(",", "csv")
"""How tables are written."""
READABLE: tuple[OutputFormat, ...] = ("jsonl", "csv", "parquet")
"""Formats that hold all scores."""


@dataclass(frozen=True)
class ScoredRows:
    """Successive rows of an output.

    Attributes:
        values: the input's columns of each of N rows; of JSONL also `id` and `turns`.
        scores: the scores of these rows. As written: NaN in bad rows and beyond the top k.
    """

    values: list[Mapping[str, Any]]
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
    form = job.config["output format"]
    rows = read_rows(output, form, dialect=WRITTEN if form == "csv" else UNKNOWN)
    width = 1 + len(labels.names) + (job.config["bad rows"] == "keep")
    kept, added = [], []
    if form != "jsonl":
        kept, added = job.config["columns"][:-width], job.config["columns"][-width:]
    while some := list(islice(rows, CHUNK_ROWS)):
        if form == "jsonl":
            values = [
                {key: row.values.get(key) for key in ("id", "turns")}
                | row.values.get("columns", {})
                for row in some
            ]
            yield ScoredRows(values, _parse_json_scores(some, labels))
        else:
            values = [{name: row.values[name] for name in kept} for row in some]
            yield ScoredRows(values, _parse_table_scores(some, labels, added))


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


def _parse_json_scores(rows: Sequence[Row], labels: Labels) -> Scores:
    probabilities = np.full((len(rows), len(labels.names)), np.nan)
    given = np.zeros(probabilities.shape, dtype=np.bool_)
    for place, row in enumerate(rows):
        emotions = row.values.get("emotions", {})
        probabilities[place] = [emotions.get(name, np.nan) for name in labels.names]
        chosen = row.values.get("labels", [row.values.get("label")])
        given[place] = [name in chosen for name in labels.names]
    return Scores(probabilities, given)


def _parse_table_scores(rows: Sequence[Row], labels: Labels, added: Sequence[str]) -> Scores:
    decision, columns = added[0], added[1 : 1 + len(labels.names)]
    cells = [[row.values[name] for name in columns] for row in rows]
    probabilities = np.array(
        [[np.nan if cell in ("", None) else float(cell) for cell in row] for row in cells]
    )
    given = np.zeros(probabilities.shape, dtype=np.bool_)
    for place, row in enumerate(rows):
        chosen = row.values[decision]
        if isinstance(chosen, str):
            chosen = [chosen] if labels.exclusive else chosen.split(LABEL_SEPARATOR)
        given[place] = [name in (chosen or ()) for name in labels.names]
    return Scores(probabilities, given)
