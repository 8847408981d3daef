"""Probabilities of texts that were scored before, in a SQLite file that jobs share."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
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
    """What a job sees of a cache: what was there when it began, and what it adds itself.

    Attributes:
        job: name of the job, drawn at random.
        start: the last row when it began.
    """

    job: str
    start: int


class Cache:
    """Probabilities of conversations by model and text. Use it in a `with`.

    A text's score depends a little, in the last digits, on the texts that are scored with it. So
    that a resumed job writes what an uninterrupted one does, what a chunk finds here does not
    depend on when it looks: it sees what was there when its job began, and what the job has added
    up to `lag` chunks before, whatever other jobs add meanwhile. The file grows by some 100 bytes
    and 8 a label for each text; nothing is ever dropped.

    Args:
        path: of the file, which is made if there is none.
        model: what else a score depends on: the model, the labels, the version.
        lag: how many chunks may be under way together.
        place: of a job that goes on; None for one that begins.

    Raises:
        InputError: the file cannot be used.
    """

    def __init__(self, path: Path, model: str, max_in_flight: int, place: Place | None) -> None:
        self._path, self._max_in_flight, self._lock = path, max_in_flight, Lock()
        self._model = hashlib.blake2b(model.encode()).digest()
        try:
            # A chunk is planned in the thread that reads ahead.
            self._data = sqlite3.connect(path, timeout=60, check_same_thread=False)
            self._data.execute(_TABLE)
            (last,) = self._data.execute("SELECT coalesce(max(rowid), 0) FROM scores").fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        self.place = place or Place(secrets.token_hex(8), last)

    def find(self, conversations: Sequence[Conversation], chunk: int) -> dict[int, Probabilities]:
        """Probabilities (K,) of those conversations that a chunk finds, by their place.

        Args:
            conversations: to look for.
            chunk: the number of the chunk that looks.
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
        """Keep the probabilities (N, K) of N conversations for good.

        Args:
            conversations: what was scored.
            probabilities: of them.
            chunk: the number of the chunk that they were scored in.
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._data.close()
