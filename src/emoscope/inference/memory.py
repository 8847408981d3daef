"""Return free memory to the system, so that a long job does not grow."""

import ctypes
from collections.abc import Callable
from contextlib import suppress
from functools import cache


def trim_memory() -> None:
    """Return freed memory that the C library holds back.

    The threads of an engine take and free blocks of many sizes, and glibc keeps the gaps between
    those in use, which become more with every batch. With other C libraries nothing is done.
    """
    trim = _find_malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _find_malloc_trim() -> Callable[[int], int] | None:
    # OSError and TypeError: systems where the program itself is not a loadable library (Windows).
    with suppress(AttributeError, OSError, TypeError):
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
        return trim
    return None
