"""What reading decides on its own goes to stderr as it is, whatever else is logged."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


class _Echo(logging.Handler):
    def __init__(self, complete: Callable[[str], str]) -> None:
        super().__init__()
        self._complete = complete

    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(self._complete(record.getMessage()), err=True)


@contextmanager
def show_notes(complete: Callable[[str], str]) -> Iterator[None]:
    """Print notes about files on stderr.

    Args:
        complete: adds to a note what it lacks for the command that runs.
    """
    logger, echo = logging.getLogger("emoscope.reading"), _Echo(complete)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(echo)
    try:
        yield
    finally:
        logger.removeHandler(echo)
        logger.propagate = propagated
