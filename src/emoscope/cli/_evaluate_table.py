"""What `emoscope evaluate` makes of rows that a user has coded, and says of them on stderr."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emoscope.cli._annotate_options import describe_groups, say_unread
from emoscope.cli._corpora import describe_columns
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.fit_recalibration import MIN_TEXTS
from emoscope.labelled.table import LabelledRows, LabelledTable, add_parts
from emoscope.labelled.texts import LabelledTexts
from emoscope.taxonomy import Taxonomy
from emoscope.text.language import name_languages

if TYPE_CHECKING:
    from emoscope.evaluation.evaluate import Evaluation

DEPENDENT = " Its labels depend on each other, so that the scores of the others differ, too."
ENOUGH = 100
"""Rows that figures can be relied upon from."""


@dataclass(frozen=True)
class TableEvaluation:
    """A table of coded rows that a model is measured on.

    Attributes:
        table: as the user has named it.
        rows: what its rows say.
        texts: the same, of the labels that they are about.
    """

    table: LabelledTable
    rows: LabelledRows
    texts: LabelledTexts

    @classmethod
    def read(cls, table: LabelledTable, known: Taxonomy) -> "TableEvaluation":
        """Read a table.

        Args:
            table: the table.
            known: the labels that the model is asked for.
        """
        parts = [part for parts in known.made_of.values() for part in parts]
        known = add_parts(known)
        rows = table.read(known)
        return cls(table, rows, rows.to_texts(known, kept=parts))

    def ask_others(self, annotator: Annotator) -> Annotator:
        """The annotator that is asked for the rows' labels, also those it was not trained on.

        A model that has learnt a fixed set of labels is asked for these.

        Args:
            annotator: of a model, with its own labels.
        """
        own = annotator.taxonomy
        others = [x for x in self.texts.taxonomy.labels if x.name not in own.names]
        if not others or own.exclusive:
            return annotator
        both = Taxonomy(own.name, (*own.labels, *others), own.language, ignored=own.ignored)
        try:
            return annotator.with_labels(both)
        except InputError:
            return annotator

    def describe(self, annotator: Annotator, result: "Evaluation") -> Iterator[str]:
        """Say which columns were read, and which labels and texts the model does not know.

        Args:
            annotator: that was measured.
            result: of the evaluation.
        """
        names = result.taxonomy.names
        yield from describe_columns(self.rows, self.table.label, names)
        guessed = [name for name in annotator.scoring.untrained if name in names]
        if guessed:
            yield (
                f"The model has no threshold of its own for {', '.join(guessed)}: it is asked for "
                "them by name, and from which score such a label is given is a guess until it is "
                "calibrated." + ("" if annotator.scoring.independent else DEPENDENT)
            )
        yield from describe_groups(annotator.scoring.groups)
        read = annotator.reads([each.turns for each in self.rows.examples])
        if False in read:
            language = name_languages(annotator.languages)
            yield say_unread(read.count(False), len(read), read.index(False) + 1, language)

    def advise(
        self, annotator: Annotator, result: "Evaluation", given: Mapping[str, object]
    ) -> Iterator[str]:
        """Say what to do next.

        Args:
            annotator: that was measured.
            result: of the evaluation.
            given: options of this command that the next one needs as well, None where not given.
        """
        texts = result.report.texts
        if texts < ENOUGH:
            few = "1 text is" if texts == 1 else f"{texts} texts are"
            yield f"{few} few, as the intervals show: code a hundred or more, drawn at random."
        if texts >= MIN_TEXTS and not result.taxonomy.exclusive:
            names = result.taxonomy.names
            if given.get("--taxonomy") is None and set(names) & set(annotator.scoring.untrained):
                # Unless they are asked for the coded rows say nothing of them.
                given = {**given, "--labels": ", ".join(names)}
            more = "".join(
                f" {option} {shlex.quote(str(value))}"
                for option, value in given.items()
                if value is not None
            )
            yield (
                "To fit the labels to texts like these, and to see what that is worth: emoscope "
                f"annotate FILE{more} --calibrate {shlex.quote(str(self.table.path))} "
                "--save-calibration mine.json"
            )


def describe_left_out(
    model: Sequence[str], corpus: Sequence[str], result: "Evaluation"
) -> Iterator[str]:
    """Say which labels have no part in the figures, or in some.

    Args:
        model: names of the labels that the model was asked for.
        corpus: names of those that the texts are about.
        result: of the evaluation.
    """
    left = sorted(set(model) ^ set(corpus))
    if left:
        yield f"Left out, as only one side has them: {', '.join(left)}."
    absent = result.report.without_cases
    if absent:
        yield f"No text has {', '.join(absent)}: left out of the macro averages."
