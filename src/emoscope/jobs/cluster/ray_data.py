"""Annotate many files on a Ray cluster: Ray Data hands them out, one job writes each.

Of every input file comes one Parquet part in the same place beneath the output folder, so that
partitions such as `day=2024-05-01/` stay what they are. A part is written beneath `_emoscope/` by
the job of a single machine, which resumes after the last complete chunk, and moved to
its place when it is whole. Readers of data sets pass over names that begin with `_`.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from emoscope.errors import EmoscopeError, InputError, require
from emoscope.files import sibling_path
from emoscope.inference.model_info import Kept, ModelInfo, ModelSpec
from emoscope.jobs.annotate import OnStatus, annotate_file
from emoscope.jobs.cluster.parts import count_finished_rows, get_parts_folder, make_output_folder
from emoscope.jobs.config import make_job_config
from emoscope.jobs.failures import describe_failure, make_failure_error
from emoscope.jobs.input_files import find_input_files
from emoscope.jobs.options import Options, RowCounts, Status, Summary
from emoscope.jobs.scores import Labels
from emoscope.jobs.source import Source

MAX_TRIES = 5
"""How often a file is tried if its workers are killed; each try resumes the one before."""

COUNTED = ("rows", "bad", "unread", "missing", "marked", "unlabelled", "resumed")


class Worker:
    """What one process of the cluster does; Ray Data calls it with batches of files.

    Args:
        model: the model; it is loaded with the first file, so that errors can be reported.
        threads: the threads of its engine, at most.
        fingerprint: the fingerprint that the model must have.
        source: how files are read.
        options: how they are annotated.
    """

    def __init__(
        self, model: ModelSpec, threads: int, fingerprint: str, source: Source, options: Options
    ) -> None:
        known = {each.name: getattr(model, each.name) for each in fields(ModelSpec)}
        self._model = Kept(**known, threads=threads)
        self._fingerprint, self._source, self._options = fingerprint, source, options

    def __call__(self, batch: Mapping[str, Sequence[str]]) -> dict[str, list[Any]]:
        """Annotate files, `source`, by way of `work`, to `part`.

        Returns:
            Of each file what `COUNTED` says; `given`, a JSON object of counts by label; `failure`,
            which is empty or says what went wrong; and whose `fault` that is: a `row`'s, the
            `input`'s or the `program`'s.
        """
        names = zip(batch["source"], batch["work"], batch["part"], strict=True)
        done = [self._file(*(Path(str(name)) for name in each)) for each in names]
        return {name: [each[name] for each in done] for name in done[0]}

    def _file(self, source: Path, work: Path, part: Path) -> dict[str, Any]:
        nothing = dict.fromkeys(COUNTED, 0)
        outcome: dict[str, Any] = {"source": str(source), **nothing, "given": "{}", "failure": ""}
        tries = sibling_path(work, "tries")
        try:
            self._try(source, tries)
            summary = annotate_file(
                self._model, replace(self._source, file=source), work, self._options
            )
            part.parent.mkdir(parents=True, exist_ok=True)
            work.replace(part)
        except (EmoscopeError, OSError) as error:
            return {**outcome, **describe_failure(source, error)}
        tries.unlink()
        counts = {name: getattr(summary, name) for name in COUNTED}
        given = json.dumps(dict(summary.given))
        return {**outcome, **counts, "given": given, "fault": ""}

    def _try(self, source: Path, tries: Path) -> None:
        """Count the tries of a file: Ray itself would try without end."""
        if self._model.fingerprint() != self._fingerprint:
            raise InputError(
                f"Expected the model of {self._model.folder or 'this release of emoscope'} to be "
                "the same on all machines. Copy it to them, or share its folder."
            )
        tries.parent.mkdir(parents=True, exist_ok=True)
        with tries.open("ab") as file:
            if file.tell() == MAX_TRIES:
                raise EmoscopeError(
                    f"{MAX_TRIES} workers were ended from outside at {source}, as happens where "
                    "memory runs out. Run the same command again to go on, with fewer --workers."
                )
            file.write(b".")


def annotate_files(
    model: ModelSpec,
    source: Source,
    output: Path,
    options: Options | None = None,
    on_status: OnStatus = lambda _: None,
) -> Summary:
    """Annotate every file of a folder on a Ray cluster, into a folder of Parquet parts.

    They run on the cluster that RAY_ADDRESS names, else on a local one. Its machines need the same
    folders under the same names. A job that was ended goes on when this is called again with the
    same arguments: parts that are whole are left alone, and of the others the rows that are done.
    Files that are new since are annotated too.

    Args:
        model: where it is.
        source: the source of the texts; its `file` is a folder, a file, or a pattern such as
            `day=*/*.csv`.
        output: a folder.
        options: how; `workers` processes of the cluster score, one file at a time each.
        on_status: called after each file; `read` and `total` count files.

    Raises:
        InputError: an option, the input or the model cannot be used, or the folder is not of this
            job.
        EmoscopeError: some files failed, of which an `InputError` tells if all are the input's
            fault; the others are finished.
        MissingExtraError: Ray Data is not installed.
    """
    options = options or Options()
    _check_options(options, source)
    output = output.resolve()
    if isinstance(options.threshold, Path):
        options = replace(options, threshold=options.threshold.resolve())
    if model.folder is not None:
        model = replace(model, folder=model.folder.resolve())
    files = find_input_files(source, output)
    annotator = model.load()
    labels = Labels.of(annotator.scoring, options.threshold)
    folder = str(Path(str(source.file)).resolve())
    config = make_job_config(model, ModelInfo.of(annotator), labels, source, options) | {
        "input": folder
    }
    make_output_folder(output, config, options.restart)
    work = get_parts_folder(output)
    known = {file: count_finished_rows(file, output) for file in files}
    left = [file for file, rows in known.items() if rows is None]
    total = RowCounts()
    for counts in filter(None, known.values()):
        total.add(counts)
    resumed = total.rows
    worker = (
        model,
        _count_threads(options.workers),
        config["model"],
        source,
        replace(options, workers=1, restart=False),
    )
    failures = []
    for file in left:
        sibling_path(work / file.part, "tries").unlink(missing_ok=True)
    tasks = [
        {"source": str(item.path), "work": str(work / item.part), "part": str(output / item.part)}
        for item in left
    ]
    for number, outcome in enumerate(
        annotate_on_ray(worker, tasks, options.workers) if tasks else ()
    ):
        counted = {name: outcome[name] for name in COUNTED if name != "resumed"}
        total.add(RowCounts(**counted, given=json.loads(outcome["given"])))
        resumed += outcome["resumed"]
        if outcome["failure"]:
            failures.append(outcome)
        on_status(Status(total.rows, resumed, len(files) - len(left) + number + 1, len(files)))
    if failures:
        raise make_failure_error(failures, len(files))
    # The number of a row says nothing where there are several files.
    total.first_unread = None
    return Summary.of(total, labels, "parquet", annotator.languages, resumed)


def annotate_on_ray(
    worker: tuple[Any, ...], tasks: Sequence[dict[str, str]], workers: int
) -> Iterator[dict[str, Any]]:
    """Run the tasks on Ray; yield the outcome of each, in the order in which they finish.

    Args:
        worker: arguments of `Worker`.
        tasks: files, as `Worker` takes them.
        workers: how many there are.

    Raises:
        MissingExtraError: Ray Data is not installed.
    """
    # Packages that Ray Data needs besides Ray; its own error does not say what to install.
    for module in ("ray", "pandas", "fsspec"):
        require(module, "scale")
    ray, data = require("ray", "scale"), require("ray.data", "scale")
    started = not ray.is_initialized()
    if started:
        cluster = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers}
        ray.init(
            include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR, **cluster
        )
    # Otherwise Ray Data logs its execution plan on stderr.
    log = logging.getLogger("ray.data")
    level = log.level
    log.setLevel(logging.ERROR)
    data.DataContext.get_current().enable_progress_bars = False
    try:
        # One block for each file, so that a free worker can take any file that is left.
        files = data.from_items(list(tasks), override_num_blocks=len(tasks))
        done = files.map_batches(
            Worker,
            fn_constructor_args=worker,
            batch_size=1,
            compute=data.ActorPoolStrategy(size=min(workers, len(tasks))),
            num_cpus=1,
        )
        yield from done.iter_rows()
    finally:
        log.setLevel(level)
        if started:
            ray.shutdown()


def _check_options(options: Options, source: Source) -> None:
    """Check that the options are for many files."""
    if options.reject_file is not None:
        raise InputError(
            "Workers of a cluster cannot share a file of bad rows. Keep such rows in the output "
            "instead: --bad-rows keep."
        )
    if options.cache is not None:
        raise InputError("Workers of a cluster cannot share a cache. Leave it out.")
    if options.format not in (None, "parquet"):
        raise InputError(
            f"On a cluster the output is a folder of Parquet, not {options.format}. Leave the "
            "format out."
        )
    if not isinstance(source.file, Path):
        raise InputError("A stream cannot be handed out to a cluster. Name a folder of files.")


def _count_threads(workers: int) -> int:
    """Count the threads of a worker: 1 on a cluster, else its share of the local cores."""
    return 1 if os.environ.get("RAY_ADDRESS") else max(1, (os.cpu_count() or 1) // workers)
