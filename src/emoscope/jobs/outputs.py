"""What is written of each chunk of rows, a format at a time: JSONL, Label Studio, doccano, tables.

Each writes a beginning, chunk after chunk, and an end, as bytes that are appended to a file or a
stream. What a chunk becomes depends on nothing but the chunk, and on whether it is the first.
"""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, get_args
from xml.sax.saxutils import quoteattr

import numpy as np

from emoscope._version import __version__
from emoscope.errors import InputError, require
from emoscope.files import is_stream
from emoscope.jobs.scores import Labels, Scores
from emoscope.jobs.source import Item, OpenedSource
from emoscope.jobs.tables import ArrowTable, CsvTable, Layout
from emoscope.jobs.values import to_json_line
from emoscope.reading.streams import Compression, find_compression

OutputFormat = Literal["jsonl", "csv", "parquet", "labelstudio", "doccano"]
OUTPUT_FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)
TABLES: tuple[OutputFormat, ...] = ("csv", "parquet")
_SUFFIXES: dict[str, OutputFormat] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
}
OUTPUT_SUFFIXES: dict[OutputFormat, str] = {
    "jsonl": ".jsonl",
    "csv": ".csv",
    "parquet": ".parquet",
    "labelstudio": ".json",
    "doccano": ".jsonl",
}
"""The suffix of outputs that have none given."""


class Writer(Protocol):
    """One format of output."""

    def begin(self) -> bytes:
        """What stands before the first row."""

    def rows(self, items: Sequence[Item], scores: Scores, first: bool) -> bytes:
        """Some rows; `first` if none was written before."""

    def end(self) -> bytes:
        """What stands after the last row."""


def find_output_format(path: Path | None, given: OutputFormat | None = None) -> OutputFormat:
    """The format of an output: the one given, or what the suffix says, or for a stream JSONL.

    Raises:
        InputError: the suffix says none, or there is no such format or not of a stream.
    """
    if given is not None and given not in OUTPUT_FORMATS:
        raise InputError(f"Expected a format among {', '.join(OUTPUT_FORMATS)}; got {given!r}.")
    if path is not None and path.is_dir():
        raise InputError(f"Cannot write to {path}: it is a folder. Name a file.")
    packed = None if path is None else find_compression(path.name)
    suffix = "" if path is None else Path(path.stem if packed else path.name).suffix.lower()
    found = given or _SUFFIXES.get(suffix)
    if path is None or is_stream(path):
        if found == "parquet":
            raise InputError("Parquet is written to a file, not to a stream. Name one.")
        return found or "jsonl"
    if found is None:
        raise InputError(
            f"Cannot tell the format of {path}: expected a name that ends in "
            f"{', '.join(_SUFFIXES)} (but for Parquet also with .gz or .zst). Name one with "
            f"--output-format: {', '.join(OUTPUT_FORMATS)}."
        )
    if found == "parquet" and packed:
        raise InputError(f"{path}: Parquet is compressed inside. Leave out the last suffix.")
    return found


def has_known_suffix(path: Path) -> bool:
    """Whether the name of a path says the format of an output."""
    name = path.stem if find_compression(path.name) else path.name
    return Path(name).suffix.lower() in {*_SUFFIXES, *OUTPUT_SUFFIXES.values()}


def make_writer(
    form: OutputFormat, reading: OpenedSource, labels: Labels, *, errors: bool, top_k: int | None
) -> Writer:
    """Make the writer of a format.

    Args:
        form: the format.
        reading: the opened input, whose columns are kept.
        labels: the labels that are scored.
        errors: bad rows are written too.
        top_k: how many labels of a row are written, if not all.
    """
    if form in TABLES:
        layout = Layout.of(reading.types or {}, labels, errors)
        return CsvTable(layout) if form == "csv" else ArrowTable(layout)
    other = frozenset((*reading.columns.turns, reading.columns.id))
    if form == "labelstudio":
        return LabelStudio(labels, other)
    return Doccano(labels, other) if form == "doccano" else JsonLines(labels, other, top_k)


class JsonLines:
    """One JSON object a row: `id`, `turns`, `label` or `labels`, `emotions`, other `columns`."""

    def __init__(self, labels: Labels, used: frozenset[str | None], top_k: int | None) -> None:
        self.labels, self.used, self.ranked = labels, used, top_k is not None

    def begin(self) -> bytes:
        """Nothing."""
        return b""

    def rows(self, items: Sequence[Item], scores: Scores, first: bool) -> bytes:
        """A line for each row."""
        del first
        names, exclusive = self.labels.names, self.labels.exclusive
        lines = []
        for item, row, given in zip(
            items, scores.probabilities.tolist(), scores.given, strict=True
        ):
            if item.error is not None:
                lines.append(
                    {"id": item.id, "error": str(item.error)} | _select_columns(item, frozenset())
                )
                continue
            values: dict[str, Any] = {"id": item.id, "turns": item.turns}
            chosen = [names[k] for k in np.flatnonzero(given)]
            values |= {"label": chosen[0]} if exclusive else {"labels": chosen}
            pairs = [(name, p) for name, p in zip(names, row, strict=True) if p == p]
            if self.ranked:
                pairs.sort(key=lambda pair: -pair[1])
            values["emotions"] = dict(pairs)
            lines.append(values | _select_columns(item, self.used))
        return _encode_text("".join(to_json_line(line) + "\n" for line in lines))

    def end(self) -> bytes:
        """Nothing."""
        return b""


