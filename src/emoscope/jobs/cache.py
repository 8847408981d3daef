"""Probabilities of texts that were scored before, in a SQLite file that jobs share."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np

from emoscope.errors import InputError
from emoscope.jobs.scores import Conversation, Probabilities

_TABLE = """
CREATE TABLE IF NOT EXISTS scores (
    key BLOB NOT NULL, job TEXT NOT NULL, chunk INTEGER NOT NULL, probabilities BLOB NOT NULL,
    UNIQUE (key, job)
)
"""
_FIND = """
SELECT probabilities FROM scores WHERE key = ? AND (rowid <= ? OR (job = ? AND chunk <= ?))
ORDER BY rowid LIMIT 1
"""
_ADD = "INSERT OR IGNORE INTO scores (key, job, chunk, probabilities) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True)
class Place:
    """The rows of a cache that a job sees: those from before its start, and its own.

    Attributes:
        job: a random name of the job.
        start: the last row at the start of the job.
    """

    job: str
    start: int


class Cache:
    """Probabilities of conversations by model and text. Use it in a `with`.

    A text's score depends a little, in the last digits, on the texts that are scored with it. So
    that a resumed job writes the same as an uninterrupted one, a chunk always finds the same rows:
    those from before the start of its job, and those that its job added at least `max_in_flight`
    chunks before. Rows of other jobs in the meantime are not seen. The file grows by some 100 bytes
    for each text and 8 bytes for each label of it; nothing is ever deleted.

    Args:
        path: the file; it is created if it does not exist.
        model: an identifier of the model, the labels and the version.
        max_in_flight: how many chunks may be in flight at a time.
        place: the place of a resumed job; None for a new job.

    Raises:
        InputError: the file cannot be used.
    """

    def __init__(self, path: Path, model: str, max_in_flight: int, place: Place | None) -> None:
        self._path, self._max_in_flight, self._lock = path, max_in_flight, Lock()
        self._model = hashlib.blake2b(model.encode()).digest()
        try:
            # The prefetch thread plans the chunks.
            self._data = sqlite3.connect(path, timeout=60, check_same_thread=False)
            self._data.execute(_TABLE)
            (last,) = self._data.execute("SELECT coalesce(max(rowid), 0) FROM scores").fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        self.place = place or Place(secrets.token_hex(8), last)

    def find(self, conversations: Sequence[Conversation], chunk: int) -> dict[int, Probabilities]:
        """Probabilities (K,) of those conversations that a chunk finds, by their place.

        Args:
            conversations: the conversations to look up.
            chunk: the number of their chunk.
        """
        seen = (self.place.start, self.place.job, chunk - self._max_in_flight)
        found = {}
        with self._lock:
            for number, turns in enumerate(conversations):
                try:
                    row = self._data.execute(_FIND, (self._key(turns), *seen)).fetchone()
                except sqlite3.Error as error:
                    raise self._unusable(error) from error
                if row is not None:
                    found[number] = np.frombuffer(row[0], dtype="<f8")
        return found

    def add(
        self, conversations: Sequence[Conversation], probabilities: Probabilities, chunk: int
    ) -> None:
        """Store the probabilities (N, K) of N conversations.

        Args:
            conversations: the conversations that were scored.
            probabilities: their probabilities, (N, K).
            chunk: the number of their chunk.
        """
        rows = probabilities.astype("<f8")
        entries = [
            (self._key(turns), self.place.job, chunk, row.tobytes())
            for turns, row in zip(conversations, rows, strict=True)
        ]
        with self._lock:
            try:
                with self._data:
                    self._data.executemany(_ADD, entries)
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    def _key(self, turns: Conversation) -> bytes:
        text = json.dumps(list(turns)).encode()
        return hashlib.blake2b(text, digest_size=16, key=self._model).digest()

    def _unusable(self, error: sqlite3.Error) -> InputError:
        return InputError(
            f"{self._path}: the cache cannot be used ({error}). Name another file, or delete it if "
            "it is one."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()
