"""Data frames in, data frames of the same kind out: pandas, polars, Arrow, through narwhals.

Nothing here imports any of them: narwhals, which has no dependencies, asks the frame what it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import decide
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.memory import trim_memory
from emoscope.inference.prefetch import prefetch
from emoscope.inference.texts import is_list
from emoscope.jobs.scores import Labels
from emoscope.jobs.tables import make_new_name

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

BATCH = 1024
"""Rows that are encoded and scored at a time."""

FrameT = TypeVar("FrameT")


@dataclass(frozen=True)
class FrameOptions:
    """What of the scores a frame gets.

    Attributes:
        prefix: stands before the names of all columns that are added.
        threshold: from which probability a label is given: `"fitted"`, the model's own for each; a
            number for all; or a mapping with numbers for some.
        overwrite: replace columns that are there already.
    """

    prefix: str = ""
    threshold: float | Mapping[str, float] | Literal["fitted"] = "fitted"
    overwrite: bool = False


def annotate_frame(
    annotator: Annotator,
    frame: FrameT,
    text: str | Sequence[str],
    options: FrameOptions | None = None,
) -> FrameT:
    """The frame with the scores of its texts beside them; see `Annotator.annotate_frame`.

    Args:
        annotator: scores the texts.
        frame: a data frame of pandas or polars, or a table of Arrow, or any other that narwhals
            knows and that is in memory.
        text: the column of the texts, or several that hold the turns of a conversation.
        options: what of the scores the frame gets.
    """
    options = options or FrameOptions()
    labels = Labels.of(annotator.scoring)
    if options.threshold != "fitted":
        labels = labels.cut_at(options.threshold)
    opened = _open_frame(frame)
    added = _name_columns(labels, options)
    _check_new(opened, added, options)
    columns: list[Any] = list(text) if is_list(text) else [text]
    conversations = _read_conversations(opened, columns)
    present = np.array([turns is not None for turns in conversations], dtype=np.bool_)
    probabilities = np.full((len(conversations), len(labels.names)), np.nan)
    probabilities[present] = _score(annotator, [turns for turns in conversations if turns])
    given = decide(probabilities, labels.exclusive, np.array(labels.thresholds))
    chosen = [
        _choose(labels, row) if known else None for row, known in zip(given, present, strict=True)
    ]
    scored: FrameT = _add_columns(opened, added, chosen, probabilities, labels.exclusive)
    return scored


def _open_frame(frame: Any) -> "nw.DataFrame[Any]":
    """The frame as narwhals has it.

    Raises:
        InputError: it is none, or it is not in memory, or names a column twice.
    """
    import narwhals.stable.v2 as nw

    try:
        opened: nw.DataFrame[Any] = nw.from_native(frame, eager_only=True)
        opened.columns  # noqa: B018 - names that come twice are told here
    except TypeError as error:
        advice = (
            "Bring it into memory first, with .collect()."
            if hasattr(frame, "collect")
            else "For a list or a column of texts there is annotate(texts)."
        )
        raise InputError(
            f"Expected a data frame of pandas or polars or a table of Arrow, got "
            f"{type(frame).__name__}. {advice}"
        ) from error
    except nw.exceptions.DuplicateError as error:
        raise InputError(f"Expected columns of different names. {error} Rename them.") from error
    return opened


def _name_columns(labels: Labels, options: FrameOptions) -> tuple[str, ...]:
    """Names of the columns that are added: that of the labels given, and one for each label."""
    decision = make_new_name("label" if labels.exclusive else "labels", labels.names)
    return tuple(options.prefix + name for name in (decision, *labels.names))


def _check_new(frame: "nw.DataFrame[Any]", added: Sequence[str], options: FrameOptions) -> None:
    """Check that nothing of the frame is replaced unasked."""
    there = [name for name in added if name in frame.columns]
    if there and not options.overwrite:
        raise InputError(
            f"Expected no columns called as those that are added, found "
            f"{', '.join(map(repr, there))}. Name the new ones otherwise with a prefix, such as "
            "prefix='emotion_', or replace them with overwrite=True."
        )


def _read_conversations(
    frame: "nw.DataFrame[Any]", columns: Sequence[str]
) -> list[list[str] | None]:
    """The turns of each row; None where all its texts are missing or blank.

    Raises:
        InputError: there is no such column, or it holds something that is no text.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing or not columns:
        shown = ", ".join(map(repr, frame.columns)) or "none"
        raise InputError(
            f"Expected the name of the column that holds the texts, got "
            f"{', '.join(map(repr, missing)) or 'none'}; the columns are {shown}."
        )
    read = [_read_texts(frame, name) for name in columns]
    rows = ([turn for turns in row for turn in turns] for row in zip(*read, strict=True))
    return [turns if any(turn.strip() for turn in turns) else None for turns in rows]


def _read_texts(frame: "nw.DataFrame[Any]", name: str) -> Iterator[list[str]]:
    """The turns that each row of a column holds: one, those of a list, or one that is empty."""
    column = frame.get_column(name)
    nulls = column.is_null().to_list()
    for row, (value, null) in enumerate(zip(column.to_list(), nulls, strict=True), start=1):
        if isinstance(value, str):
            yield [value]
        elif null:
            yield [""]
        elif is_list(value) and all(isinstance(turn, str) for turn in value):
            yield list(value)
        else:
            raise InputError(
                f"Expected texts in column {name!r}, got {type(value).__name__} in row {row}. Name "
                "the column of the texts, or turn it into text."
            )


def _score(annotator: Annotator, conversations: Sequence[list[str]]) -> NDArray[np.floating[Any]]:
    """Probabilities (N, K) of N conversations, batch by batch."""
    rest = iter(conversations)
    batches = iter(lambda: list(islice(rest, BATCH)), [])
    found: list[NDArray[np.floating[Any]]] = [np.empty((0, len(annotator.taxonomy)))]
    for encoded in prefetch(annotator.encode, batches):
        found.append(annotator.score(encoded))
        trim_memory()
    return np.concatenate(found)


def _choose(labels: Labels, given: NDArray[np.bool_]) -> str | list[str]:
    """The label of a row, or the list of its labels."""
    names = [labels.names[k] for k in np.flatnonzero(given)]
    return names[0] if labels.exclusive else names


def _add_columns(
    frame: "nw.DataFrame[Any]",
    names: Sequence[str],
    chosen: Sequence[str | list[str] | None],
    probabilities: NDArray[np.floating[Any]],
    exclusive: bool,
) -> Any:
    """The native frame with the columns that are added; what is not known is null."""
    import narwhals.stable.v2 as nw

    backend = frame.implementation
    # pandas has no lists, and would write its own texts for what is missing.
    kind = None if backend.is_pandas_like() else nw.String() if exclusive else nw.List(nw.String())
    series = [nw.new_series(names[0], chosen, kind, backend=backend)]
    for name, column in zip(names[1:], probabilities.T, strict=True):
        values = np.ascontiguousarray(column, dtype=np.float64)
        series.append(nw.new_series(name, values, backend=backend).fill_nan(None))
    return frame.with_columns(*series).to_native()
