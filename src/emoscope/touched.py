"""The files that a command reads and writes: one set, checked before the first byte is written."""

import os
import stat
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from emoscope.errors import InputError, show_name
from emoscope.folder import (
    CARD,
    CONFIG,
    GRAPH,
    GRAPH_WEIGHTS,
    LABEL_GRAPH,
    PREPROCESSING,
    WEIGHTS,
    resolve_folder,
)

_MODEL_FILES = (
    *(CARD, CONFIG, PREPROCESSING, WEIGHTS, GRAPH, LABEL_GRAPH, GRAPH_WEIGHTS),
    *("vocabulary.json", "tokenizer.json", "tokenizer_config.json"),
)


@dataclass(frozen=True)
class FileUse:
    """A file or a folder, and what a command does with it.

    Attributes:
        file: its path, or the number of an open file, as 1 for stdout.
        role: what messages call it: `the input`, `--plot`.
        written: it is written; else it is only read.
        new: it must not hold anything yet, unless the command was told to replace what is there.
    """

    file: Path | int
    role: str
    written: bool = False
    new: bool = False


def check_file_uses(uses: Iterable[FileUse], *, restart: bool = False) -> None:
    """Check that nothing is written that is read or written already, or that is there.

    Links and hard links are the files that they lead to. Devices such as `/dev/null` may be named
    as often as one likes.

    Args:
        uses: all files of a command.
        restart: what is there may be replaced.

    Raises:
        InputError: two of them are one file, and it is written; or a new one is there.
    """
    known, seen = list(uses), dict[Hashable, FileUse]()
    for use in known:
        for identity in set(_identify(use.file)):
            other = seen.get(identity)
            if other is not None and (other.written or use.written):
                names = dict.fromkeys((show_name(other.file), show_name(use.file)))
                raise InputError(
                    f"One file is named twice, as {other.role} and as {use.role}: "
                    f"{' and '.join(names)}. Name different files."
                )
            seen[identity] = use
    for use in known:
        if use.new and not restart and holds_something(use.file):
            raise InputError(
                f"{show_name(use.file)} ({use.role}) exists. Name another one, or replace it with "
                "--restart."
            )


def list_model_files(path: Path | str | None) -> list[FileUse]:
    """The files of a model folder, or of the one in the folder of a training, if it is there."""
    try:
        folder = None if path is None else resolve_folder(Path(path))
    except (InputError, OSError):
        # Whoever loads it says what is wrong.
        folder = None
    if folder is None:
        return []
    return [FileUse(folder / name, "a file of the model") for name in _MODEL_FILES]


def holds_something(file: Path | int) -> bool:
    """Whether a path is a file or a folder that is not empty."""
    if isinstance(file, int):
        return False
    try:
        state = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISDIR(state.st_mode):
        return any(file.iterdir())
    return stat.S_ISREG(state.st_mode) and state.st_size > 0


def _identify(file: Path | int) -> Iterator[Hashable]:
    """What is equal for two names of one file; nothing for devices."""
    try:
        state = os.stat(file)  # noqa: PTH116 - it takes numbers as well
    except OSError:
        state = None
    if state is not None and stat.S_ISCHR(state.st_mode):
        return
    if state is not None and (isinstance(file, Path) or stat.S_ISREG(state.st_mode)):
        yield state.st_dev, state.st_ino
    if isinstance(file, Path):
        yield os.path.normcase(os.path.realpath(file))
