"""Tables as programs write them: every mix of delimiter, quoting, line end and the like."""

import bz2
import csv
import gzip
import io
import itertools
import lzma
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = ["id", "text", "score"]
ROWS = [
    ["1", "I love it", "1,5"],
    ["2", 'she said "no", twice', "2,5"],
    ["3", "Schöne Feier; danke euch allen!", "3,0"],
    ["4", "line one\nline two | and a\ttab", "0,5"],
    ["5", "", "1,0"],
    ["6", "Déjà vu, again, and again", "4,5"],
    ["7", '"Yes", said Ann', "4,5"],
]
PLAIN_ROWS = [
    ["1", "I love it", "1.5"],
    ["2", '"Yes" said Ann', "2.5"],
    ["3", "Schöne Feier", "3.0"],
    ["4", 'he was 6" taller', "4.0"],
    ["5", "", "1.0"],
]
DELIMITERS = {",": "csv", ";": "csv", "\t": "csv", "|": "csv", "tsv": "tsv"}
QUOTING = ("minimal", "all", "nonnumeric", "backslash", "none")
LINE_ENDS = ("\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252")
PACKED = ("", ".gz", ".bz2", ".xz", ".zip")


@dataclass(frozen=True)
class Case:
    """A table.

    Attributes:
        name: of the file; its suffix is all that is said of the format.
        delimiter: what stands between its fields.
        quoting: one of `QUOTING`.
        line_end: what ends its records.
        encoding: of its text.
        header: whether the first record names the columns.
    """

    name: str
    delimiter: str
    quoting: str
    line_end: str
    encoding: str
    header: bool

    @property
    def rows(self) -> list[list[str]]:
        """What a reader with the right options makes of it."""
        if self.quoting == "none":
            return PLAIN_ROWS
        # Where CR ends lines, csv.writer forgets to quote an LF: no reader makes sense of that.
        spoilt = self.quoting == "minimal" and self.line_end == "\r"
        return [row for row in ROWS if not (spoilt and "\n" in row[1])]

    def content(self) -> bytes:
        """Its bytes, before they are packed."""
        records = [HEADER, *self.rows] if self.header else self.rows
        text = self._join(records).encode(self.encoding)
        return pack(text, self.name)

    def _join(self, records: list[list[str]]) -> str:
        if self.quoting == "none":
            return "".join(self.delimiter.join(row) + self.line_end for row in records)
        styles = {
            "minimal": {"quoting": csv.QUOTE_MINIMAL},
            "all": {"quoting": csv.QUOTE_ALL},
            "nonnumeric": {"quoting": csv.QUOTE_NONNUMERIC},
            "backslash": {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"},
        }
        out = io.StringIO()
        style = styles[self.quoting]
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator=self.line_end, **style)
        writer.writerows(records)
        return out.getvalue()


def pack(data: bytes, name: str) -> bytes:
    """Compress as the suffix says."""
    if name.endswith(".zip"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name.removesuffix(".zip"), data)
        return out.getvalue()
    packers = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    return packers.get(name.rpartition(".")[2], bytes)(data)


def make_cases() -> Iterator[Case]:
    """All mixes; compressions take turns."""
    packed = itertools.cycle(PACKED)
    for mark, quoting, end, encoding, header in itertools.product(
        DELIMITERS, QUOTING, LINE_ENDS, ENCODINGS, (True, False)
    ):
        delimiter = "\t" if mark == "tsv" else mark
        if quoting == "none" and delimiter == ",":
            continue  # Such a table is the one of minimal quoting, or no table.
        name = f"a.{DELIMITERS[mark]}{next(packed)}"
        yield Case(name, delimiter, quoting, end, encoding, header)
