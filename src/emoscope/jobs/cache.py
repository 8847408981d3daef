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

from emoscope.errors import EmoscopeError, InputError, MachineError
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
_MACHINES_FAULTS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM)
_HASH_BYTES = 8
_VERSION = b"2"
"""Changes with what a row holds, so that rows of earlier versions are not found."""
_ADD = "INSERT OR IGNORE INTO scores (key, job, chunk, probabilities) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True)
class Place:
    """The rows of a cache that a job sees: those from before its start, and its own.

    Attributes:
        job: a random name of the job.
        start: the last row at the start of the job.
        lag: after how many chunks a chunk sees what the job added for another.
    """

    job: str
    start: int
    lag: int


class Cache:
    """Probabilities of conversations by model and text. Use it in a `with`.

    A text's score depends a little, in the last digits, on the texts that are scored with it. So
    that a resumed job writes the same as an uninterrupted one, a chunk always finds the same rows:
    those from before the start of its job, and those that its job added at least `Place.lag` chunks
    before, which is how many chunks may be in flight when it begins. Rows of other jobs in the
    meantime are not seen. The file grows by some 110 bytes for each text and 8 bytes for each label
    of it; nothing is ever deleted. Each row has a hash of itself, as SQLite does not see when a
    byte of a number is damaged.

    Args:
        path: the file; it is created if it does not exist.
        model: an identifier of the model, the labels and the version.
        max_in_flight: how many chunks may be in flight at a time, in a new job.
        place: the place of a resumed job; None for a new job.

    Raises:
        InputError: the file cannot be used, or, later, a row of it is damaged.
        MachineError: its disk is full or fails.
    """

    def __init__(self, path: Path, model: str, max_in_flight: int, place: Place | None) -> None:
        self._path, self._lock = path, Lock()
        self._model = hashlib.blake2b(model.encode(), person=_VERSION).digest()
        try:
            # The prefetch thread plans the chunks.
            self._data = sqlite3.connect(path, timeout=60, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        try:
            self._data.execute(_TABLE)
            (last,) = self._data.execute("SELECT coalesce(max(rowid), 0) FROM scores").fetchone()
        except sqlite3.Error as error:
            self._data.close()
            raise self._unusable(error) from error
        if place is not None and place.start > last:
            self._data.close()
            raise InputError(
                f"{path}: the cache has fewer rows than when the job began. Put it back as it was, "
                "or start the job anew with --restart."
            )
        self.place = place or Place(secrets.token_hex(8), last, max_in_flight)

    def find(self, conversations: Sequence[Conversation], chunk: int) -> dict[int, Probabilities]:
        """Probabilities (K,) of those conversations that a chunk finds, by their place.

        Args:
            conversations: the conversations to look up.
            chunk: the number of their chunk.
        """
        seen = (self.place.start, self.place.job, chunk - self.place.lag)
        found = {}
        with self._lock:
            for number, turns in enumerate(conversations):
                key = self._key(turns)
                try:
                    row = self._data.execute(_FIND, (key, *seen)).fetchone()
                except sqlite3.Error as error:
                    raise self._unusable(error) from error
                if row is not None:
                    found[number] = self._unseal(key, row[0])
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
            (key := self._key(turns), self.place.job, chunk, _seal(key, row.tobytes()))
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

    def _unseal(self, key: bytes, sealed: object) -> Probabilities:
        values = sealed[:-_HASH_BYTES] if isinstance(sealed, bytes) else b""
        if sealed != _seal(key, values) or len(values) % 8:
            raise self._unusable("a row of it is damaged")
        return np.frombuffer(values, dtype="<f8")

    def _unusable(self, error: sqlite3.Error | str) -> EmoscopeError:
        # The low byte is the kind of error, the others say more of it. A FIFO gives one of a disk.
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if kind in _MACHINES_FAULTS and self._path.is_file():
            return MachineError(
                f"Cannot write to {self._path}: {error}. Make room, or name a file on another "
                "disk. The same command goes on where the job stands."
            )
        return InputError(
            f"{self._path}: the cache cannot be used ({error}). Name another file, or delete it if "
            "it is one."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()


def _seal(key: bytes, values: bytes) -> bytes:
    """Values with the hash of them and of their key."""
    return values + hashlib.blake2b(key + values, digest_size=_HASH_BYTES).digest()
