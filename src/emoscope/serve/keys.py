"""API keys, compared in constant time, and how many requests one may make."""

import hashlib
import hmac
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from emoscope.errors import InputError, explain_os_error

MIN_CHARACTERS = 16
MAX_FILE_BYTES = 1_000_000


@dataclass
class Bucket:
    """What one key has left: a token for each request, filled up evenly.

    Attributes:
        left: requests that may be made at once.
        filled: when that was.
    """

    left: float
    filled: float


class ApiKeys:
    """The keys that may use the service; without any, everybody may.

    Args:
        keys: the keys; only their hashes are kept.
        per_minute: requests of one key; 0 for any number.
        clock: seconds.
    """

    def __init__(
        self,
        keys: Iterable[str] = (),
        per_minute: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hashes = [_hash(key) for key in keys]
        self.per_minute = per_minute
        self.clock = clock
        self._buckets = [Bucket(per_minute, clock()) for _ in self._hashes]

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, authorization: str) -> int | None:
        """The number of the key in a header `Authorization: Bearer KEY`; None if it is none.

        All keys are compared, each in the same time, so that the time tells nothing.
        """
        scheme, _, key = authorization.partition(" ")
        given = _hash(key.strip())
        found = None
        for number, known in enumerate(self._hashes):
            if hmac.compare_digest(known, given):
                found = number
        return found if scheme.lower() == "bearer" else None

    def take(self, number: int) -> int | None:
        """Count a request of a key.

        Returns:
            None if it may be made, else the seconds after which the next may.
        """
        if not self.per_minute:
            return None
        bucket, now, rate = self._buckets[number], self.clock(), self.per_minute / 60
        bucket.left = min(self.per_minute, bucket.left + (now - bucket.filled) * rate)
        bucket.filled = now
        if bucket.left < 1:
            return max(1, math.ceil((1 - bucket.left) / rate))
        bucket.left -= 1
        return None


def read_keys(path: Path) -> list[str]:
    """The keys of a file, one a line; empty lines and those that begin with `#` are passed over.

    Raises:
        InputError: no file, no key in it, or one that is too short to be safe.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise explain_os_error(error, "read the API keys in", path) from error
    if len(content) > MAX_FILE_BYTES:
        raise InputError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes, which no list of keys is.")
    keys = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        key = line.strip()
        if not key or key.startswith("#"):
            continue
        if len(key) < MIN_CHARACTERS or not key.isascii() or not key.isprintable() or " " in key:
            raise InputError(
                f"{path}, line {number}: expected a key of {MIN_CHARACTERS} or more ASCII "
                "characters without spaces. Make one with: "
                "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        keys.append(key)
    if not keys:
        raise InputError(f"{path}: expected at least one API key, one a line, found none.")
    return keys


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
