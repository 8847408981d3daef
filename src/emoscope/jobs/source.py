"""Read the rows of a file as items to annotate; bad rows carry an error."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from emoscope.errors import show_name
from emoscope.jobs.columns import find_column_types
from emoscope.reading.conversations import (
    ID,
    Columns,
    check_columns,
    check_named,
    guess_columns,
    read_id,
    read_turns,
)
from emoscope.reading.dialect import UNKNOWN, DialectOptions
from emoscope.reading.errors import Content, Fault, MissingTextError, RowError
from emoscope.reading.missing import MISSING_MARKS, is_blank, is_mark, is_missing
from emoscope.reading.nested import explode_row, get_value
from emoscope.reading.row import Row
from emoscope.reading.rows import Format, find_format, read_rows
from emoscope.reading.streams import Meter, open_seekable

MAX_CHARACTERS = 100_000
"""Maximum number of characters in all turns of a row; a longer row is a bad row."""

MAX_CHUNK_CHARACTERS = 8_000_000
"""Maximum number of characters in a chunk, so that long texts do not fill the memory."""

_COLUMN_ADVICE = "Name the column of the text with --text, those of several turns with --turns."


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a file.

    Attributes:
        id: the id of the row; None in a bad row that has none.
        turns: what is scored, oldest first; nothing in a bad row.
        content: all columns of the row as they were read, or its text where it could not be taken
            apart.
        error: why the row is bad.
    """

    id: str | None
    turns: list[str]
    content: Content
    error: RowError | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        """All columns of the row as they were read; none where it could not be taken apart."""
        return {} if isinstance(self.content, str) else self.content

    @property
    def size(self) -> int:
        """Characters that the row holds in memory, nearly."""
        texts = [self.content] if isinstance(self.content, str) else self.content.values()
        return sum(map(len, self.turns)) + sum(len(x) for x in texts if isinstance(x, str))


@dataclass(frozen=True)
class ItemChunk:
    """Successive rows.

    Attributes:
        items: the rows.
        read: how much of the input was read up to their end, see `Meter.done`.
        flush: nothing comes after them for a while, so all rows so far are to be written.
    """

    items: list[Item]
    read: int
    flush: bool = False


