"""Splits of corpora that come without: always the same, whatever the order of the rows."""

import zlib

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError

__all__ = ["SPLITS", "check_split", "find_split", "part_holdout"]

SPLITS = ("train", "dev", "test")


def find_split(key: str) -> str:
    """The split of what has this key: a tenth each is `test` and `dev`, the rest is `train`.

    It is the CRC-32 of the key in UTF-8, modulo 10, that decides: 0 is test and 1 dev.
    """
    return {0: "test", 1: "dev"}.get(zlib.crc32(key.encode()) % 10, "train")


def check_split(split: str) -> None:
    """Check the name of a split.

    Raises:
        InputError: if there is no such split.
    """
    if split not in SPLITS:
        raise InputError(f"Expected a split among {', '.join(SPLITS)}; got {split!r}.")


def part_holdout(
    count: int, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the examples that are kept, and of those held out at random, both in order.

    As scikit-learn's `train_test_split` draws them, which the report on NELEC used.

    Args:
        count: of all examples, at least 2.
        share: that is held out, between 0 and 1.
        seed: the random seed.
    """
    from sklearn.model_selection import train_test_split

    kept, held = train_test_split(np.arange(count), test_size=share, random_state=seed)
    return np.sort(kept), np.sort(held)
