"""What `emoscope annotate` opens and shows."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from emoscope.errors import InputError


@contextmanager
def open_output(path: Path | None) -> Iterator[TextIO]:
    """Stdout, or a file that appears under its name only when it is whole."""
    if path is None:
        yield sys.stdout
        # Now, while a closed pipe is still noticed as such.
        sys.stdout.flush()
        return
    if path.is_dir():
        raise InputError(f"Cannot write to {path}: it is a folder. Name a file.")
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = partial.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"Cannot write to {path}: {error.strerror}. Name another file.") from None
    try:
        with stream:
            yield stream
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def progress() -> Iterator[Callable[[int], None]]:
    """A counter with its rate on stderr; nothing where stderr is no terminal."""
    console = Console(stderr=True)
    shown = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,} annotated"),
        TaskProgressColumn(show_speed=True),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with shown:
        task = shown.add_task("", total=None)
        yield lambda done: shown.update(task, completed=done)
