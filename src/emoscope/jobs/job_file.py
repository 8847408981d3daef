"""What a job has written, checked before it is believed: its job file, and the bytes of its output.

A job file holds a hash of its own content, and one of the bytes of each file that the job has
written so far. So what was damaged or edited between two runs of a command is found.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from emoscope.bounded import open_regular, read_bounded
from emoscope.errors import InputError
from emoscope.jobs.file_set import get_job_file
from emoscope.jobs.options import RowCounts
from emoscope.jobs.outputs import OutputFormat
from emoscope.strict import short

_PIECE = 1 << 20
_Count = Annotated[int, Field(ge=0)]
_HexHash = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
Hash = hashlib.blake2b
_HASHES = ("model", "taxonomy", "plugins")
"""Settings that are hashes."""
_BRINGS = {
    "labels": ("taxonomy", "exclusive", "thresholds", "columns"),
    "top k": ("columns",),
    "bad rows": ("columns",),
    "size of the input": ("time of the input",),
}
"""Settings that change where another does."""


@dataclass
class Progress(RowCounts):
    """The progress of a job, with the counts of its rows.

    Attributes:
        chunks: how many chunks were written.
        bytes: how many bytes of the partial file are valid; when finished, of the output.
        reject_bytes: how many bytes of the reject file are valid.
        finished: the output is whole, though it may not have its name yet.
        cache: the job's place in a cache, if it uses one.
        others: further files that were written for the job, as they are called from its folder.
        digest: the hash of the valid bytes of the partial file; when finished, of the output.
        reject_digest: the hash of the valid bytes of the reject file; of a stream, of those that
            the last run of the job has written.
    """

    chunks: int = 0
    bytes: int = 0
    reject_bytes: int = 0
    finished: bool = False
    cache: dict[str, Any] | None = None
    others: list[str] = field(default_factory=list)
    digest: str = ""
    reject_digest: str = ""


class _Model(BaseModel):
    model_config = ConfigDict(strict=True)


class _Place(_Model):
    job: str
    start: _Count
    lag: Annotated[int, Field(ge=1)]


class _Progress(_Model):
    """The fields of `Progress`."""

    rows: _Count
    bad: _Count
    unread: _Count
    first_unread: _Count | None
    missing: _Count
    marked: _Count
    unlabelled: _Count
    given: dict[str, _Count]
    chunks: _Count
    bytes: _Count
    reject_bytes: _Count
    finished: bool
    cache: _Place | None
    others: list[str]
    digest: _HexHash
    reject_digest: _HexHash


class _Asked(_Model):
    """The settings of a job that are read back for pictures; there are others."""

    labels: Annotated[list[str], Field(min_length=1)]
    exclusive: bool
    thresholds: list[FiniteFloat]
    columns: list[str] | None
    form: Annotated[OutputFormat, Field(alias="output format")]
    bad_rows: Annotated[str, Field(alias="bad rows")]


class _Job(_Model):
    asked: _Asked
    progress: _Progress
    hash: _HexHash


def hash_job(values: Mapping[str, Any]) -> str:
    """The hash of what a job file holds, but for the hash itself."""
    content = {name: value for name, value in values.items() if name != "hash"}
    return make_hash(json.dumps(content, sort_keys=True).encode()).hexdigest()


def parse_job(data: bytes) -> dict[str, Any]:
    """The content of a job file.

    Raises:
        ValueError: it is not what a job writes; the message says what is wrong with it.
    """
    try:
        values = json.loads(data)
        _Job.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    asked = values["asked"]
    if not len(asked["labels"]) == len(set(asked["labels"])) == len(asked["thresholds"]):
        raise ValueError("asked: labels and thresholds do not fit together")
    if values["hash"] != hash_job(values):
        raise ValueError("it was edited or damaged after it was written")
    return dict(values)


def make_hash(data: bytes = b"") -> Hash:
    """A hash to add bytes to."""
    return hashlib.blake2b(data, digest_size=32)


def hash_start(file: BinaryIO, size: int) -> Hash:
    """The hash of the first `size` bytes of a file, to which more can be added."""
    found = make_hash()
    file.seek(0)
    while size and (piece := file.read(min(size, _PIECE))):
        found.update(piece)
        size -= len(piece)
    return found


def hash_file(path: Path) -> str:
    """The hash of a whole file."""
    with open_regular(path) as file:
        return hash_start(file, path.stat().st_size).hexdigest()


def check_digest(path: Path, found: str, expected: str) -> None:
    """Check that a file is what the job wrote.

    Args:
        path: of the file.
        found: the hash of its bytes.
        expected: the hash in the job file.

    Raises:
        InputError: it is not.
    """
    if found != expected:
        raise InputError(
            f"{path} was changed after the job had written it: its hash is not the one in the job "
            "file. Name another output, or start the job anew with --restart."
        )


@dataclass(frozen=True)
class JobFile:
    """The contents of a job file.

    Attributes:
        config: the job's configuration.
        progress: how far the job has come.
    """

    config: Mapping[str, Any]
    progress: Progress


def read_job(output: Path) -> JobFile | None:
    """The job file of an output, if there is one.

    Raises:
        InputError: it is damaged.
    """
    path = get_job_file(output)
    try:
        values = parse_job(read_bounded(path))
        return JobFile(values["asked"], Progress(**values["progress"]))
    except FileNotFoundError:
        return None
    except InputError as error:
        raise InputError(f"{error} Or start anew with --restart.") from None
    except ValueError as error:
        raise InputError(
            f"{path}: expected a job file of emoscope, got something else ({error}). Start anew "
            "with --restart."
        ) from error


def check_same_job(
    output: Path, known: Mapping[str, Any], config: Mapping[str, Any], state: str = ""
) -> None:
    """Check that a job has the same configuration as before.

    Args:
        output: the output of the job.
        known: the previous configuration.
        config: the current configuration.
        state: the state of the job, for the message.

    Raises:
        InputError: something is different.
    """
    changed = [name for name, value in config.items() if known.get(name) != value]
    if changed:
        # What others bring with them is not told again.
        brought = {name for cause in changed for name in _BRINGS.get(cause, ())}
        told = (
            f"{name}: {_format_setting(name, known.get(name))} then, "
            f"{_format_setting(name, config[name], now=True)} now"
            for name in changed
            if name not in brought
        )
        raise InputError(
            f"{output}: there is a job{state} that was asked for something else "
            f"({'; '.join(told)}). Run the command as it was, name another output, or start "
            "anew with --restart."
        )


def _format_setting(name: str, value: Any, *, now: bool = False) -> str:
    """A setting as people read it: hashes say only that something is another."""
    if value is None:
        return "none"
    if name in _HASHES:
        return "another" if now else "one"
    if name == "time of the input" and isinstance(value, int):
        return datetime.fromtimestamp(value / 1e9).isoformat(" ", "milliseconds")
    if name == "size of the input" and isinstance(value, int):
        return f"{value:,} bytes"
    return short(value)
