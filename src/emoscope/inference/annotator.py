"""Emotion scores of texts and conversations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import Calibration, decide
from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.inference.backend import Backend, Engine, is_independent, load_backend
from emoscope.inference.long_texts import LongTextBackend, LongTexts, read_long_texts
from emoscope.inference.memory import trim_memory
from emoscope.inference.prefetch import prefetch
from emoscope.inference.ranking import (
    FIRST_LABELS,
    Score,
    ScoredTexts,
    Threshold,
    check_cuts,
    rank,
    select,
)
from emoscope.inference.recalibration import Recalibration
from emoscope.inference.scoring import Scoring
from emoscope.inference.texts import to_turns_of_conversations, to_turns_of_texts
from emoscope.taxonomy import LabelSet, Taxonomy
from emoscope.text.domains import Domain, add_domain_steps
from emoscope.text.language import is_read

if TYPE_CHECKING:
    from emoscope.explain.explanation import Explanation
    from emoscope.explain.shapley import Method

__all__ = ["PRETRAINED", "Annotator", "Score", "Threshold", "check_cuts", "load", "select"]

FrameT = TypeVar("FrameT")

PRETRAINED = Path(__file__).parents[1] / "pretrained"
"""Folder of the model that ships."""


class Annotator:
    """Scores texts with the labels of its model.

    Args:
        backend: runs the model.
        taxonomy: the labels, in the order of the logits.
        calibration: from logits to probabilities.
        languages: codes of the languages that the model reads, e.g. `["en"]`; empty if unknown.
    """

    def __init__(
        self,
        backend: Backend,
        taxonomy: Taxonomy,
        calibration: Calibration,
        languages: Sequence[str] = (),
    ) -> None:
        self.backend = backend
        self.scoring = Scoring.of(taxonomy, calibration, is_independent(backend))
        self.languages = tuple(languages)

    def __repr__(self) -> str:
        """`Annotator(28 labels: admiration, amusement, anger, …; reads en)`."""
        names = self.taxonomy.names
        shown = ", ".join([*names[:FIRST_LABELS], *(["…"] if len(names) > FIRST_LABELS else [])])
        count = f"one of {len(names)}" if self.taxonomy.exclusive else str(len(names))
        reads = f"; reads {', '.join(self.languages)}" if self.languages else ""
        return f"Annotator({count} labels: {shown}{reads})"

    @property
    def taxonomy(self) -> Taxonomy:
        """The K labels."""
        return self.scoring.taxonomy

    @property
    def calibration(self) -> Calibration:
        """From the logits of the backend's labels to probabilities."""
        return self.scoring.calibration

    def with_labels(self, labels: LabelSet) -> "Annotator":
        """The annotator that scores other labels with the same model.

        Labels that the model was trained on keep their thresholds; see `Calibration.for_labels`. If
        its labels are independent of each other, they keep their scores too, and a label that is
        made of several of them gets its score from theirs; see `group_probability`.

        Raises:
            InputError: not what `Taxonomy.of` takes, or the model has learnt a fixed set of labels.
        """
        scoring = self.scoring.for_labels(Taxonomy.of(labels))
        return self._with(self.backend.for_taxonomy(scoring.scored_labels), scoring)

    def with_truncation(self) -> "Annotator":
        """The annotator that cuts long texts, as training does."""
        if not isinstance(self.backend, LongTextBackend):
            return self
        return self._with(self.backend.backend, self.scoring)

    def _with(self, backend: Backend, scoring: Scoring) -> "Annotator":
        other = copy(self)
        other.backend, other.scoring = backend, scoring
        return other

    def with_calibration(self, calibration: Recalibration | str | Path | None) -> "Annotator":
        """The annotator with a calibration by coded texts, or a file of one, or without one.

        Raises:
            InputError: it is about other labels, or the labels exclude each other.
        """
        if isinstance(calibration, str | Path):
            calibration = Recalibration.load(calibration)
        return self._with(self.backend, self.scoring.recalibrated(calibration))

    def calibrated(self, texts: Iterable[str | Sequence[str]], labels: Any) -> "Annotator":
        """The annotator calibrated by coded texts: a hundred or more of those to be annotated.

        `Coded.of(annotator, texts, labels).check()` says what it is worth. The calibration is
        `scoring.own`, which `save` writes to a file for `with_calibration`.

        Args:
            texts: as of `annotate`.
            labels: for each text the names of its labels, or None if it is not coded; or numbers
                from 0 to 1, (N, K), NaN if not known.

        Raises:
            InputError: as from `Coded.of`.
        """
        from emoscope.inference.fit_recalibration import Coded

        return self.with_calibration(Coded.of(self, texts, labels).fit())

    def expecting(self, shares: Mapping[str, float]) -> "Annotator":
        """The annotator for texts of which a label is more or less frequent than the model assumes.

        With π the share that it assumes, see `Scoring.assumed_share`, and π' the one expected,
        ln π'/(1 − π') − ln π/(1 − π) is added to the label's log-odds.

        Args:
            shares: as of `Scoring.expecting`, e.g. `{"nostalgia": 0.05}`.
        """
        return self._with(self.backend, self.scoring.expecting(shares))

    def decide(self, probabilities: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Labels given, (N, K): the most probable if exclusive, else those at their threshold."""
        return decide(probabilities, self.taxonomy.exclusive, np.array(self.scoring.thresholds))

    def encode(self, conversations: Sequence[Sequence[str]]) -> Any:
        """Encode N conversations for `score`; separate, so that the two can overlap."""
        return self.backend.encode(conversations)

    def score(self, encoded: Any) -> NDArray[np.floating[Any]]:
        """Probabilities (N, K) of encoded conversations."""
        return self.scoring.probabilities(self.backend.logits(encoded))

    def probabilities(self, conversations: Sequence[Sequence[str]]) -> NDArray[np.floating[Any]]:
        """Probabilities (N, K) of N conversations, each a sequence of turns."""
        return self.score(self.encode(conversations))

    def annotate(
        self,
        texts: Iterable[str | Sequence[str]],
        top_k: int | None = None,
        threshold: Threshold | None = None,
    ) -> list[list[Score]]:
        """The labels of each text, most probable first.

        Args:
            texts: each a string, or the turns of a conversation.
            top_k: at most so many labels a text, at least 1.
            threshold: only labels at least as probable, which may be none; `"fitted"` for the
                labels that the model gives, by its own thresholds.

        Returns:
            One list for each text, in the order given.

        Raises:
            InputError: texts that are not a list of text, a `top_k` below 1, or a threshold that
                is neither a number nor `"fitted"`.
        """
        check_cuts(top_k, threshold)
        return self._scores(list(to_turns_of_texts(texts)), top_k, threshold)

    def annotate_conversations(
        self,
        conversations: Iterable[Sequence[str]],
        top_k: int | None = None,
        threshold: Threshold | None = None,
    ) -> list[list[Score]]:
        """The labels of each conversation, the turns of which are oldest first; see `annotate`.

        Unlike `annotate` it refuses a conversation that is a string, so that a column of whole
        texts is never taken for one of turns.

        Raises:
            InputError: as from `annotate`, or a conversation that is a string.
        """
        check_cuts(top_k, threshold)
        return self._scores(list(to_turns_of_conversations(conversations)), top_k, threshold)

    def annotate_frame(
        self,
        frame: FrameT,
        text: str | Sequence[str],
        *,
        prefix: str = "",
        threshold: "float | Mapping[str, float] | Literal['fitted']" = "fitted",
        overwrite: bool = False,
    ) -> FrameT:
        """A data frame with the scores of its texts beside them.

        Args:
            frame: a data frame of pandas or polars, or a table of Arrow.
            text: the column of the texts, or several that hold the turns of a conversation.
            prefix: stands before the names of all columns that are added.
            threshold: from which probability a label is given: `"fitted"`, the model's own for
                each; a number for all; or a mapping with numbers for some.
            overwrite: replace columns that are there already.

        Returns:
            The same kind of frame, with the same rows, index and columns, and behind them `labels`,
            the list of the labels given (where they exclude each other `label`, the one given), and
            for each label its probability. A row whose text is missing or blank has none of them.

        Raises:
            InputError: no such frame or column, a column that holds something that is no text, or
                one of the names of those that are added.
        """
        from emoscope.frames import FrameOptions, annotate_frame

        return annotate_frame(self, frame, text, FrameOptions(prefix, threshold, overwrite))

    def annotate_stream(
        self,
        texts: Iterable[str | Sequence[str]],
        top_k: int | None = None,
        threshold: Threshold | None = None,
        batch_size: int = 1024,
    ) -> Iterator[list[Score]]:
        """The labels of each text of a stream of any length, most probable first.

        The texts of one batch are drawn and encoded in a thread of their own while those of the
        batch before are scored; no more than two batches are in memory. What `texts` reads from
        must be usable in another thread, which a connection of `sqlite3` by default is not.

        Args:
            texts: as of `annotate`.
            top_k: as of `annotate`.
            threshold: as of `annotate`.
            batch_size: texts at a time, at least 1.

        Raises:
            InputError: as from `annotate`; about a text when the iterator comes to its batch.
        """
        check_cuts(top_k, threshold)
        if batch_size < 1:
            raise InputError(f"Expected a batch_size of at least 1, got {batch_size}.")
        turns = to_turns_of_texts(texts)
        batches = iter(lambda: list(islice(turns, batch_size)), [])
        return self._stream(batches, top_k, threshold)

    def reads(self, texts: Iterable[str | Sequence[str]]) -> list[bool | None]:
        """Whether each text is likely to be in a language that the model reads.

        `annotate` scores a text in another language too, but its scores mean nothing.

        Returns:
            Of each text True or False; None where that cannot be told, as of a text of fewer than
            five words, or of a model whose folder does not say what it reads.

        Raises:
            InputError: texts that are not a list of text.
        """
        return [is_read(" ".join(turns), self.languages) for turns in to_turns_of_texts(texts)]

    def rank(
        self,
        probabilities: NDArray[np.floating[Any]],
        top_k: int | None = None,
        threshold: Threshold | None = None,
    ) -> list[list[Score]]:
        """Probabilities (N, K) as N lists of labels, as `annotate` gives them."""
        given = np.ones(probabilities.shape, dtype=np.bool_)
        if threshold == "fitted":
            given, threshold = self.decide(probabilities), None
        return rank(probabilities, given, self.taxonomy.names, top_k, threshold)

    def _stream(
        self, batches: Iterator[list[list[str]]], top_k: int | None, threshold: Threshold | None
    ) -> Iterator[list[Score]]:
        for encoded in prefetch(self.encode, batches):
            yield from self.rank(self.score(encoded), top_k, threshold)
            trim_memory()

    def _scores(
        self, conversations: list[list[str]], top_k: int | None, threshold: Threshold | None
    ) -> list[list[Score]]:
        if not conversations:
            return ScoredTexts()
        scores = self.rank(self.probabilities(conversations), top_k, threshold)
        return ScoredTexts(scores, conversations)

    def explain(
        self,
        text: str | Sequence[str],
        labels: Sequence[str] | None = None,
        *,
        method: "Method" = "shapley",
        evaluations: int = 512,
        seed: int = 0,
    ) -> "Explanation":
        """How much each word of one text speaks for or against each label.

        The arguments are those of `emoscope.explain.explanation.explain`.
        """
        from emoscope.explain.explanation import explain

        return explain(self, text, labels, method=method, evaluations=evaluations, seed=seed)


def load(
    folder: str | Path | None = None,
    labels: LabelSet | None = None,
    engine: Engine = "auto",
    *,
    long_texts: LongTexts = "auto",
    threads: int | None = None,
    domain: Domain | None = None,
) -> Annotator:
    """The annotator of a model folder, or of the folder of a training.

    Args:
        folder: the folder of the model; the model that ships if None.
        labels: to score instead of those it was trained on, for a model that reads its labels: all
            that `Taxonomy.of` takes, e.g. `["pride", "relief"]` or `"pride, anger|rage"`.
        engine: what runs the model, see `load_backend`.
        long_texts: what is made of texts longer than the model reads at a time, see `LongTexts`.
        threads: the threads of the engine, at most; as many as there are cores if None.
        domain: where the texts come from, which are then cleaned for it before the model's own
            cleaning: `"twitter"`, `"reddit"`, `"facebook"` or `"chat"`.

    Raises:
        InputError: no model there, a damaged one, or one whose labels are fixed; no labels; no such
            domain.
        MissingExtraError: the packages that run it are not installed.
    """
    opened = ModelFolder.open(PRETRAINED if folder is None else folder)
    if domain is not None:
        opened = opened.with_first_steps(lambda steps: add_domain_steps(steps, domain))
    backend = read_long_texts(load_backend(opened, engine, threads), long_texts)
    annotator = Annotator(backend, opened.taxonomy, opened.calibration, opened.languages)
    return annotator if labels is None else annotator.with_labels(labels)
