"""Write the output of a job and its progress, so that a killed job can be resumed.

Beside `scores.csv` lie `scores.csv.partial`, to which chunk after chunk is appended, and
`scores.csv.job.json`, which is replaced after each chunk. The job file holds the job's
configuration and how many bytes of the partial file are valid; a resumed job truncates the file
to them. At the end the partial file is renamed to the output, and the job file stays as a record.
It also holds hashes of these bytes and of itself, see `job_file.py`.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from filelock import FileLock

from emoscope.bounded import read_bounded
from emoscope.errors import EmoscopeError, InputError
from emoscope.files import (
    acquire_lock,
    follow_link,
    is_stream,
    open_stream,
    rename_durably,
    sibling_path,
    write_durably,
    written_aside,
)
from emoscope.jobs.job_file import (
    Hash,
    check_digest,
    hash_file,
    hash_job,
    hash_start,
    make_hash,
    parse_job,
)
from emoscope.jobs.options import RowCounts
from emoscope.strict import short


@dataclass
class Progress(RowCounts):
    """The progress of a job, with the counts of its rows.

    Attributes:
        chunks: how many chunks were written.
        bytes: how many bytes of the partial file are valid; when finished, of the output.
        reject_bytes: how many bytes of the reject file are valid.
        finished: the output is whole, though it may not have its name yet.
        cache: the job's place in a cache, if it uses one.
        digest: the hash of the valid bytes of the partial file; when finished, of the output.
        reject_digest: the hash of the valid bytes of the reject file; of a stream, of those that
            the last run of the job has written.
    """

    chunks: int = 0
    bytes: int = 0
    reject_bytes: int = 0
    finished: bool = False
    cache: dict[str, Any] | None = None
    digest: str = ""
    reject_digest: str = ""


@dataclass
class Journal:
    """A job's files. Use it in a `with`, which opens them.

    Attributes:
        output: what the output is called when it is whole.
        config: the job's configuration.
        resumable: whether the job can be resumed.
        restart: whether to delete existing files and start again.
        rejects: the file of rejected rows; None for none.
        convert: makes the output of the partial file, where it is not the partial file itself.
        progress: how far the job has come; once it is open, `progress.finished` says that there
            is nothing to do.

    Raises:
        InputError: on opening: the output is there and of no job, or the job was asked for
            something else, or another process runs it, or a file cannot be written.
    """

    output: Path
    config: Mapping[str, Any]
    resumable: bool = True
    restart: bool = False
    rejects: Path | None = None
    convert: Callable[[Path, Path], None] | None = None
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self.partial = sibling_path(self.output, "partial")
        self.job = get_job_file(self.output)
        # The file that becomes the output.
        self._last = (
            self.partial if self.convert is None else sibling_path(self.output, "converted")
        )
        self._files: list[BinaryIO] = []
        self._hashes: list[Hash] = []
        self._locks: list[FileLock] = []

    def __enter__(self) -> Self:
        try:
            self._open()
        except OSError as error:
            self._close()
            raise self._unwritable(error) from error
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()
        if value is not None and not self.progress.rows:
            # No chunk was written, so there is nothing to resume.
            for path in (self.partial, self.job):
                path.unlink(missing_ok=True)

    def append(self, data: bytes, rejected: bytes = b"", counts: RowCounts | None = None) -> None:
        """Append a chunk, or the header before the first chunk, and save the progress.

        Args:
            data: for the output.
            rejected: for the reject file.
            counts: counts of the rows; None for the header.
        """
        progress = self.progress
        try:
            for place, content in enumerate((data, rejected)[: len(self._files)]):
                write_durably(self._files[place], content)
                self._hashes[place].update(content)
            if counts is not None:
                progress.chunks += 1
                progress.add(counts)
            progress.bytes += len(data)
            progress.reject_bytes += len(rejected)
            self._take_digests()
            self.save()
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self, end: bytes) -> None:
        """Write what stands after the last row, and give the output its name."""
        try:
            write_durably(self._files[0], end)
            self._hashes[0].update(end)
            self._take_digests()
            if self.convert is not None:
                self.convert(self.partial, self._last)
                with self._last.open("rb") as file:
                    os.fsync(file.fileno())
                self.progress.digest = hash_file(self._last)
            self.progress.bytes = self._last.stat().st_size
            self.progress.finished = True
            self.save()
            self._close()
            rename_durably(self._last, self.output)
            self.partial.unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def save(self) -> None:
        """Replace the job file."""
        values: dict[str, Any] = {"asked": self.config, "progress": asdict(self.progress)}
        values["hash"] = hash_job(values)
        # If the rename is lost in a crash, the old job file is still valid.
        with written_aside(self.job) as partial, partial.open("wb") as file:
            write_durably(file, (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode())

    def _open(self) -> None:
        self.output.parent.mkdir(parents=True, exist_ok=True)
        known = None if self.restart else read_job(self.output)
        begun = known is not None and (known.progress.finished or known.progress.rows > 0)
        if known is None or not begun or not self.resumable:
            self._refuse_if_there()
            self._begin()
        else:
            self._check_same_job(known)
            self.progress = known.progress
            if not self.progress.finished:
                self._go_on()
            elif not self._finished():
                self.progress = Progress()
                self._begin()

    def _begin(self) -> None:
        """Start with empty files; an old output stays until the new one is whole."""
        self._add_file(self.partial, 0)
        if self.rejects:
            self._add_file(self.rejects, 0)
        self.save()

    def _take_digests(self) -> None:
        """Note the hashes of what was written so far."""
        digests = [found.hexdigest() for found in self._hashes]
        self.progress.digest = digests[0]
        if self.rejects:
            self.progress.reject_digest = digests[1]

    def _go_on(self) -> None:
        """Truncate the files to the end of the last saved chunk."""
        progress = self.progress
        known = [(self.partial, progress.bytes, progress.digest)]
        if self.rejects:
            known.append((self.rejects, progress.reject_bytes, progress.reject_digest))
        for path, size, digest in known:
            # A file without valid bytes may be missing, and of a stream nothing is left to check.
            if size and not is_stream(path) and (not path.is_file() or path.stat().st_size < size):
                raise InputError(
                    f"{path}: expected {size:,} bytes that the job has written, found fewer or no "
                    "file. Start the job anew with --restart."
                )
            self._add_file(path, size, digest)

    def _add_file(self, path: Path, size: int, digest: str = "") -> None:
        """Open one of the job's files to write behind its valid bytes, which must have the hash."""
        if is_stream(path):
            self._files.append(open_stream(path))
            self._hashes.append(make_hash())
            return
        file = self._locked(path, create=not size)
        self._files.append(file)
        self._hashes.append(hash_start(file, size))
        if size:
            check_digest(path, self._hashes[-1].hexdigest(), digest)
        file.truncate(size)
        file.seek(size)

    def _finished(self) -> bool:
        """Whether the output is there, if need be under its name only now.

        Raises:
            InputError: it was changed.
        """
        size = self.progress.bytes
        if self._last.is_file() and self._last.stat().st_size == size:
            check_digest(self._last, hash_file(self._last), self.progress.digest)
            rename_durably(self._last, self.output)
        if not self.output.is_file():
            return False
        if self.output.stat().st_size != size:
            raise InputError(
                f"{self.output} was changed after the job had written it. Name another output, or "
                "replace it with --restart."
            )
        check_digest(self.output, hash_file(self.output), self.progress.digest)
        # They are left over if the process was killed after the last rename. On a disk that cannot
        # be written the job is finished all the same.
        locks = [
            sibling_path(path, "lock")
            for path in (self.partial, self.rejects)
            if path and not is_stream(path)
        ]
        _delete_files([self.partial, *locks])
        return True

    def _refuse_if_there(self) -> None:
        if self.output.exists() and not self.restart:
            raise InputError(
                f"{self.output} exists. Name another output, or replace it with --restart."
            )

    def _check_same_job(self, known: "JobFile") -> None:
        config = dict(self.config)
        if not known.progress.bad:
            # No bad row has occurred yet, so this setting may still change.
            config.pop("bad rows", None)
        state = ", finished," if known.progress.finished else ", unfinished,"
        check_same_job(self.output, known.config, config, state)

    def _locked(self, path: Path, *, create: bool) -> BinaryIO:
        held = acquire_lock(sibling_path(path, "lock"), wait=False)
        if held is None:
            raise InputError(
                f"{path}: another process writes it. Wait for it, or name another output."
            )
        self._locks.append(held)
        flags = os.O_RDWR | (os.O_CREAT if create else 0) | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(path, flags, 0o666), "r+b")

    def _unwritable(self, error: OSError) -> EmoscopeError:
        path = error.filename or self.partial
        return InputError(
            f"Cannot write to {path}: {error.strerror or error}. Make room or name another file; "
            "the same command goes on where the job stands."
        )

    def _close(self) -> None:
        for file in self._files:
            file.close()
        locks = [Path(held.lock_file) for held in self._locks]
        for held in self._locks:
            held.release()
        self._files, self._hashes, self._locks = [], [], []
        _delete_files(locks)


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
    changed = [
        f"{name}: {short(known.get(name))} then, {short(value)} now"
        for name, value in config.items()
        if known.get(name) != value
    ]
    if changed:
        raise InputError(
            f"{output}: there is a job{state} that was asked for something else "
            f"({'; '.join(changed)}). Run the command as it was, name another output, or start "
            "anew with --restart."
        )


def get_job_file(output: Path) -> Path:
    """The path of an output's job file, which holds configuration and progress."""
    return sibling_path(follow_link(output), "job.json")


def _delete_files(paths: Iterable[Path]) -> None:
    """Delete files, if they are there."""
    for path in paths:
        with suppress(OSError):
            path.unlink()
