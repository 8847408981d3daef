"""Annotate the rows of a file: in a stream, so that memory does not grow with it, and resumable."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from emoscope.errors import InputError
from emoscope.files import sibling_path
from emoscope.inference.annotator import Annotator
from emoscope.inference.model_info import ModelSpec, to_model
from emoscope.jobs.journal import Journal, Progress
from emoscope.jobs.options import Options, Status, Summary
from emoscope.jobs.outputs import find_output_format, make_compressor, make_labelling_config
from emoscope.jobs.pipeline import Job
from emoscope.jobs.source import Source
from emoscope.jobs.tables import to_parquet

__all__ = [
    "ModelSpec",
    "Options",
    "Source",
    "Status",
    "Summary",
    "annotate_file",
    "annotate_stream",
]

OnStatus = Callable[[Status], None]


def annotate_file(
    model: Annotator | ModelSpec,
    source: Source,
    output: Path,
    options: Options | None = None,
    on_status: OnStatus = lambda _: None,
) -> Summary:
    """Annotate the rows of a file into another, in their order.

    The output is written chunk by chunk to a partial file, which is renamed at the end. A job that
    was interrupted, at any moment, is resumed by a call with the same arguments, and its output is
    then the same to the byte. If the output of the same job is complete, nothing is done. Both need
    a model in a folder and an input in a file.

    Args:
        model: where it is, or an annotator.
        source: the source of the texts.
        output: a file; its suffix may say its format. Files beside it whose names begin with its
            own belong to the job.
        options: how.
        on_status: called after each chunk.

    Raises:
        RowError: a bad row, if they are to stop the job; the chunks before it are done.
        InputError: an option, the input or the model cannot be used, the output is there and not
            of this job, or there is no room.
        EmoscopeError: a worker process was ended from outside.
    """
    options = options or Options()
    form = find_output_format(output, options.format)
    _check_distinct(source, output, options)
    with ExitStack() as stack:
        job = Job.prepared(stack, to_model(model), source, form, options)
        journal = Journal(
            output,
            job.config,
            resumable=job.model.resumable and isinstance(source.file, Path),
            restart=options.restart,
            rejects=options.reject_file,
            convert=to_parquet if form == "parquet" else None,
        )
        stack.enter_context(journal)
        progress = journal.progress
        resumed = progress.rows
        if not progress.finished:
            cache = job.cache(stack, progress.cache)
            if cache is not None:
                progress.cache = asdict(cache.place)
            pack = make_compressor(output)
            if not progress.bytes:
                journal.append(pack(job.writer.begin()))
            if form == "labelstudio":
                text = make_labelling_config(job.labels)
                sibling_path(output, "config.xml").write_text(text, encoding="utf-8")
            for piece in job.pieces(cache, progress):
                journal.append(pack(piece.data), piece.rejected, piece.counts)
                on_status(Status(progress.rows, resumed, piece.read, job.reading.meter.total))
            journal.finish(pack(job.writer.end()))
        return job.summary(progress, resumed)


def annotate_stream(
    model: Annotator | ModelSpec,
    source: Source,
    output: BinaryIO,
    options: Options | None = None,
    on_status: OnStatus = lambda _: None,
) -> Summary:
    """Annotate the rows of a source into a stream, in their order.

    Each chunk is flushed when it is written. A stream cannot be resumed. For the
    arguments see `annotate_file`.
    """
    options = options or Options()
    form = find_output_format(None, options.format)
    _check_distinct(source, None, options)
    with ExitStack() as stack:
        job = Job.prepared(stack, to_model(model), source, form, options)
        rejects = None
        if options.reject_file is not None:
            rejects = stack.enter_context(_open_output(options.reject_file))
        output.write(job.writer.begin())
        done = Progress()
        for piece in job.pieces(job.cache(stack, None), done):
            output.write(piece.data)
            output.flush()
            if rejects is not None:
                rejects.write(piece.rejected)
            done.add(piece.counts)
            on_status(Status(done.rows, 0, piece.read, job.reading.meter.total))
        output.write(job.writer.end())
        output.flush()
        return job.summary(done)


def _check_distinct(source: Source, output: Path | None, options: Options) -> None:
    """Check that no file is read and written, or written twice."""
    named = [source.file, output, options.reject_file, options.cache]
    files = [path.resolve() for path in named if isinstance(path, Path)]
    twice = next((path for path in files if files.count(path) > 1), None)
    if twice is not None:
        raise InputError(
            f"{twice} is named twice. The input, the output, the reject file and the cache must be "
            "different files."
        )


def _open_output(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise InputError(
            f"Cannot write rejected rows to {path}: {error.strerror}. Name another file."
        ) from error
