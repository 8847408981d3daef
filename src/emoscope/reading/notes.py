"""What is decided about a file without being told is said: on stderr, unless a program logs it."""

import logging
from functools import lru_cache

logger = logging.getLogger("emoscope.reading")


@lru_cache(maxsize=1024)
def say(path: str, note: str) -> None:
    """Log a note about a file as a warning, once, however often the file is opened."""
    logger.warning("%s: %s", path, note)
