"""Compute the next result in a thread while the last one is used."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def prefetch(function: Callable[[T], U], inputs: Iterable[T]) -> Iterator[U]:
    """Map a function over inputs, computing one result in a thread while the last one is used.

    The thread also draws the inputs, so that reading overlaps too.
    """
    iterator = iter(inputs)

    def draw() -> tuple[U] | None:
        for value in iterator:
            return (function(value),)
        return None

    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(draw)
        while (result := coming.result()) is not None:
            coming = thread.submit(draw)
            yield result[0]
