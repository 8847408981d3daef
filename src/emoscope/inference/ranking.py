"""From probabilities to the labels of each text, as a program reads them."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError

Threshold = float | Literal["fitted"]
"""Which labels of a text are kept: those at least as probable, or with `"fitted"` those that the
model gives it, see `Annotator.decide`."""

SHOWN_TEXTS = 10
SHOWN_LABELS = 5
"""Labels of a text that are shown; of more than these only the first `FIRST_LABELS`."""

FIRST_LABELS = 3


class Score(NamedTuple):
    """A label and its probability in [0, 1]."""

    label: str
    probability: float

    def __repr__(self) -> str:
        """`joy 0.93`."""
        return f"{self.label} {self.probability:.2f}"


class ScoreList(list[Score]):
    """The labels of one text, which are shown shortened."""

    def __repr__(self) -> str:
        """`[joy 0.93, love 0.21, pride 0.04, … 25 more]`."""
        shown = self if len(self) <= SHOWN_LABELS else self[:FIRST_LABELS]
        more = [] if len(shown) == len(self) else [f"… {len(self) - len(shown)} more"]
        return f"[{', '.join([*map(repr, shown), *more])}]"

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        from emoscope.charts.score_table import make_table_of_text

        return make_table_of_text(self)


class ScoredTexts(list[list[Score]]):
    """The labels of each text, which notebooks show beside it.

    Attributes:
        texts: the turns of each; empty where they are not known.
    """

    def __init__(self, scores: Iterable[list[Score]] = (), texts: Sequence[list[str]] = ()) -> None:
        super().__init__(scores)
        self.texts = texts

    def __repr__(self) -> str:
        """A line for each of the first texts."""
        lines = list(map(repr, self[:SHOWN_TEXTS]))
        if len(self) > SHOWN_TEXTS:
            lines.append(f"… {len(self) - SHOWN_TEXTS:,} more")
        inside = ",\n ".join(lines)
        return f"[{inside}]"

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        from emoscope.charts.score_table import make_table_of_texts

        # A list that was changed since no longer fits the texts.
        return make_table_of_texts(self, self.texts if len(self.texts) == len(self) else ())


def select(scores: list[Score], top_k: int | None, threshold: float | None) -> list[Score]:
    """Scores by falling probability, cut at a number and a threshold."""
    ranked = sorted(scores, key=lambda score: -score.probability)
    if threshold is not None:
        ranked = [score for score in ranked if score.probability >= threshold]
    return ranked[:top_k]


def check_cuts(top_k: int | None, threshold: Threshold | None) -> None:
    """Check what `annotate` is asked to leave out.

    Raises:
        InputError: a `top_k` below 1, or a threshold that is neither a number from 0 to 1 nor
            `"fitted"`.
    """
    if top_k is not None and top_k < 1:
        raise InputError(f"Expected a top_k of at least 1, got {top_k}.")
    if threshold is None or threshold == "fitted":
        return
    if isinstance(threshold, str) or not 0 <= threshold <= 1:
        raise InputError(
            f"Expected a threshold that is a number from 0 to 1 or 'fitted', got {threshold!r}."
        )


def rank(
    probabilities: NDArray[np.floating[Any]],
    given: NDArray[np.bool_],
    names: tuple[str, ...],
    top_k: int | None,
    threshold: float | None,
) -> list[list[Score]]:
    """Probabilities (N, K) as N lists of labels, most probable first.

    Args:
        probabilities: (N, K).
        given: which labels may be in a list, (N, K).
        names: the names of the K labels.
        top_k: at most so many labels a text.
        threshold: only labels at least as probable.
    """
    return [
        ScoreList(
            select([Score(names[k], float(row[k])) for k in np.flatnonzero(kept)], top_k, threshold)
        )
        for row, kept in zip(probabilities, given, strict=True)
    ]
