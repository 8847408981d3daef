"""Look at the start of a stream of chunks before they are parsed."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Self

from emoscope.reading.dialect import Sample
from emoscope.reading.lines import Chunk

SAMPLE_CHARACTERS = 1 << 16


class Lookahead(Iterator[Chunk]):
    """Chunks, of which some were looked at and wait to be read.

    What is seen depends on the text alone, not on how it is cut into chunks.
    """

    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._chunks = chunks
        self._waiting: deque[Chunk] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Chunk:
        return self._waiting.popleft() if self._waiting else next(self._chunks)

    def put_back(self, chunk: Chunk) -> None:
        """Put a chunk before those that wait."""
        if chunk.text:
            self._waiting.appendleft(chunk)

    def peek_line(self) -> str:
        """The first line that is not blank, without its end, or nothing if there is none."""
        for chunk in self._look():
            start = 0
            while start < len(chunk.text):
                end = chunk.text.find("\n", start) + 1 or len(chunk.text)
                if line := chunk.text[start:end].strip("\r\n"):
                    return line
                start = end
        return ""

    def drop_line(self) -> None:
        """Leave out the first line that is not blank and blank ones before it."""
        for chunk in self:
            place = 0
            for place, line in enumerate(chunk.text.split("\n"), 1):
                if line.strip("\r"):
                    self.put_back(cut_chunk(chunk, place)[1])
                    return

    def peek_sample(self) -> Sample:
        """Lines from the start, at least one and at most about `SAMPLE_CHARACTERS`."""
        parts: list[str] = []
        size = 0
        for chunk in self._look():
            parts.append(chunk.text)
            size += len(chunk.text)
            if size > SAMPLE_CHARACTERS:
                break
        text = "".join(parts)
        if size <= SAMPLE_CHARACTERS:
            return Sample(_split_with_ends(text), whole=True)
        cut = text.rfind("\n", 0, SAMPLE_CHARACTERS) + 1 or text.find("\n") + 1
        return Sample(_split_with_ends(text[:cut]), whole=False)

    def _look(self) -> Iterator[Chunk]:
        """All chunks from the first that waits on, which all go on waiting."""
        yield from tuple(self._waiting)
        for chunk in self._chunks:
            self._waiting.append(chunk)
            yield chunk


def cut_chunk(chunk: Chunk, place: int) -> tuple[Chunk, Chunk]:
    """Cut a chunk before one of its lines, counted from 0."""
    lines = chunk.text.split("\n")
    before = "".join(line + "\n" for line in islice(lines, place))
    faults = chunk.faults.items()
    return (
        Chunk(chunk.line, before, {at: fault for at, fault in faults if at < place}),
        Chunk(
            chunk.line + place,
            chunk.text[len(before) :],
            {at - place: fault for at, fault in faults if at >= place},
        ),
    )


def _split_with_ends(text: str) -> list[str]:
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])
