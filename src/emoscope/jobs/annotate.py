"""Annotate the rows of a file: in a stream, so that memory does not grow with it, and resumable."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from io import TextIOBase
from pathlib import Path
from typing import Any, BinaryIO, cast

from emoscope.errors import explain_os_error
from emoscope.files import delete_files, follow_link, is_stream, open_stream
from emoscope.inference.annotator import Annotator
from emoscope.inference.model_info import ModelSpec, to_model
from emoscope.jobs.file_set import get_labelling_config, list_job_files
from emoscope.jobs.job_file import Progress
from emoscope.jobs.journal import Journal
from emoscope.jobs.live import LiveStream
from emoscope.jobs.options import Options, Status, Summary
from emoscope.jobs.outputs import (
    OutputFormat,
    find_output_format,
    make_compressor,
    make_labelling_config,
)
from emoscope.jobs.pipeline import Job
from emoscope.jobs.source import Source
from emoscope.jobs.tables import to_parquet
from emoscope.reading.rows import find_format
from emoscope.touched import FileUse, check_file_uses

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
            own belong to the job. A link stands for the file it points at. A device or a FIFO is
            written through, and such a job cannot be resumed.
        options: how.
        on_status: called after each chunk.

    Raises:
        RowError: a bad row, if they are to stop the job; the chunks before it are done.
        InputError: an option, the input or the model cannot be used, the output is there and not
            of this job, or there is no room.
        EmoscopeError: a worker process was ended from outside.
    """
    options = options or Options()
    if is_stream(output):
        return _write_through(model, source, output, options, on_status)
    output = follow_link(output)
    form = find_output_format(output, options.format)
    check_file_uses(list_job_files(to_model(model), source, output, options))
    labelling = [get_labelling_config(output)] if form == "labelstudio" else []
    with ExitStack() as stack:
        source = _open_pipe(stack, source)
        job = Job.prepared(stack, to_model(model), source, form, options)
        journal = Journal(
            output,
            job.config,
            resumable=job.model.resumable and isinstance(source.file, Path),
            restart=options.restart,
            rejects=options.reject_file,
            others=(*labelling, *options.pictures),
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
            for path in labelling:
                journal.write(path, make_labelling_config(job.labels))
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

    Each chunk is flushed when it is written; rows of a pipe do not wait for a full one. A stream
    cannot be resumed. For the arguments see `annotate_file`.
    """
    options = options or Options()
    form = find_output_format(None, options.format)
    _check_stream_files(model, source, output, options)
    return _stream(model, source, form, options, _Sink(output, on_status))


@dataclass(frozen=True)
class _Sink:
    """Where the rows of a stream go.

    Attributes:
        output: the stream.
        on_status: called after each chunk.
        pack: compresses what is written.
    """

    output: BinaryIO
    on_status: OnStatus
    pack: Callable[[bytes], bytes] = lambda data: data

    def write(self, data: bytes) -> None:
        """Write at once."""
        self.output.write(self.pack(data))
        self.output.flush()


def _write_through(
    model: Annotator | ModelSpec, source: Source, path: Path, options: Options, on_status: OnStatus
) -> Summary:
    """Annotate into a device or a FIFO."""
    form = find_output_format(path, options.format)
    _check_stream_files(model, source, path, options)
    try:
        with open_stream(path) as output:
            sink = _Sink(output, on_status, make_compressor(path))
            return _stream(model, source, form, options, sink)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise explain_os_error(error, "write to", error.filename or path) from error


def _stream(
    model: Annotator | ModelSpec, source: Source, form: OutputFormat, options: Options, sink: _Sink
) -> Summary:
    with ExitStack() as stack:
        source = _make_live(_open_pipe(stack, source))
        job = Job.prepared(stack, to_model(model), source, form, options)
        rejects = None
        if options.reject_file is not None:
            rejects = _Rejects.open(stack, options.reject_file)
        sink.write(job.writer.begin())
        done = Progress()
        for piece in job.pieces(job.cache(stack, None), done):
            sink.write(piece.data)
            if rejects is not None:
                rejects.write(piece.rejected)
            done.add(piece.counts)
            sink.on_status(Status(done.rows, 0, piece.read, job.reading.meter.total))
        sink.write(job.writer.end())
        return job.summary(done)


def _open_pipe(stack: ExitStack, source: Source) -> Source:
    """A source that is open, if it is the path of a FIFO or a device, as `<(command)` makes one."""
    path = source.file
    if not isinstance(path, Path) or not is_stream(path):
        return source
    form = find_format(path, source.format)
    try:
        return replace(source, file=stack.enter_context(path.open("rb")), format=form)
    except OSError as error:
        raise explain_os_error(error, "read", path) from error


def _make_live(source: Source) -> Source:
    """A source of which no row waits for another, if it is a stream of bytes."""
    stream: Any = source.file
    stream = getattr(stream, "buffer", stream)
    if isinstance(stream, Path | TextIOBase):
        return source
    return replace(source, file=cast("BinaryIO", LiveStream(stream)))


def _check_stream_files(
    model: Annotator | ModelSpec, source: Source, output: Path | BinaryIO, options: Options
) -> None:
    """Check the files of a job that cannot be resumed, so that no file there is its own."""
    check_file_uses(list_job_files(to_model(model), source, output, options))
    if options.reject_file is not None:
        rejects = FileUse(options.reject_file, "the file of bad rows", new=True)
        check_file_uses([rejects], restart=options.restart)


@dataclass(frozen=True)
class _Rejects:
    """The file of bad rows of a stream."""

    path: Path
    file: BinaryIO

    @classmethod
    def open(cls, stack: ExitStack, path: Path) -> "_Rejects":
        try:
            file = open_stream(path) if is_stream(path) else path.open("wb")
        except OSError as error:
            raise explain_os_error(error, "write rejected rows to", path) from error
        opened = cls(path, file)
        stack.push(opened.close)
        return opened

    def write(self, data: bytes) -> None:
        """Write at once."""
        try:
            self.file.write(data)
            self.file.flush()
        except OSError as error:
            raise explain_os_error(error, "write rejected rows to", self.path) from error

    def close(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close it; if the job has failed remove it, as the same command then begins anew.

        All rows were written before. That nobody reads the output to its end is no failure.
        """
        with suppress(OSError):
            self.file.close()
        if kind is not None and not issubclass(kind, BrokenPipeError) and not is_stream(self.path):
            delete_files([self.path])
