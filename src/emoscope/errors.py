"""Errors a user can act on: what was expected, what came, what to do.

The command line turns an `EmoscopeError` into its message and its `exit_code`, and an error of the
operating system into one by `explain_os_error`; anything else is a bug and keeps its traceback.
"""

import errno
import importlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


class EmoscopeError(Exception):
    """Base of every error that emoscope raises on purpose."""

    exit_code = 1


class InputError(EmoscopeError):
    """Bad usage or bad input: a file, a value or an option that cannot be used as given."""

    exit_code = 2


class MachineError(EmoscopeError):
    """A fault of the machine, not of what it was asked: a full disk, too little memory."""

    exit_code = 1


class MissingExtraError(EmoscopeError):
    """A feature needs packages that an optional extra installs."""

    exit_code = 2


def require(module: str, extra: str) -> ModuleType:
    """Import a module that an extra installs.

    Args:
        module: name of the module, e.g. `"torch"`.
        extra: the extra that installs it, e.g. `"train"`.

    Raises:
        MissingExtraError: if the module is not installed; the message says what to install.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise MissingExtraError(
            f"This needs the package {error.name!r}, which is not installed. "
            f"Install it with: pip install 'emoscope[{extra}]'"
        ) from error


_ANOTHER = "Name another file."
# What a user can mend by another name or other permissions. Anything else is the machine's fault.
_USERS_FAULTS = {
    errno.EACCES: f"Change its permissions or those of its folder. {_ANOTHER}",
    errno.EBADF: "It is closed, or not open for this.",
    errno.EEXIST: _ANOTHER,
    errno.EINVAL: _ANOTHER,
    errno.EISDIR: "It is a folder. Name a file.",
    errno.ELOOP: f"Its links lead in a circle. {_ANOTHER}",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ENOENT: "Look whether its name is right and its folder is there.",
    errno.ENOTDIR: "A part of the path is a file, not a folder. Name another path.",
    errno.ENOTEMPTY: "The folder is not empty. Name another one.",
    errno.ENXIO: _ANOTHER,
    errno.EPERM: f"Change its permissions or those of its folder. {_ANOTHER}",
    errno.EROFS: "It lies where nothing can be written. Name a file elsewhere.",
}
MACHINES_FAULTS = {
    errno.EDQUOT: "Make room within your quota, or name a file elsewhere.",
    errno.EFBIG: "The file system or a limit (ulimit -f) does not allow so large a file.",
    errno.EIO: "The disk or the device fails: look at the log of the system.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n).",
    errno.ENFILE: "Close other programs.",
    errno.ENOMEM: "Close other programs, or ask for fewer processes at a time.",
    errno.ENOSPC: "Make room, or name a file on another disk.",
    errno.EPIPE: "What reads it has ended.",
}


def explain_os_error(
    error: OSError, action: str = "use", path: Path | str | None = None, advice: str = ""
) -> EmoscopeError:
    """Say an error of the operating system in words: which file, what failed, what to do.

    Args:
        error: the error.
        action: what could not be done with the file: `"read"`, `"write to"`.
        path: the file, where the error does not name it.
        advice: more of what to do.

    Returns:
        An `InputError` if another name or other permissions mend it, else a `MachineError`.
    """
    named = path if path is not None else error.filename
    reason = error.strerror or str(error) or type(error).__name__
    about = "" if named is None else f" {action} {show_name(named)}:"
    what = f"Cannot{about} {reason}." if about else f"The operating system says: {reason}."
    kind = InputError if error.errno in _USERS_FAULTS else MachineError
    known = (_USERS_FAULTS | MACHINES_FAULTS).get(error.errno or 0, "Try again later.")
    return kind(" ".join(part for part in (what, known, advice) if part))


_NUMBER = re.compile(r"\(os error (\d{1,4})\)")
_OF_FILES = (None, errno.EINVAL, errno.ENOENT)


def raise_os_error(error: BaseException, path: Path | str) -> None:
    """Raise the error of reading a file as what it is, if the operating system has raised it.

    What libraries raise of a damaged file is an `OSError` as well, but has no number, or that of a
    seek to where nothing can be. What a missing file means the caller knows better.

    Args:
        error: any error.
        path: the file.

    Raises:
        EmoscopeError: it is one of the operating system.
    """
    if isinstance(error, OSError) and error.errno not in _OF_FILES:
        raise explain_os_error(error, "read", path) from error


def find_os_error(error: BaseException) -> OSError | None:
    """The error of the operating system behind one that a library has raised of it, if it is one.

    safetensors, and torch where it saves, raise errors of their own of a disk that is full.
    """
    if isinstance(error, OSError):
        return error
    text = str(error)
    if found := _NUMBER.search(text):
        number = int(found[1])
    elif "inline_container.cc" in text and "PytorchStreamReader" not in text:
        said = text.partition("strerror: ")[2].strip()
        # Where torch cannot write on it does not say why: nearly always the disk is full.
        number = next((each for each in errno.errorcode if os.strerror(each) == said), errno.ENOSPC)
    else:
        return None
    return OSError(number, os.strerror(number))


@contextmanager
def telling_saves(folder: Path) -> Iterator[None]:
    """Have what libraries raise where they cannot write to a folder told as what it is.

    Raises:
        EmoscopeError: it was one of the operating system.
    """
    try:
        yield
    except (EmoscopeError, OSError):
        raise
    except Exception as error:
        if (found := find_os_error(error)) is None:
            raise
        advice = "The same command goes on where it was."
        raise explain_os_error(found, "write to", folder, advice) from error


def show_name(path: Path | str | bytes | int) -> str:
    r"""The name of a file as text that any terminal and any file can hold.

    Bytes that are not UTF-8 are shown by their codes: `caf\xe9.csv`.
    """
    if isinstance(path, int):
        return f"the open file {path}"
    try:
        return os.fsencode(path).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return str(path).encode("utf-8", "backslashreplace").decode()
