"""A row of a table, whatever the format."""

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One row of a table.

    Attributes:
        line: number of the line it starts at, from 1; in JSON, Parquet and the like, number of the
            row.
        values: value of each column; text, except in formats whose values have types.
    """

    line: int
    values: dict[str, Any]