class LabelStudio:
    """A JSON list of tasks with predictions, for Label Studio's import.

    https://labelstud.io/guide/predictions; the labelling configuration must have the names of
    `make_labelling_config`.
    """

    def __init__(self, labels: Labels, used: frozenset[str | None]) -> None:
        self.labels, self.used = labels, used

    def begin(self) -> bytes:
        """The list opens."""
        return b"["

    def rows(self, items: Sequence[Item], scores: Scores, first: bool) -> bytes:
        """A task for each row; a bad row has no predictions."""
        tasks: list[dict[str, Any]] = []
        for item, row, given in zip(items, scores.probabilities, scores.given, strict=True):
            data: dict[str, Any] = {"text": "\n".join(item.turns), "id": item.id}
            if item.error is not None:
                data |= {"error": str(item.error)} | _select_columns(item, frozenset())
                tasks.append({"data": data})
                continue
            choices = [self.labels.names[k] for k in np.flatnonzero(given)]
            chosen = {
                "from_name": "emotion",
                "to_name": "text",
                "type": "choices",
                "value": {"choices": choices},
            }
            prediction = {
                "model_version": f"emoscope {__version__}",
                "score": float(np.nanmax(row)),
                "result": [chosen] if choices else [],
            }
            data |= _select_columns(item, self.used)
            tasks.append({"data": data, "predictions": [prediction]})
        text = ",\n".join(map(to_json_line, tasks))
        return _encode_text(("\n" if first else ",\n") + text) if tasks else b""

    def end(self) -> bytes:
        """The list closes."""
        return b"\n]\n"


def make_labelling_config(labels: Labels) -> str:
    """The labelling configuration of Label Studio that the tasks' predictions belong to."""
    kind = "single" if labels.exclusive else "multiple"
    lines = [
        "<View>",
        '  <Text name="text" value="$text"/>',
        f'  <Choices name="emotion" toName="text" choice="{kind}">',
        *(f"    <Choice value={quoteattr(name)}/>" for name in labels.names),
        "  </Choices>",
        "</View>",
    ]
    return "\n".join(lines) + "\n"


class Doccano:
    """One JSON object a row, `text` and `label`, for doccano's import of text classification."""

    def __init__(self, labels: Labels, used: frozenset[str | None]) -> None:
        self.labels, self.used = labels, used

    def begin(self) -> bytes:
        """Nothing."""
        return b""

    def rows(self, items: Sequence[Item], scores: Scores, first: bool) -> bytes:
        """A line for each row; that of a bad row says why, as doccano takes no empty text."""
        del first
        lines = []
        for item, given in zip(items, scores.given, strict=True):
            used = self.used if item.error is None else frozenset()
            values: dict[str, Any] = {
                "text": "\n".join(item.turns) if item.error is None else str(item.error),
                "label": [self.labels.names[k] for k in np.flatnonzero(given)],
                "id": item.id,
            }
            lines.append(values | _select_columns(item, used))
        return _encode_text("".join(to_json_line(line) + "\n" for line in lines))

    def end(self) -> bytes:
        """Nothing."""
        return b""


def make_compressor(path: Path | None) -> Callable[[bytes], bytes]:
    """Make a function that compresses pieces of a file by its suffix; pieces can be joined."""
    kind: Compression | None = None if path is None else find_compression(path.name)
    if kind == "gzip":
        # Without a time stamp, so that the same rows give the same bytes.
        return lambda data: gzip.compress(data, mtime=0) if data else b""
    if kind == "zstd":
        pa = require("pyarrow", "parquet")

        codec = pa.Codec("zstd")
        return lambda data: codec.compress(data, asbytes=True) if data else b""
    return lambda data: data


def _select_columns(item: Item, used: frozenset[str | None]) -> dict[str, Any]:
    """Select the columns other than the id and the turns."""
    others = {name: value for name, value in item.values.items() if name not in used}
    return {"columns": others} if others else {}


def _encode_text(text: str) -> bytes:
    # A text stream may contain a lone surrogate, which UTF-8 cannot encode.
    return text.encode("utf-8", "backslashreplace")
