"""How the program ends: its exit codes, and what is said of errors that nobody else has caught."""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO, cast

from rich.console import Console
from rich.markup import escape

from emoscope.errors import EmoscopeError, MachineError, explain_os_error, find_os_error

SUCCESS, FAILURE, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
EXIT_CODES = (
    "Exit codes: 0 success; 1 a fault of the machine, such as a full disk; 2 an option, an input "
    "or a file that cannot be used as given; 130 interrupted by Ctrl-C."
)


def run_program(program: Callable[[], object]) -> int:
    """Run the program and give its exit code.

    An error that the user or the machine has caused is said on stderr; any other is a bug and
    passes through.
    """
    prepare_streams()
    try:
        program()
        code = SUCCESS
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        # Typer and Rich end with 1 when the reader of our output has closed it, as `head` does;
        # nothing is wrong.
        closed = isinstance(ended.__context__, BrokenPipeError)
        code = SUCCESS if closed else ended.code or SUCCESS
    except BrokenPipeError:
        code = SUCCESS
    except (EmoscopeError, OSError, MemoryError, UnicodeEncodeError) as error:
        code = tell(to_error(error))
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        if (found := find_os_error(error)) is None:
            raise
        code = tell(to_error(found))
    return flush(code)


def to_error(error: BaseException) -> EmoscopeError:
    """The error that the user reads for one of Python or of the operating system."""
    if isinstance(error, EmoscopeError):
        return error
    if isinstance(error, OSError):
        return explain_os_error(error, path=_find_stream(error))
    if isinstance(error, UnicodeEncodeError):
        return MachineError(
            f"A name or a text cannot be written in the encoding {error.encoding} of this system. "
            "Set the environment variable PYTHONUTF8=1."
        )
    return MachineError(
        "The memory is full. Close other programs, or ask for fewer processes at a time."
    )


def tell(error: EmoscopeError) -> int:
    """Say an error on stderr, if that can be written to, and give its exit code."""
    message = f"[bold red]Error:[/] {escape(str(error))}"
    with suppress(OSError):
        # Whole lines, so that a command in a message can be copied.
        Console(stderr=True, highlight=False, soft_wrap=True).print(message)
    return error.exit_code


def prepare_streams() -> None:
    """Make the standard streams safe to use.

    A closed one is opened so that its use is an error: else the next file that is opened would
    become stdin or stdout. What the encoding of a terminal lacks is shown by its code.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            with suppress(OSError):
                setattr(sys, name, _open_closed(number, mode))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _open_closed(number: int, mode: str) -> TextIO:
    """A stream for a closed descriptor that can be neither read nor written, but for stderr."""
    wanted = os.O_WRONLY if number in (0, 2) else os.O_RDONLY
    opened = os.open(os.devnull, wanted)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    stream = os.fdopen(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
    return cast("TextIO", stream)


def _find_stream(error: OSError) -> str | None:
    """The name of the standard stream that an error without a file is about, if it is one."""
    if error.filename is not None:
        return None
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError):
            # What could not be written is still to be written.
            return name
    return "stdin" if error.errno == errno.EBADF else None


def flush(code: int) -> int:
    """Write what is left for stdout; the exit code is 1 or 2 if only that fails.

    A stream that fails is pointed elsewhere, so that the interpreter does not complain when it
    flushes at exit.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            if code == SUCCESS and stream is sys.stdout and isinstance(error, OSError):
                code = SUCCESS if isinstance(error, BrokenPipeError) else tell(to_error(error))
            _discard(stream)
    return code


def _discard(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
