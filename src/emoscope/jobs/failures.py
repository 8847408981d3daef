"""Files of a folder that could not be annotated, while the others were."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from emoscope.errors import EmoscopeError, InputError
from emoscope.reading.errors import RowError

SHOWN_FAILURES = 3


def describe_failure(source: Path, error: Exception) -> dict[str, str]:
    """The `source`, the `failure`, and whose `fault` it is: a `row`'s, `input`'s or `program`'s."""
    row, bad_input = isinstance(error, RowError), isinstance(error, InputError | OSError)
    fault = "row" if row else "input" if bad_input else "program"
    return {"source": str(source), "failure": str(error), "fault": fault}


def make_failure_error(failures: Sequence[Mapping[str, Any]], files: int) -> EmoscopeError:
    """Make the error about files that failed.

    Args:
        failures: as `describe_failure` describes them.
        files: how many files there are.
    """
    shown = [f"{each['source']}: {each['failure']}" for each in failures[:SHOWN_FAILURES]]
    if len(failures) > SHOWN_FAILURES:
        shown.append("…")
    faults = {each["fault"] for each in failures}
    if "row" in faults:
        shown.append("To go on past bad rows: --bad-rows keep.")
    kind: Callable[[str], EmoscopeError] = EmoscopeError if "program" in faults else InputError
    return kind(
        f"{len(failures)} of {files} files failed, the others are finished; the same command goes "
        f"on. {' '.join(shown)}"
    )
