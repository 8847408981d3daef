"""Score the texts of several requests at once, also for different labels, and isolate bad ones."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.inference.backend import Backend
from emoscope.serve.label_sets import LabelSet
from emoscope.taxonomy import Label, Taxonomy

Row = NDArray[np.floating[Any]]
"""The probabilities of one text, (K,)."""


@dataclass(frozen=True)
class Question:
    """A text, and the labels that it is asked for.

    Attributes:
        turns: one if it is no conversation.
        labels: the labels.
    """

    turns: tuple[str, ...]
    labels: LabelSet


@dataclass
class Durations:
    """Where the time of a batch goes, in seconds.

    Attributes:
        tokenizing: texts to tokens.
        inference: tokens to probabilities.
    """

    tokenizing: float = 0.0
    inference: float = 0.0


@dataclass(frozen=True)
class Together:
    """Label sets that texts are asked for in one pass.

    Attributes:
        backend: asked for the labels of all sets, each once.
        columns: for each set, which of the backend's labels are its own.
    """

    backend: Backend
    columns: dict[LabelSet, NDArray[np.int64]]

    @classmethod
    def of(cls, sets: Sequence[LabelSet]) -> "Together":
        """One pass for label sets, which must be independent if they are several.

        Args:
            sets: of one model.
        """
        distinct = list(dict.fromkeys(sets))
        first = distinct[0]
        if len(distinct) == 1:
            count = len(first.annotator.scoring.scored_labels)
            return cls(first.annotator.backend, {first: np.arange(count)})
        places: dict[tuple[str, ...], int] = {}
        columns = {}
        for labels in distinct:
            scored = labels.annotator.scoring.scored_labels.labels
            columns[labels] = np.array(
                [places.setdefault(label.words, len(places)) for label in scored]
            )
        # Two sets may call different words by the same name.
        union = tuple(Label(str(place), words) for words, place in places.items())
        language = first.annotator.taxonomy.language
        return cls(first.annotator.backend.for_taxonomy(Taxonomy("all", union, language)), columns)


def score_together(
    questions: Sequence[Question], engine: AbstractContextManager[Any], durations: Durations
) -> list[Row]:
    """The probabilities of each text for its own labels.

    A text that comes several times is read once.

    Args:
        questions: if their labels differ, these must be independent.
        engine: held while the model runs.
        durations: what the time is added to.
    """
    together = Together.of([question.labels for question in questions])
    rows = {turns: row for row, turns in enumerate(dict.fromkeys(q.turns for q in questions))}
    started = time.perf_counter()
    encoded = together.backend.encode(list(rows))
    durations.tokenizing += time.perf_counter() - started
    with engine:
        started = time.perf_counter()
        logits = together.backend.logits(encoded)
        durations.inference += time.perf_counter() - started
    found: list[Row] = [np.empty(0)] * len(questions)
    for labels, columns in together.columns.items():
        places = [place for place, question in enumerate(questions) if question.labels is labels]
        chosen = np.array([rows[questions[place].turns] for place in places])
        scores = labels.annotator.scoring.probabilities(logits[np.ix_(chosen, columns)])
        for place, row in zip(places, scores, strict=True):
            found[place] = row
    return found


def score_apart(
    questions: Sequence[Question], engine: AbstractContextManager[Any], durations: Durations
) -> list[Row | Exception]:
    """The same, but a text that cannot be scored gives its error, and the others their scores.

    If a batch fails, its halves are scored by themselves, and so on.
    """
    try:
        return list(score_together(questions, engine, durations))
    except Exception as error:
        if len(questions) == 1:
            return [error]
    middle = len(questions) // 2
    parts = (questions[:middle], questions[middle:])
    return [row for part in parts for row in score_apart(part, engine, durations)]
