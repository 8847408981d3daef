"""Reads that end: of regular files only, and of so many bytes at most."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from emoscope.errors import InputError

MAX_BYTES = 50_000_000
"""Enough for any file of settings, labels, results or curves."""


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read it; a FIFO or a device, which may never end, is refused.

    Raises:
        InputError: it is something else.
        OSError: it cannot be read.
    """
    # Without O_NONBLOCK a FIFO waits for somebody to write into it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(f"{path}: expected a regular file. Put a copy of the file in its place.")
    return os.fdopen(descriptor, "rb")


def read_bounded(path: Path, at_most: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file of bounded size.

    Args:
        path: of the file.
        at_most: its largest size in bytes.

    Raises:
        InputError: it is larger, or no regular file.
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        # The size is asked for first, so that nothing is read in vain; it may grow meanwhile.
        large = os.fstat(file.fileno()).st_size > at_most
        data = b"" if large else file.read(at_most + 1)
    if large or len(data) > at_most:
        raise InputError(
            f"{path}: expected at most {at_most:,} bytes, got more. This is another file than is "
            "expected here; put the right one in its place."
        )
    return data
