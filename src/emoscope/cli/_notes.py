"""What reading decides on its own goes to stderr as it is, whatever else is logged."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class _Echo(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(record.getMessage(), err=True)


@contextmanager
def show_notes() -> Iterator[None]:
    """Print notes about files on stderr."""
    logger, echo = logging.getLogger("emoscope.reading"), _Echo()
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(echo)
    try:
        yield
    finally:
        logger.removeHandler(echo)
        logger.propagate = propagated
