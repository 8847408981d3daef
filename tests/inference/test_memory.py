"""Freed memory goes back to the system."""

import ctypes

import psutil
import pytest

from emoscope.inference import memory
from emoscope.inference.memory import trim_memory

BLOCK, COUNT = 1_000, 64_000


def test_what_is_freed_between_blocks_in_use_goes_back():
    if memory._find_malloc_trim() is None:
        pytest.skip("not glibc")
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    blocks = [library.malloc(BLOCK) for _ in range(COUNT)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK)
    # The last one stays in use, so that nothing goes back by itself.
    for block in blocks[:-1]:
        library.free(block)
    process = psutil.Process()
    before = process.memory_info().rss
    trim_memory()
    assert before - process.memory_info().rss > BLOCK * COUNT / 2
    library.free(blocks[-1])


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory._find_malloc_trim.cache_clear()
    try:
        trim_memory()
        assert memory._find_malloc_trim() is None
    finally:
        memory._find_malloc_trim.cache_clear()
