"""The files of a job: what it reads, what it writes, and what belongs to it beside its output."""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from emoscope.files import follow_link, is_stream, make_partial_path, sibling_path
from emoscope.inference.model_info import Model, ModelSpec
from emoscope.jobs.options import Options
from emoscope.jobs.source import Source
from emoscope.touched import FileUse, check_file_uses, list_model_files


def get_job_file(output: Path) -> Path:
    """The path of an output's job file, which holds configuration and progress."""
    return sibling_path(follow_link(output), "job.json")


def get_labelling_config(output: Path) -> Path:
    """The path of the labelling configuration that belongs to an output for Label Studio."""
    return sibling_path(output, "config.xml")


def list_side_files(output: Path) -> list[Path]:
    """The files beside an output that belong to its job; none of them may be anything else."""
    output = follow_link(output)
    partial, job = sibling_path(output, "partial"), get_job_file(output)
    return [
        partial,
        sibling_path(partial, "lock"),
        sibling_path(output, "converted"),
        job,
        make_partial_path(job),
        get_labelling_config(output),
    ]


def list_job_files(
    model: Model | ModelSpec, source: Source, output: Path | Any | None, options: Options
) -> Iterator[FileUse]:
    """All files that a job reads and writes.

    Args:
        model: the model.
        source: the source of the texts.
        output: a path, or a stream.
        options: how it is annotated.
    """
    if (read := _find_file(source.file)) is not None:
        yield FileUse(read, "the input")
    if isinstance(options.threshold, Path):
        yield FileUse(options.threshold, "the file of thresholds")
    yield from list_model_files(getattr(model, "folder", None))
    if (written := _find_file(output)) is not None:
        yield FileUse(written, "the output", written=True)
        if isinstance(written, Path) and not is_stream(written):
            role = "a file that belongs to the output"
            for path in list_side_files(written):
                yield FileUse(path, role, written=True)
    if options.reject_file is not None:
        yield FileUse(options.reject_file, "the file of bad rows", written=True)
        if not is_stream(options.reject_file):
            lock = sibling_path(options.reject_file, "lock")
            yield FileUse(lock, "the lock of the file of bad rows", written=True)
    if options.cache is not None:
        yield FileUse(options.cache, "the cache", written=True)
        for ending in ("journal", "wal", "shm"):
            path = options.cache.with_name(f"{options.cache.name}-{ending}")
            yield FileUse(path, "a file that belongs to the cache", written=True)
    for path in options.pictures:
        yield FileUse(path, "the picture", written=True)


def _find_file(file: Any) -> Path | int | None:
    """The path or the number of an open file; None for what is in memory alone."""
    if file is None or isinstance(file, Path):
        return file
    try:
        return int(file.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def check_others(
    paths: Sequence[Path], output: Path, known: Collection[str], *, restart: bool
) -> None:
    """Check that no file that is to be written for a job is there, unless the job has written it.

    Args:
        paths: of these files.
        output: the output of the job.
        known: names of those that the job has written, from `name_beside`.
        restart: what is there may be replaced.

    Raises:
        InputError: one is there.
    """
    check_file_uses(
        (
            FileUse(path, "a file that the job writes", new=True)
            for path in paths
            if name_beside(path, output) not in known
        ),
        restart=restart,
    )


def name_beside(path: Path, output: Path) -> str:
    """What a file is called from the folder of an output."""
    try:
        return os.path.relpath(path, output.parent)
    except ValueError:
        # Another drive.
        return str(path)
