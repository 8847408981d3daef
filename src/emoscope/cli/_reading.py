"""Options of `emoscope annotate` that say how its file is read."""

from typing import Annotated, Literal

import typer

from emoscope.reading.dialect import DialectOptions, Quoting, parse_delimiter
from emoscope.reading.nested import split_list_path

InputFormat = Annotated[
    Literal["csv", "tsv", "jsonl", "json", "parquet", "txt", "feather", "xlsx", "whatsapp"] | None,
    typer.Option(
        "--format", help="Of the input, if its suffix does not say it.", show_default=False
    ),
]
DelimiterOption = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        help="Between the fields of a table: a character, or tab, comma, semicolon, pipe, space. "
        "Default: what the file looks like.",
        show_default=False,
    ),
]
QuotingOption = Annotated[
    Literal["auto", "csv", "backslash", "none"],
    typer.Option(
        "--quoting",
        help="What quotes mean in a table: [b]csv[/b], they enclose fields; [b]backslash[/b], "
        r"the same, with \" for a quote inside; [b]none[/b], they are characters of the text. "
        "auto: csv, but between tabs what the file looks like.",
    ),
]
NoHeader = Annotated[
    bool,
    typer.Option(
        "--no-header",
        help="The first line of a table is a row: columns are called 1, 2, ….",
    ),
]
SheetOption = Annotated[
    str | None,
    typer.Option("--sheet", help="Of a spreadsheet; default the first.", show_default=False),
]
MissingOption = Annotated[
    str | None,
    typer.Option(
        "--missing",
        metavar="MARKS",
        help="What stands for a missing text, comma-separated, or [b]none[/b]. Default: NA, N/A, "
        r"NULL, NaN, None, \[removed], \[deleted] and the like.",
        show_default=False,
    ),
]


def make_dialect(
    delimiter: str | None, quoting: Quoting, no_header: bool, sheet: str | None
) -> DialectOptions:
    """What the options say of how a table is written."""
    mark = None if delimiter is None else parse_delimiter(delimiter)
    return DialectOptions(mark, quoting, not no_header, sheet)


def find_row_list(text: str | None) -> str | None:
    """The list of which each element is a row, if the path of the text leads into one."""
    return None if text is None else split_list_path(text)