@dataclass(frozen=True)
class Source:
    """Where texts come from.

    Attributes:
        file: a path, or an open stream.
        turns: columns that hold the turns, or the one column with the text; by default
            EmoContext's three where the file has them, else `text`.
        id: column of the ids; by default `id` where the file has it, else rows are numbered.
        turn_separator: what parts the turns inside one column.
        format: the format of the file, if its suffix does not say it.
        encoding: the encoding of the text.
        needed: further columns that must be there, unless each row has its own, as in JSONL.
        dialect: what is known of how a table is written.
        missing: what stands for a missing text, besides an empty cell.
        each: path of a list, such as `messages[]`, of which each element is a row of its own.
    """

    file: Path | TextIO | BinaryIO
    turns: tuple[str, ...] | None = None
    id: str | None = None
    turn_separator: str | None = None
    format: Format | None = None
    encoding: str = "utf-8"
    needed: tuple[str, ...] = ()
    dialect: DialectOptions = UNKNOWN
    missing: tuple[str, ...] = MISSING_MARKS
    each: str | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        name = self.file if isinstance(self.file, Path) else getattr(self.file, "name", "the input")
        return show_name(name)

    @contextmanager
    def opened(self, *, typed: bool = False) -> Iterator["OpenedSource"]:
        """Begin to read: the first row is drawn, and says which columns there are.

        Args:
            typed: find out all columns that a row has, and their types, before the first is
                handed on. JSON and JSONL are then read twice, and copied to a temporary file if
                they come from a stream.

        Raises:
            InputError: no such file, format or column.
        """
        if not (typed and find_format(self.file, self.format) in ("json", "jsonl")):
            yield OpenedSource(self, self.file)
        elif isinstance(self.file, Path):
            yield OpenedSource(self, self.file, self._types(self.file))
        else:
            with open_seekable(self.file, self.name) as copy:
                types = self._types(copy)
                copy.seek(0)
                yield OpenedSource(self, copy, types)

    def _types(self, file: Path | BinaryIO) -> dict[str, Any]:
        rows = self.rows(read_rows(file, self.format, self.encoding, bad_rows=_Ignored()))
        return find_column_types(rows, self.name)

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows to annotate: those that were read, or one for each element of a list."""
        if self.each is None:
            return iter(rows)
        each, text = self.each, self.turns[0] if self.turns else self.each
        return chain.from_iterable(explode_row(row, each, self.id, text) for row in rows)


class _Ignored:
    """Ignores bad rows."""

    def add(self, error: RowError, content: Content) -> None:
        del error, content


class _Refused:
    """Bad rows since the last good one."""

    def __init__(self) -> None:
        self._rows: list[tuple[RowError, Content]] = []

    def add(self, error: RowError, content: Content) -> None:
        self._rows.append((error, content))

    def drain(self) -> list[tuple[RowError, Content]]:
        rows, self._rows = self._rows, []
        return rows


class OpenedSource:
    """A source whose first row has been drawn.

    Attributes:
        name: the name of the source.
        columns: which of its columns are turns and id.
        types: its columns with the Arrow type of each, None where it is text; None for JSON that
            was not looked through.
        meter: how much has been read.
    """

    def __init__(
        self,
        source: Source,
        file: Path | TextIO | BinaryIO,
        types: dict[str, Any] | None = None,
    ) -> None:
        self.name, self.meter, self._bad = source.name, Meter(), _Refused()
        self._marks = frozenset(source.missing)
        rows = read_rows(
            file,
            source.format,
            source.encoding,
            bad_rows=self._bad,
            meter=self.meter,
            dialect=source.dialect,
        )
        self._rows = source.rows(rows)
        self._first = next(self._rows, None)
        self.types = rows.columns if types is None else types
        present = self._first.values if self._first else self.types
        turns, identity = guess_columns(present or {}, source.turns, source.id)
        self.columns = Columns(turns=turns, id=identity, turn_separator=source.turn_separator)
        if present:
            check_columns(present, self.columns, self.name, _COLUMN_ADVICE)
        if (self.types is None or types) and self.columns.id is None and ID not in turns:
            # JSON: each row has columns of its own, and later ones may have an id.
            self.columns = replace(self.columns, id=ID, id_optional=True)
        if self.types is not None:
            check_named(
                self.types, source.needed, self.name, "Name the column of dates with --date."
            )

    def items(self) -> Iterator[Item]:
        """The rows in their order, bad ones among them; to be called once."""
        for row in chain([] if self._first is None else [self._first], self._rows):
            # Rows are yielded as they are read, so bad rows collected so far come before this row.
            yield from self.drain_bad_items()
            yield make_item(row, self.columns, self.name, self._marks)
        yield from self.drain_bad_items()

    def drain_bad_items(self) -> Iterator[Item]:
        """The bad rows since the last row that `items` gave."""
        for error, content in self._bad.drain():
            numbered = self.columns.id is None or self.columns.id_optional
            identity = str(error.line) if numbered else None
            yield Item(identity, [], content, error)

    def chunks(self, rows: int, skip: int = 0) -> Iterator[ItemChunk]:
        """Lists of `rows` rows, or fewer at the end and where texts are long.

        Args:
            rows: the number of rows in a chunk.
            skip: rows that are left out at the start.
        """
        items = self.items()
        for _ in range(skip):
            next(items, None)
        for chunk in split_items(items, rows):
            yield ItemChunk(chunk, self.meter.done)


def make_item(
    row: Row, columns: Columns, path: str, marks: frozenset[str] = frozenset(MISSING_MARKS)
) -> Item:
    """Make an item of a row; a bad row carries its error.

    Args:
        row: from `read_rows`.
        columns: which columns hold the id and the turns.
        path: name of the file for messages.
        marks: what stands for a missing turn.
    """
    column = columns.turns[0] if len(columns.turns) == 1 else None
    cells = [get_value(row.values, name) for name in columns.turns]
    if all(is_missing(cell, marks) for cell in cells):
        missing = _make_missing_error(row, cells, column, path)
        return Item(_find_id(row, columns, path), [], row.values, missing)
    try:
        identity, turns = read_turns(row, columns, path)
    except RowError as error:
        return Item(_find_id(row, columns, path), [], row.values, error)
    turns = ["" if is_mark(turn, marks) else turn for turn in turns]
    if all(map(is_blank, turns)):
        missing = _make_missing_error(row, cells, column, path)
        return Item(identity, [], row.values, missing)
    if (length := sum(map(len, turns))) > MAX_CHARACTERS:
        expected = f"at most {MAX_CHARACTERS:,} characters of text"
        fault = Fault(expected, f"{length:,}", "Cut it, or part it into rows.", column)
        return Item(identity, [], row.values, RowError(path, row.line, fault))
    return Item(identity, turns, row.values)


def _make_missing_error(
    row: Row, cells: Sequence[object], column: str | None, path: str
) -> MissingTextError:
    """The error of a row whose cells hold nothing or marks of it."""
    mark = next((cell for cell in cells if isinstance(cell, str) and cell.strip()), "")
    came, advice = "nothing but blanks", "Fill it in or remove the row."
    if mark:
        came = f"{mark.strip()!r}, which stands for a missing one"
        advice = "If it is a text: --missing none, or name other marks there."
    error = MissingTextError(path, row.line, Fault("text", came, advice, column))
    error.mark = mark.strip()
    return error


def _find_id(row: Row, columns: Columns, path: str) -> str | None:
    try:
        return read_id(row, columns, path)
    except RowError:
        return None


def split_items(
    items: Iterable[Item], rows: int, characters: int | None = None
) -> Iterator[list[Item]]:
    """Split items into lists of `rows`; a list also ends as soon as it exceeds `characters`.

    The end of a list depends only on the items since its start.
    """
    limit = MAX_CHUNK_CHARACTERS if characters is None else characters
    chunk: list[Item] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += item.size
        if len(chunk) == rows or size > limit:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
