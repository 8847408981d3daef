"""Write the output of a job and its progress, so that a killed job can be resumed.

Beside `scores.csv` lie `scores.csv.partial`, to which chunk after chunk is appended, and
`scores.csv.job.json`, which is replaced after each chunk. The job file holds the job's
configuration and how many bytes of the partial file are valid; a resumed job truncates the file
to them. At the end the partial file is renamed to the output, and the job file stays as a record.
It also holds hashes of these bytes and of itself, see `job_file.py`.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from filelock import FileLock

from emoscope.errors import EmoscopeError, InputError, explain_os_error
from emoscope.files import (
    acquire_lock,
    delete_files,
    is_stream,
    open_stream,
    release_lock,
    rename_durably,
    sibling_path,
    sync_folder,
    sync_tree,
    write_durably,
    write_text,
    written_aside,
)
from emoscope.jobs.file_set import check_others, get_job_file, name_beside
from emoscope.jobs.job_file import (
    Hash,
    JobFile,
    Progress,
    check_digest,
    check_same_job,
    hash_file,
    hash_job,
    hash_start,
    make_hash,
    read_job,
)
from emoscope.jobs.options import RowCounts


@dataclass
class Journal:
    """A job's files. Use it in a `with`, which opens them.

    Attributes:
        output: what the output is called when it is whole.
        config: the job's configuration.
        resumable: whether the job can be resumed.
        restart: whether to delete existing files and start again.
        rejects: the file of rejected rows; None for none.
        others: further files that are written for the job, such as a picture of its output. One
            that is there is only replaced if this job has written it.
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
    others: tuple[Path, ...] = ()
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
        # What a job that is finished has removed, unless it was killed.
        self._left = (self.partial, self._last, sibling_path(self.partial, "lock"))
        # Whether the files are new, so that nothing in them is worth keeping.
        self._fresh = False
        self._written: list[Path] = []

    def __enter__(self) -> Self:
        try:
            self._open()
        except OSError as error:
            self._close(failed=True)
            raise explain_os_error(error, "write to", error.filename or self.partial) from error
        except BaseException:
            self._close(failed=True)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close(failed=value is not None)

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

    def write(self, path: Path, text: str) -> None:
        """Write one of the other files of the job."""
        self._written.append(path)
        try:
            write_text(path, text)
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
                sync_tree(self._last)
                self.progress.digest = hash_file(self._last)
            self.progress.bytes = self._last.stat().st_size
            self.progress.finished = True
            self.save()
            self._close_files()
            # Still locked: whoever opens the job next finds it under its name.
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
            text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
            # Bytes of a name that are not UTF-8 become what JSON escapes them by.
            write_durably(file, text.encode("utf-8", "backslashreplace"))

    def _open(self) -> None:
        self.output.parent.mkdir(parents=True, exist_ok=True)
        known = None if self.restart else read_job(self.output)
        if known is not None and self._is_done(known):
            # Nothing is to be written, so the disk may be read-only.
            self._take(known)
            self._check_output()
            return
        for path in (self.partial, self.rejects):
            if path is not None and not is_stream(path):
                self._lock(path)
        # Until the lock was held another process may have gone on with the job.
        known = None if self.restart else read_job(self.output)
        begun = known is not None and (known.progress.finished or known.progress.rows > 0)
        if known is None or not begun or not self.resumable:
            self._refuse_if_there()
            self._begin(known)
            return
        self._take(known)
        if not self.progress.finished:
            self._go_on()
        elif not self._finished():
            self.progress = Progress(others=self.progress.others)
            self._begin(known)

    def _is_done(self, known: JobFile) -> bool:
        """Whether a job is finished and its output has its name, so that nothing is left to do."""
        if not (self.resumable and known.progress.finished and self.output.is_file()):
            return False
        size = self.output.stat().st_size
        return size == known.progress.bytes and not any(map(os.path.lexists, self._left))

    def _take(self, known: JobFile) -> None:
        """Go on with a known job."""
        self._check_same_job(known)
        self._check_others(known)
        self.progress = known.progress
        if self._add_others() and self.progress.finished:
            # Without it a picture is not known as the job's; nothing else is lost.
            with suppress(OSError):
                self.save()

    def _begin(self, known: JobFile | None) -> None:
        """Start with empty files; an old output stays until the new one is whole."""
        self._check_others(known)
        self._fresh = True
        self._add_others()
        # First, and so that it stays: bytes without a job file are not of this job.
        self.save()
        sync_folder(self.job.parent)
        self._add_file(self.partial, 0)
        if self.rejects:
            self._add_file(self.rejects, 0)

    def _check_others(self, known: JobFile | None) -> None:
        done = Progress() if known is None else known.progress
        others = [*self.others, *([self.partial, self._last] if known is None else [])]
        if self.rejects is not None and not done.reject_bytes:
            others.append(self.rejects)
        check_others(others, self.output, done.others, restart=self.restart)

    def _add_others(self) -> bool:
        """Keep the names of the other files in the progress; whether one is new."""
        paths = (*self.others, *([] if self.rejects is None else [self.rejects]))
        names = dict.fromkeys(name_beside(path, self.output) for path in paths)
        new = [name for name in names if name not in self.progress.others]
        self.progress.others = [*self.progress.others, *new]
        return bool(new)

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
        flags = os.O_RDWR | (0 if size else os.O_CREAT) | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(path, flags, 0o666), "r+b")
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
        self._check_output()
        delete_files([self.partial])
        return True

    def _check_output(self) -> None:
        """Check that a finished output is what the job has written."""
        check_digest(self.output, hash_file(self.output), self.progress.digest)

    def _refuse_if_there(self) -> None:
        if self.output.exists() and not self.restart:
            raise InputError(
                f"{self.output} exists. Name another output, or replace it with --restart."
            )

    def _check_same_job(self, known: JobFile) -> None:
        config = dict(self.config)
        if not known.progress.bad:
            # No bad row has occurred yet, so this setting may still change.
            config.pop("bad rows", None)
        state = ", finished," if known.progress.finished else ", unfinished,"
        check_same_job(self.output, known.config, config, state)

    def _lock(self, path: Path) -> None:
        held = acquire_lock(sibling_path(path, "lock"), wait=False)
        if held is None:
            raise InputError(
                f"{path}: another process writes it. Wait for it, or name another output."
            )
        self._locks.append(held)

    def _unwritable(self, error: OSError) -> EmoscopeError:
        path = error.filename or self.partial
        advice = "The same command goes on where the job stands."
        return explain_os_error(error, "write to", path, advice)

    def _close_files(self) -> None:
        files, self._files, self._hashes = self._files, [], []
        for file in files:
            # What counts was flushed before.
            with suppress(OSError):
                file.close()

    def _close(self, *, failed: bool = False) -> None:
        locks, self._locks = self._locks, []
        with ExitStack() as stack:
            for held in locks:
                stack.callback(release_lock, held)
            self._close_files()
            if failed and self._fresh and not self.progress.rows and not self.progress.finished:
                # No chunk was written, so there is nothing to resume.
                delete_files((self.partial, self.job, *self._written))
                if self.rejects is not None and not is_stream(self.rejects):
                    delete_files([self.rejects])
