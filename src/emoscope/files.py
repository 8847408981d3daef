"""Files that are written whole or not at all, and locks: nothing else does either."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from filelock import FileLock, Timeout

from emoscope.errors import InputError

MAX_JSON_BYTES = 50_000_000


@contextmanager
def written_aside(path: Path, *, unique: bool = False) -> Iterator[Path]:
    """A path to write to, a file or a folder, that takes the name `path` when all went well.

    An old file or folder of that name stays until then; if something goes wrong it stays for good,
    and what was written is removed.

    Args:
        path: the name in the end.
        unique: other processes may write the same file at the same time, as in a shared cache. Else
            what a kill has left is in the place of the next attempt, which removes it.
    """
    partial = path.with_name(f".{path.name}.{f'{uuid4().hex}.' if unique else ''}partial")
    _remove(partial)
    try:
        yield partial
        if partial.is_dir() and path.is_dir():
            shutil.rmtree(path)
        partial.replace(path)
    finally:
        _remove(partial)


def _remove(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with written_aside(path) as partial:
        partial.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a file in UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, values: Any) -> None:
    """Write a JSON file whole or not at all."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False, sort_keys=True))


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of bounded size.

    Raises:
        InputError: there is no such file, or it is too large, or it holds something else.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise InputError(f"{path}: over {MAX_JSON_BYTES:,} bytes; this is not a config.")
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is missing: the model folder is incomplete.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}. The file is damaged.") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a JSON object.")
    return values


def sibling_path(path: Path, ending: str) -> Path:
    """`scores.csv` → `scores.csv.partial`."""
    return path.with_name(f"{path.name}.{ending}")


def write_durably(file: BinaryIO, data: bytes) -> None:
    """Write so that it stays after a power cut."""
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def rename_durably(path: Path, target: Path) -> None:
    """Rename so that it stays after a power cut."""
    path.replace(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes out; waits for one that is in.

    Args:
        path: of a file that is made for it.
    """
    with FileLock(path):
        yield


def acquire_lock(path: Path, *, wait: bool) -> FileLock | None:
    """A lock that keeps other processes out until `release`, or until this process ends.

    Args:
        path: of a file that is made for it.
        wait: for another process that holds it.

    Returns:
        The lock; None if another process holds it and it is not to be waited for.
    """
    held = FileLock(path)
    try:
        held.acquire(timeout=-1 if wait else 0)
    except Timeout:
        return None
    return held
