"""A folder of parts: its job configuration, and which parts are finished.

`_emoscope/job.json` holds the settings of all parts; below `_emoscope/parts/` each part has a job
file with its own settings.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emoscope.bounded import read_bounded
from emoscope.errors import InputError, explain_os_error
from emoscope.files import write_json
from emoscope.jobs.input_files import File
from emoscope.jobs.job_file import check_same_job, read_job
from emoscope.jobs.options import RowCounts

# Readers of data sets ignore names that begin with an underscore.
WORK = "_emoscope"


def get_parts_folder(output: Path) -> Path:
    """The folder where unfinished parts are written, and where the job files stay."""
    return output / WORK / "parts"


def make_output_folder(output: Path, config: Mapping[str, Any], restart: bool) -> None:
    """Make the folder, or check that it belongs to the same job.

    Raises:
        InputError: it is of another job or of none, or cannot be written.
    """
    manifest, parts = output / WORK / "job.json", get_parts_folder(output)
    try:
        if not manifest.exists():
            if output.exists() and any(each.name != WORK for each in output.iterdir()):
                raise InputError(
                    f"{output} is there, and of no job on a cluster. Name another folder, or empty "
                    "it."
                )
        elif restart:
            for job in parts.rglob("*.job.json"):
                part = output / job.relative_to(parts)
                part.with_name(part.name.removesuffix(".job.json")).unlink(missing_ok=True)
            shutil.rmtree(parts, ignore_errors=True)
        else:
            _check_manifest(manifest, config)
            return
        manifest.parent.mkdir(parents=True, exist_ok=True)
        write_json(manifest, config)
    except OSError as error:
        raise explain_os_error(error, "write to", error.filename or output) from error


def _check_manifest(manifest: Path, config: Mapping[str, Any]) -> None:
    try:
        known = dict(json.loads(read_bounded(manifest)))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{manifest}: expected what a job was asked for, got something else ({error}). Start "
            "anew with --restart."
        ) from error
    check_same_job(manifest.parents[1], known, config)


def count_finished_rows(file: File, output: Path) -> RowCounts | None:
    """Count the rows of a finished part; None if the part is not finished.

    Raises:
        InputError: there is another file in its place.
    """
    part = output / file.part
    if not part.exists():
        return None
    known = read_job(get_parts_folder(output) / file.part)
    if known is None or known.progress.bytes != part.stat().st_size:
        raise InputError(f"{part} is not what the job has written. Move it away.")
    state = file.path.stat()
    now = (state.st_size, state.st_mtime_ns)
    then = (known.config.get("size of the input"), known.config.get("time of the input"))
    # A changed input file goes to a worker, whose job reports the change.
    return known.progress if now == then else None
