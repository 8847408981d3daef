"""Files that are written whole or not at all, and locks: nothing else does either."""

import errno
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from filelock import FileLock, Timeout

from emoscope.bounded import read_bounded
from emoscope.errors import InputError, explain_os_error

MAX_JSON_BYTES = 50_000_000
_MAX_LINKS = 40
_DESCRIPTOR = re.compile(r"/(?:dev|proc/(?:self|thread-self))/fd/(\d{1,9})")


@contextmanager
def written_aside(path: Path, *, unique: bool = False) -> Iterator[Path]:
    """A path to write to, a file or a folder, that takes the name `path` when all went well.

    An old file or folder of that name stays until then; if something goes wrong it stays for good,
    and what was written is removed. A link is followed to what it points at. A device or a FIFO,
    which is never replaced, gets the bytes of the file when it is whole.

    Args:
        path: the name in the end.
        unique: other processes may write the same file at the same time, as in a shared cache. Else
            what a kill has left is in the place of the next attempt, which removes it.
    """
    if is_stream(path):
        with tempfile.TemporaryDirectory() as folder:
            partial = Path(folder) / path.name
            with naming(path, partial):
                yield partial
                with partial.open("rb") as whole, open_stream(path) as stream:
                    shutil.copyfileobj(whole, stream)
        return
    path = follow_link(path)
    partial = make_partial_path(path, f"{uuid4().hex}." if unique else "")
    _remove(partial)
    try:
        with naming(path, partial):
            yield partial
            if partial.is_dir() and path.is_dir():
                shutil.rmtree(path)
            partial.replace(path)
    finally:
        _remove(partial)


def make_partial_path(path: Path, infix: str = "") -> Path:
    """What a file is called while `written_aside` writes it."""
    return path.with_name(f".{path.name}.{infix}partial")


@contextmanager
def naming(path: Path, partial: Path | None = None) -> Iterator[None]:
    """Have errors of the operating system name the file that the user knows.

    Args:
        path: this one, where the error names none, as when a disk is full.
        partial: what it is called while it is written.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or str(error.filename) == str(partial):
            error.filename, error.filename2 = str(path), None
        raise


def follow_link(path: Path) -> Path:
    """What a symbolic link points at, whether it is there or not; any other path as it is.

    Raises:
        InputError: links lead in a circle.
    """
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise InputError(f"Cannot write to {path}: its links lead in a circle. Name another file.")
    return target


def is_stream(path: Path) -> bool:
    """Whether a path is a device, a FIFO, a socket or an open descriptor such as `/dev/stdout`.

    Such a path is written through: it must not be replaced by a file, and what was written is gone.
    """
    if _find_descriptor(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def open_stream(path: Path) -> BinaryIO:
    """Open what `is_stream` tells of for writing; a FIFO waits until something reads it.

    Raises:
        OSError: it cannot be written.
    """
    number = _find_descriptor(path)
    # A descriptor is not opened by its name: that would cut the file behind it.
    return path.open("wb") if number is None else os.fdopen(os.dup(number), "wb")


def _find_descriptor(path: Path) -> int | None:
    """The number of the open file of this process that a path names, if it names one."""
    at = os.path.abspath(path)  # noqa: PTH100 - links must stay
    for _ in range(_MAX_LINKS):
        if found := _DESCRIPTOR.fullmatch(at):
            return int(found[1])
        try:
            at = os.path.normpath(Path(at).parent / Path(at).readlink())
        except (OSError, ValueError):
            return None
    return None


def _remove(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def delete_files(paths: Iterable[Path]) -> None:
    """Delete files, if they are there and that is possible."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with written_aside(path) as partial:
        partial.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a file in UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, values: Any) -> None:
    """Write a JSON file whole or not at all, the keys of objects sorted."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False, sort_keys=True))


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of bounded size.

    Raises:
        InputError: there is no such file, or it is too large, or it holds something else.
    """
    try:
        values = json.loads(read_bounded(path, MAX_JSON_BYTES).decode())
    except FileNotFoundError:
        raise InputError(f"{path} is missing: the model folder is incomplete.") from None
    except OSError as error:
        raise explain_os_error(error, "read", path) from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}. The file is damaged.") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a JSON object.")
    return values


def sibling_path(path: Path, ending: str) -> Path:
    """`scores.csv` → `scores.csv.partial`."""
    return path.with_name(f"{path.name}.{ending}")


def write_durably(file: BinaryIO, data: bytes) -> None:
    """Write so that it stays after a power cut, unless it goes to a device or a FIFO."""
    file.write(data)
    file.flush()
    _sync(file.fileno())


def rename_durably(path: Path, target: Path) -> None:
    """Rename so that it stays after a power cut."""
    path.replace(target)
    sync_folder(target.parent)


def sync_tree(path: Path) -> None:
    """Have a file, or a folder with all that is in it, stay after a power cut."""
    if path.is_dir():
        for each in path.iterdir():
            sync_tree(each)
        sync_folder(path)
        return
    # Windows syncs only what is open for writing, and a copy may not be.
    with suppress(PermissionError), path.open("rb" if os.name == "posix" else "r+b") as file:
        _sync(file.fileno())


def sync_folder(path: Path) -> None:
    """Have the names of a folder's files stay after a power cut."""
    if os.name == "posix":
        folder = os.open(path, os.O_RDONLY)
        try:
            _sync(folder)
        finally:
            os.close(folder)


def _sync(descriptor: int) -> None:
    """Have what is open stay after a power cut, where its device and its file system can."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise


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
    while True:
        # Open, so that no other file can get its inode while the two are compared.
        with path.open("ab") as file:
            held = FileLock(path)
            try:
                held.acquire(timeout=-1 if wait else 0)
            except Timeout:
                return None
            # Whoever had the lock before may have deleted the file, and then it locks nothing.
            if _is_at(path, file):
                return held
            held.release()


def release_lock(held: FileLock) -> None:
    """Delete the file of a lock, if that is possible, and then let other processes in."""
    try:
        with suppress(OSError):
            Path(held.lock_file).unlink()
    finally:
        held.release()


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Whether a path still leads to an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except OSError:
        return False
