"""The options, the status and the summary of a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from emoscope.errors import InputError
from emoscope.jobs.outputs import OutputFormat
from emoscope.jobs.scores import Labels

CHUNK_ROWS = 2048
BadRowPolicy = Literal["stop", "keep"] | Path


@dataclass(frozen=True)
class Options:
    """How a file is annotated.

    Attributes:
        format: the format of the output, if its suffix does not say it; JSONL for a stream.
        threshold: from which probability a label is given: `"fitted"`, the model's own for each; a
            number for all; or a JSON or YAML file with numbers for some.
        top_k: write only so many labels of a row, the most probable ones.
        bad_rows: stop at a row that cannot be annotated, keep it in the output with the reason in
            place of scores, or a reject file to put it into. A row without text stops nothing.
        workers: processes that score; more than one shares out the cores.
        cache: a SQLite file of scores that are kept from job to job.
        restart: begin anew, and replace what is there of the output and of the other files.
        chunk_rows: rows at a time; memory is proportional to it.
        pictures: files that the caller makes of the output. One that is there is only replaced if
            this job has written it.
    """

    format: OutputFormat | None = None
    threshold: float | Path | Literal["fitted"] = "fitted"
    top_k: int | None = None
    bad_rows: BadRowPolicy = "stop"
    workers: int = 1
    cache: Path | None = None
    restart: bool = False
    chunk_rows: int = CHUNK_ROWS
    pictures: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        for name in ("workers", "chunk_rows", "top_k"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"Expected {name} to be at least 1, got {value}.")

    @property
    def reject_file(self) -> Path | None:
        """The file that bad rows are put into, if they are."""
        return self.bad_rows if isinstance(self.bad_rows, Path) else None


@dataclass(frozen=True)
class Status:
    """How far a job has come.

    Attributes:
        rows: how many rows of the input are done, including those of an earlier run.
        resumed: how many of them an earlier run did.
        read: how much of the input was read, in bytes or, of Parquet, in rows.
        total: the size of the input in the same unit; None if unknown.
    """

    rows: int
    resumed: int
    read: int
    total: int | None


@dataclass
class RowCounts:
    """Counts of the rows of an input.

    Attributes:
        rows: how many there were.
        bad: how many of them could not be annotated.
        unread: how many of them look like a language that the model does not read.
        first_unread: the number of the first of these, counted from 1.
        missing: how many have no text. They are bad too, but where bad rows stop a job: these do
            not.
        marked: how many of these have a mark such as `NA` in its place.
        unlabelled: how many were scored and were given no label.
        given: how many were given each label, by its name; labels that none was given are left out.
    """

    rows: int = 0
    bad: int = 0
    unread: int = 0
    first_unread: int | None = None
    missing: int = 0
    marked: int = 0
    unlabelled: int = 0
    given: dict[str, int] = field(default_factory=dict)

    def add(self, more: "RowCounts") -> None:
        """Count further rows."""
        self.rows += more.rows
        self.bad += more.bad
        self.unread += more.unread
        self.missing += more.missing
        self.marked += more.marked
        if self.first_unread is None:
            self.first_unread = more.first_unread
        self.unlabelled += more.unlabelled
        for name, count in more.given.items():
            self.given[name] = self.given.get(name, 0) + count


@dataclass(frozen=True)
class Summary:
    """What a job has done.

    Attributes:
        rows: how many rows the input has.
        bad: how many of them could not be annotated.
        resumed: how many of them an earlier run did; all if there was nothing left to do.
        labels: the labels that were scored.
        format: the format of the output.
        unread: how many rows look like a language that the model does not read.
        first_unread: the number of the first of these, counted from 1; None of several files.
        languages: codes of those that the model reads; none where nobody knows, and nothing is
            checked.
        missing: how many rows have no text.
        marked: how many of these have a mark such as `NA` in its place.
        unlabelled: how many rows were scored and were given no label.
        given: how many rows were given each label, the most frequent one first.
    """

    rows: int
    bad: int
    resumed: int
    labels: Labels
    format: OutputFormat
    unread: int = 0
    first_unread: int | None = None
    languages: tuple[str, ...] = ()
    missing: int = 0
    marked: int = 0
    unlabelled: int = 0
    given: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        counts: RowCounts,
        labels: Labels,
        form: OutputFormat,
        languages: tuple[str, ...],
        resumed: int = 0,
    ) -> "Summary":
        """The summary of a job.

        Args:
            counts: counts of all its rows, those of earlier runs too.
            labels: the labels that were scored.
            form: the format of the output.
            languages: codes of the languages that the model reads.
            resumed: how many rows an earlier run did.
        """
        return cls(
            rows=counts.rows,
            bad=counts.bad,
            resumed=resumed,
            labels=labels,
            format=form,
            unread=counts.unread,
            first_unread=counts.first_unread,
            languages=languages,
            missing=counts.missing,
            marked=counts.marked,
            unlabelled=counts.unlabelled,
            given=dict(sorted(counts.given.items(), key=lambda pair: (-pair[1], pair[0]))),
        )

    @property
    def unscored(self) -> int:
        """How many rows got no scores; those without text count as bad but where these stop."""
        return max(self.bad, self.missing)

    @property
    def counts(self) -> RowCounts:
        """The counts of all rows."""
        return RowCounts(
            rows=self.rows,
            bad=self.bad,
            unread=self.unread,
            first_unread=self.first_unread,
            missing=self.missing,
            marked=self.marked,
            unlabelled=self.unlabelled,
            given=dict(self.given),
        )
