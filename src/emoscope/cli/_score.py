"""The texts of `emoscope score`, and what is said of each."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emoscope.cli._annotate_options import join_names
from emoscope.cli._terminal import to_line
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.ranking import Score
from emoscope.jobs.scores import DECIMALS
from emoscope.jobs.source import MAX_CHARACTERS
from emoscope.text.language import name_languages

MAX_TEXTS = 1_000
SHOWN = 60
"""Characters of a text that a message names."""


@dataclass(frozen=True)
class ScoredText:
    """A text and its labels.

    Attributes:
        text: the text.
        scores: all labels, the most probable one first.
        given: names of the labels that the model gives.
    """

    text: str
    scores: Sequence[Score]
    given: set[str]

    def leading(self, count: int) -> list[Score]:
        """The most probable labels, and those that are given."""
        return [
            score
            for place, score in enumerate(self.scores)
            if place < count or score.label in self.given
        ]

    def to_dict(self, exclusive: bool) -> dict[str, Any]:
        """The text with its labels, by the keys of the lines of `emoscope annotate`."""
        chosen = [score.label for score in self.scores if score.label in self.given]
        return {
            "text": self.text,
            **({"label": chosen[0]} if exclusive else {"labels": chosen}),
            "emotions": {score.label: round(score.probability, DECIMALS) for score in self.scores},
        }


def read_texts(arguments: Sequence[str]) -> list[str]:
    """The texts of a command line, or the lines of stdin that are not blank.

    Raises:
        InputError: there is none, or one that is blank, or they are too many or too long.
    """
    if list(arguments) == ["-"]:
        # Enough bytes for the error about texts that are too many.
        read = sys.stdin.buffer.read(4 * MAX_CHARACTERS + 1)
        if len(read) > 4 * MAX_CHARACTERS:
            raise InputError(
                "Expected a few texts on stdin, got more. Annotate them with: emoscope annotate - "
                "--format txt"
            )
        lines = read.decode(errors="replace").removeprefix("\ufeff").splitlines()
        texts = [line for line in lines if line.strip()]
    else:
        # Bytes of another encoding than the terminal's show as a replacement character.
        texts = [
            each.encode(errors="surrogateescape").decode(errors="replace") for each in arguments
        ]
    if not texts or not all(text.strip() for text in texts):
        raise InputError('Expected a text to score, got a blank one. For example: "I love it".')
    if len(texts) > MAX_TEXTS:
        raise InputError(
            f"Expected at most {MAX_TEXTS:,} texts, got {len(texts):,}. Annotate them with: "
            "emoscope annotate - --format txt"
        )
    if (longest := max(map(len, texts))) > MAX_CHARACTERS:
        raise InputError(
            f"Expected at most {MAX_CHARACTERS:,} characters of text, got {longest:,}. Cut it, or "
            "part it into several texts."
        )
    return texts


def score_texts(annotator: Annotator, texts: Sequence[str]) -> list[ScoredText]:
    """The labels of each text."""
    probabilities = annotator.probabilities([[text] for text in texts])
    names = annotator.taxonomy.names
    return [
        ScoredText(text, scores, {names[k] for k in np.flatnonzero(given)})
        for text, scores, given in zip(
            texts, annotator.rank(probabilities), annotator.decide(probabilities), strict=True
        )
    ]


def describe_doubts(annotator: Annotator, texts: Sequence[str]) -> Iterator[str]:
    """Say which texts the model does not read, and which labels it was not trained on."""
    language = name_languages(annotator.languages)
    for text, read in zip(texts, annotator.reads(texts), strict=True):
        if read is False:
            yield (
                f"{to_line(text, SHOWN)}: this looks like another language than {language}, which "
                "this model reads, and then the scores mean nothing."
            )
    guessed = annotator.scoring.guessed
    if guessed and not annotator.taxonomy.exclusive:
        yield (
            f"The model has no threshold of its own for {join_names(guessed)}: it goes by the "
            "words alone, and from which probability such a label is given is a guess."
        )
