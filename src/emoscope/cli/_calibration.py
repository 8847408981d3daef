"""What `emoscope annotate` makes of coded rows, and of the shares that a user expects."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from emoscope.cli._annotate_options import join_names
from emoscope.cli._common import check_files
from emoscope.cli._corpora import describe_label_column
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.fit_recalibration import FOLDS, Check, Coded
from emoscope.inference.model_info import ModelSpec
from emoscope.inference.recalibration import Recalibration
from emoscope.labelled.table import LabelledRows, LabelledTable
from emoscope.reading.errors import RowError
from emoscope.taxonomy import Taxonomy


@dataclass(frozen=True)
class CodedRows:
    """N rows that a user has coded.

    Attributes:
        conversations: the turns of each.
        labels: in [0, 1], (N, K), NaN where a row does not say.
        others: names in the rows that are not asked for.
    """

    conversations: list[list[str]]
    labels: NDArray[np.float64]
    others: tuple[str, ...]

    @classmethod
    def of(cls, rows: LabelledRows, names: tuple[str, ...]) -> "CodedRows":
        """What labelled rows say of some labels.

        Args:
            rows: of a table.
            names: the names of the K labels.
        """
        examples = rows.examples
        # One column of names is about all labels, a column for each about its own.
        known = None if rows.columns.label is None else names
        labels = np.full((len(examples), len(names)), np.nan)
        others: dict[str, None] = {}
        for row, example in enumerate(examples):
            if example.marks is None:
                continue
            for name in known or example.marks:
                if name in names:
                    labels[row, names.index(name)] = example.marks.get(name, 0.0)
            others |= dict.fromkeys(name for name in example.marks if name not in names)
        return cls([example.turns for example in examples], labels, tuple(others))


def parse_expected_shares(text: str | None) -> tuple[tuple[str, float], ...]:
    """`nostalgia=0.05, hope=0.1` → names with their shares.

    Raises:
        InputError: it is something else.
    """
    shares: dict[str, float] = {}
    for part in () if text is None else text.split(","):
        name, sign, number = (each.strip() for each in part.rpartition("="))
        try:
            share = float(number)
        except ValueError:
            share = -1.0
        if not (name and sign and 0 < share < 1) or name in shares:
            raise InputError(
                f"--expect {text!r}: expected labels, each once, with the share of the texts that "
                "has it, such as 'nostalgia=0.05, hope=0.1', where 0.05 is 5 %."
            )
        shares[name] = share
    return tuple(shares.items())


def add_calibration(
    spec: ModelSpec, table: LabelledTable, save: Path | None, *, restart: bool = False
) -> ModelSpec:
    """Add a calibration to the model, fitted to coded rows or read from a file.

    What the coded rows say, and how good it is, goes to stderr.

    Args:
        spec: the model, and the labels that it is asked for.
        table: coded rows, or a file that `Recalibration.save` wrote.
        save: where a new calibration is kept.
        restart: another one that is there may be replaced.

    Raises:
        InputError: the rows or the file cannot be used for these labels, or nothing new is there to
            be kept.
    """
    if is_calibration(table.path):
        if save is not None:
            raise InputError(
                f"--save-calibration keeps what coded rows say, but {table.path} is such a file "
                "already. Leave it out."
            )
        known = Recalibration.load(table.path)
        known.check_model(spec.fingerprint())
        return replace(spec, own=known)
    # Expected shares replace those of the coded rows, so the rows are scored without them.
    annotator = replace(spec, expected=()).load()
    coded, others = score_table(annotator, table)
    found = replace(coded.fit(), model=spec.fingerprint())
    for line in describe_calibration(
        table.path, annotator.taxonomy.names, coded, coded.check(), others
    ):
        typer.echo(line, err=True)
    if save is not None and not _is_kept(found, save):
        check_files({}, {"--save-calibration": save}, restart=restart)
        found.save(save)
    return replace(spec, own=found if found.labels else None)


def _is_kept(calibration: Recalibration, path: Path) -> bool:
    """Whether a file holds just this calibration, as when a job goes on."""
    return is_calibration(path) and Recalibration.load(path) == calibration


def is_calibration(path: Path) -> bool:
    """Whether a file is a calibration rather than a table: JSON whose value is one object."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(1000).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def score_table(annotator: Annotator, table: LabelledTable) -> tuple[Coded, tuple[str, ...]]:
    """Score the coded rows of a table; also return label names that were not requested."""
    annotator.scoring.check_several("--calibrate")
    names = annotator.taxonomy.names
    try:
        read = table.read(Taxonomy.of(list(names)))
    except RowError as error:
        if "--encoding" not in str(error):
            raise
        raise InputError(
            f"{error} It holds for both files: if the other one is in {table.encoding}, save "
            f"{table.path} in {table.encoding} instead."
        ) from error
    for line in describe_label_column(read, table.label):
        typer.echo(line, err=True)
    rows = CodedRows.of(read, names)
    try:
        return Coded.of(annotator, rows.conversations, rows.labels), (*rows.others, *read.similar)
    except InputError as error:
        raise InputError(f"{table.path}: {error}") from error


def describe_calibration(
    path: Path, names: tuple[str, ...], coded: Coded, check: Check, others: tuple[str, ...]
) -> Iterator[str]:
    """Describe a calibration: the lines that go to stderr.

    Args:
        path: the path of the table.
        names: the names of the labels.
        coded: its rows.
        check: how good it is.
        others: names in the rows that are not asked for.
    """
    labels = "1 label that has" if check.labels == 1 else f"{check.labels} labels that have"
    before, after = check.before, check.after
    if check.labels:
        yield (
            f"Calibrated by {len(coded.labels):,} coded rows of {path}: macro-F1 "
            f"{before.macro:.2f} before, {after.macro:.2f} after; micro-F1 {before.micro:.2f} "
            f"before, {after.micro:.2f} after, over the {labels} a case ({FOLDS}-fold "
            "cross-validation)."
        )
    if after.macro < before.macro and after.micro < before.micro:
        yield "These rows do not make the labels better: code more of them, or leave them out."
    lacking = [name for name, cases in zip(names, coded.cases, strict=True) if not cases]
    if lacking:
        yield (
            f"No coded row has {join_names(lacking)}: what the model says of "
            f"{'it' if len(lacking) == 1 else 'these'} stays as it is."
        )
    if others:
        yield f"Not asked for, and passed over in the coded rows: {join_names(others)}."
