"""Annotate the rows of a file in a stream: memory does not grow with the file."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, TextIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from emoscope.conversations import Columns, check_columns, guessed, turns_of
from emoscope.rows import BadRows, Format, Row, RowError, read_rows, refuse
from emoscope.runtime.annotator import Annotator

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Item:
    """One conversation of a file: its id and its turns."""

    id: str
    turns: list[str]


@dataclass(frozen=True)
class Source:
    """Where conversations come from.

    Attributes:
        file: a path, or an open stream.
        turns: columns that hold the turns; by default EmoContext's three where the file has them,
            else `text`.
        id: column of the ids; by default `id` where the file has it, else rows are numbered.
        turn_separator: what parts the turns inside one column.
        format: of the file, if its suffix does not say it.
        encoding: of the text.
        bad_rows: stop at a bad row, or where to put it.
    """

    file: Path | TextIO | BinaryIO
    turns: tuple[str, ...] | None = None
    id: str | None = None
    turn_separator: str | None = None
    format: Format | None = None
    encoding: str = "utf-8"
    bad_rows: BadRows = "stop"

    def items(self) -> Iterator[Item]:
        """The conversations, as they are read."""
        name = str(self.file) if isinstance(self.file, Path) else "the input"
        rows = read_rows(self.file, self.format, self.encoding, bad_rows=self.bad_rows)
        first = next(rows, None)
        if first is None:
            return
        columns = self.columns(first)
        check_columns(first.values, columns, name)
        for row in chain([first], rows):
            try:
                yield Item(*turns_of(row, columns, name))
            except RowError as error:
                refuse(self.bad_rows, error, row.values)

    def columns(self, first: Row) -> Columns:
        """The columns named, or those that the first row suggests."""
        turns, identity = guessed(first.values, self.turns, self.id)
        return Columns(turns=turns, id=identity, turn_separator=self.turn_separator)


def annotate_stream(
    annotator: Annotator,
    source: Source,
    output: TextIO,
    *,
    batch_size: int = 4096,
    on_progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Write one JSON line for each conversation, in the order read.

    A line holds `id`, `turns`, for exclusive labels `label` (the most probable one), else `labels`
    (those at their threshold), and `emotions`, a probability for each label. Reading and cleaning
    one batch overlaps with scoring the one before it.

    Args:
        annotator: of the model.
        source: of the conversations.
        output: gets the lines.
        batch_size: conversations at a time; memory is proportional to it.
        on_progress: called with the number of conversations written so far.

    Returns:
        How many were written.
    """

    def encode(items: list[Item]) -> tuple[list[Item], Any]:
        return items, annotator.encode([item.turns for item in items])

    written = 0
    for items, encoded in ahead(encode, chunks(source.items(), batch_size)):
        output.writelines(lines(items, annotator.score(encoded), annotator))
        written += len(items)
        on_progress(written)
    return written


def lines(
    items: list[Item], probabilities: NDArray[np.floating[Any]], annotator: Annotator
) -> Iterator[str]:
    """A JSON line for each item, probabilities (N, K) rounded to six decimals."""
    names, exclusive = annotator.taxonomy.names, annotator.taxonomy.exclusive
    decisions = annotator.decide(probabilities)
    for item, row, given in zip(items, probabilities.round(6).tolist(), decisions, strict=True):
        values: dict[str, Any] = {"id": item.id, "turns": item.turns}
        chosen = [names[k] for k in np.flatnonzero(given)]
        values |= {"label": chosen[0]} if exclusive else {"labels": chosen}
        values["emotions"] = dict(zip(names, row, strict=True))
        yield json.dumps(values, ensure_ascii=False) + "\n"


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items, the last one shorter."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def ahead(function: Callable[[T], U], inputs: Iterator[T]) -> Iterator[U]:
    """Map a function over inputs, computing one result in a thread while the last one is used.

    The thread also draws the inputs, so that reading overlaps too.
    """

    def draw() -> tuple[U] | None:
        for value in inputs:
            return (function(value),)
        return None

    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(draw)
        while (result := coming.result()) is not None:
            coming = thread.submit(draw)
            yield result[0]
