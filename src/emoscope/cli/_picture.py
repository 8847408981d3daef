"""The picture that `emoscope annotate --plot` draws of what it wrote."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import typer

from emoscope.charts import Tally, check_path
from emoscope.errors import InputError
from emoscope.files import is_stream
from emoscope.jobs.options import Options
from emoscope.jobs.outputs import find_output_format
from emoscope.jobs.readback import READABLE, read_labels, read_scores
from emoscope.taxonomy import Label, Taxonomy


@dataclass(frozen=True)
class JobPicture:
    """What is drawn of the output.

    Attributes:
        path: the path of the picture.
        date: column with the date of each row.
        date_format: the format of the dates, as strptime has it.
    """

    path: Path
    date: str | None = None
    date_format: str | None = None

    def check(self, output: Path | None, options: Options) -> None:
        """Check before hours of work that it can be drawn.

        Raises:
            InputError: it cannot.
        """
        check_path(self.path)
        form = None if output is None else find_output_format(output, options.format)
        if output is None or is_stream(output) or form not in READABLE:
            raise InputError(
                "--plot draws what was written: name an --output, JSONL, CSV or Parquet."
            )
        if options.top_k is not None:
            raise InputError("--plot needs the scores of all labels: leave out --top-k.")

    def draw(self, output: Path, title: str) -> None:
        """Draw the rows of a finished output.

        Raises:
            InputError: no row has the column of dates.
        """
        labels = read_labels(output)
        shown = tuple(Label(name, (name,)) for name in labels.names)
        tally = Tally(Taxonomy("as annotated", shown, exclusive=labels.exclusive), self.date_format)
        columns: dict[str, None] = {}
        for rows in read_scores(output):
            good = ~np.isnan(rows.scores.probabilities).any(axis=1)
            dates = None
            if self.date is not None:
                dates = [rows.values[int(place)].get(self.date) for place in np.flatnonzero(good)]
                columns |= dict.fromkeys(chain.from_iterable(rows.values))
            tally.add(rows.scores.probabilities[good], rows.scores.given[good], dates)
        if columns and self.date not in columns:
            raise InputError(f"--date {self.date}: no such column; found {', '.join(columns)}.")
        tally.draw(self.path, title=title)
        for note in tally.timeline.notes() if tally.timeline else ():
            typer.echo(note, err=True)
