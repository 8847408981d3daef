"""What a job has written, checked before it is believed: its job file, and the bytes of its output.

A job file holds a hash of its own content, and one of the bytes of each file that the job has
written so far. So what was damaged or edited between two runs of a command is found.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from emoscope.bounded import open_regular
from emoscope.errors import InputError
from emoscope.jobs.outputs import OutputFormat

_PIECE = 1 << 20
_Count = Annotated[int, Field(ge=0)]
_HexHash = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
Hash = hashlib.blake2b


class _Model(BaseModel):
    model_config = ConfigDict(strict=True)


class _Place(_Model):
    job: str
    start: _Count


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
