"""Annotate several files one after the other, each into a file of a folder."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path

from emoscope.errors import EmoscopeError, InputError, explain_os_error
from emoscope.inference.model_info import Kept, ModelSpec
from emoscope.jobs.annotate import OnStatus, annotate_file
from emoscope.jobs.failures import describe_failure, make_failure_error
from emoscope.jobs.file_set import list_job_files
from emoscope.jobs.input_files import File, find_input_files
from emoscope.jobs.options import Options, RowCounts, Status, Summary
from emoscope.jobs.outputs import OUTPUT_SUFFIXES, OutputFormat
from emoscope.jobs.source import Source
from emoscope.reading.streams import find_compression
from emoscope.touched import check_file_uses

DEFAULT_FORMAT: OutputFormat = "csv"


def find_files(
    names: Sequence[str], source: Source, output: Path, form: OutputFormat | None
) -> list[File]:
    """The files that are named, in their order, with the output of each.

    Args:
        names: files, folders or patterns such as `dumps/*.csv`.
        source: how they are read; its `file` does not matter.
        output: the folder that is written.
        form: the format of the outputs; CSV by default.

    Raises:
        InputError: as from `find_input_files`, or two files would have the same output.
    """
    make_part = make_part_namer(form or DEFAULT_FORMAT)
    files: dict[Path, File] = {}
    for name in names:
        found = find_input_files(replace(source, file=Path(name)), output.resolve(), make_part)
        for file in sorted(found):
            other = files.setdefault(file.part, file)
            if other.path != file.path:
                raise InputError(
                    f"{other.path} and {file.path} would both become {output / file.part}. Rename "
                    "one of them, or annotate them into different folders."
                )
    return list(files.values())


def make_part_namer(form: OutputFormat) -> Callable[[Path], Path]:
    """Make the function that names an output: `a.csv` → `a.csv`, `a.txt.gz` → `a.txt.csv`."""
    suffix = OUTPUT_SUFFIXES[form]

    def make_part(path: Path) -> Path:
        name = path.stem if find_compression(path.name) else path.name
        return path.with_name(name if Path(name).suffix.lower() == suffix else name + suffix)

    return make_part


def annotate_folder(
    model: ModelSpec,
    source: Source,
    files: Sequence[File],
    output: Path,
    options: Options,
    on_status: OnStatus = lambda _: None,
) -> Summary:
    """Annotate files one after the other; each is a job that goes on where it was ended.

    A file that fails does not keep the others from being annotated.

    Args:
        model: where it is; it is loaded once.
        source: how the files are read; its `file` does not matter.
        files: from `find_files`.
        output: the folder of the outputs.
        options: how.
        on_status: called after each chunk, with the rows and bytes of all files.

    Raises:
        InputError: bad rows are to be put into one file, a file that is written is another one of
            the job, the model cannot be used, or some files failed and it is their fault.
        EmoscopeError: some files failed.
    """
    if options.reject_file is not None:
        raise InputError(
            "Several files cannot share a file of bad rows. Keep such rows in the outputs instead: "
            "--bad-rows keep."
        )
    options = replace(options, format=options.format or DEFAULT_FORMAT)
    # All of them before the first is written; what they share is one use of one file.
    uses = (
        list_job_files(model, replace(source, file=file.path), output / file.part, options)
        for file in files
    )
    check_file_uses(dict.fromkeys(chain.from_iterable(uses)))
    if options.workers == 1:
        model = Kept(**{each.name: getattr(model, each.name) for each in fields(ModelSpec)})
        model.load()
    total, resumed, failures = RowCounts(), 0, []
    sizes = [file.path.stat().st_size for file in files]
    summary: Summary | None = None
    for place, file in enumerate(files):
        before = Status(total.rows, resumed, sum(sizes[:place]), sum(sizes))
        show = _add_status(on_status, before, sizes[place])
        try:
            summary = annotate_file(
                model, replace(source, file=file.path), output / file.part, options, show
            )
        except (EmoscopeError, OSError) as error:
            told = explain_os_error(error) if isinstance(error, OSError) else error
            failures.append(describe_failure(file.path, told))
            continue
        total.add(summary.counts)
        resumed += summary.resumed
    if failures or summary is None:
        raise make_failure_error(failures, len(files))
    # The number of a row says nothing where there are several files.
    total.first_unread = None
    return Summary.of(total, summary.labels, summary.format, summary.languages, resumed)


def _add_status(on_status: OnStatus, before: Status, size: int) -> OnStatus:
    """Make what reports the status of one file as that of all.

    Args:
        on_status: gets the status of all.
        before: the status of all before this file.
        size: the size of this file in bytes.
    """

    def show(status: Status) -> None:
        read = size * status.read // status.total if status.total else 0
        rows, resumed = before.rows + status.rows, before.resumed + status.resumed
        on_status(Status(rows, resumed, before.read + read, before.total))

    return show
