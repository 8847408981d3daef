"""What to do in place of an option that an error names and the command does not have."""

import re
from collections.abc import Collection

__all__ = ["complete_advice"]

# Those of `emoscope annotate` that say how its file is read: errors of reading name them, and
# other commands read files as well.
_READING = frozenset(
    {"--encoding", "--delimiter", "--quoting", "--no-header", "--sheet", "--format"}
)
_OPTION = re.compile(r"--[a-z]+(?:-[a-z]+)*")


def complete_advice(text: str, command: str, options: Collection[str]) -> str:
    """A message, with what to do where it names an option that the command has not.

    Args:
        text: an error or a note.
        command: the name of the command that says it.
        options: the options that it has.
    """
    lacking = sorted({*_OPTION.findall(text)} & _READING - {*options})
    if not lacking:
        return text
    return (
        f"{text} ({command} has no {' and no '.join(lacking)}: save the file as CSV in UTF-8, with "
        "commas between the fields and a first line of names, and name that one.)"
    )
