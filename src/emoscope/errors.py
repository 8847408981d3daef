"""Errors a user can act on: what was expected, what came, what to do.

The command line turns an `EmoscopeError` into its message and its `exit_code`; anything else is a
bug and keeps its traceback.
"""

import importlib
from types import ModuleType


class EmoscopeError(Exception):
    """Base of every error that emoscope raises on purpose."""

    exit_code = 1


class InputError(EmoscopeError):
    """Bad usage or bad input: a file, a value or an option that cannot be used as given."""

    exit_code = 2


class MissingExtraError(EmoscopeError):
    """A feature needs packages that an optional extra installs."""

    exit_code = 2


def require(module: str, extra: str) -> ModuleType:
    """Import a module that an extra installs.

    Args:
        module: name of the module, e.g. `"torch"`.
        extra: the extra that installs it, e.g. `"train"`.

    Raises:
        MissingExtraError: if the module is not installed; the message says what to install.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise MissingExtraError(
            f"This needs the package {error.name!r}, which is not installed. "
            f"Install it with: pip install 'emoscope[{extra}]'"
        ) from error
