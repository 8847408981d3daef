"""Memory that is free goes back to the system, so that a long job stays as small as a short one."""

import ctypes
from collections.abc import Callable
from contextlib import suppress
from functools import cache


def trim_memory() -> None:
    """Give back what the C library keeps of freed memory.

    The threads of an engine take and free blocks of many sizes, and glibc keeps the gaps between
    those in use, which become more with every batch. With other C libraries nothing is done.
    """
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    # OSError and TypeError: a system where a program cannot look into itself, such as Windows.
    with suppress(AttributeError, OSError, TypeError):
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
        return trim
    return None
