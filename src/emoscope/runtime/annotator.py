"""Emotion scores of texts and conversations."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import Calibration, decide
from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.runtime.backend import Backend, Engine, load_backend
from emoscope.runtime.long_texts import LongTextBackend, LongTexts
from emoscope.taxonomy import Taxonomy

if TYPE_CHECKING:
    from emoscope.runtime.explain import Explanation
    from emoscope.runtime.shapley import Method

PRETRAINED = Path(__file__).parents[1] / "pretrained"
"""Folder of the model that ships."""


class Score(NamedTuple):
    """A label and its probability in [0, 1]."""

    label: str
    probability: float


class Annotator:
    """Scores texts with the labels of its model.

    Args:
        backend: runs the model.
        taxonomy: the labels, in the order of the logits.
        calibration: from logits to probabilities.
    """

    def __init__(self, backend: Backend, taxonomy: Taxonomy, calibration: Calibration) -> None:
        self.backend = backend
        self.taxonomy = taxonomy
        self.calibration = calibration

    def with_labels(self, taxonomy: Taxonomy) -> "Annotator":
        """The annotator that scores other labels with the same model.

        Labels that the model was trained on keep their thresholds; see `Calibration.for_labels`.

        Raises:
            InputError: the model has learnt a fixed set of labels.
        """
        backend = self.backend.for_taxonomy(taxonomy)
        calibration = self.calibration.for_labels(self.taxonomy.names, taxonomy.names)
        return Annotator(backend, taxonomy, calibration)

    def cutting(self) -> "Annotator":
        """The annotator that cuts long texts, as training does."""
        if not isinstance(self.backend, LongTextBackend):
            return self
        return Annotator(self.backend.backend, self.taxonomy, self.calibration)

    def decide(self, probabilities: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Labels given, (N, K): the most probable one if exclusive, else those at their threshold.

        Args:
            probabilities: (N, K).
        """
        return decide(probabilities, self.taxonomy.exclusive, self.calibration.cuts())

    def encode(self, conversations: Sequence[Sequence[str]]) -> Any:
        """N conversations as arrays that `score` reads; apart so that the two can overlap."""
        return self.backend.encode(conversations)

    def score(self, encoded: Any) -> NDArray[np.floating[Any]]:
        """Probabilities (N, K) of encoded conversations."""
        logits = self.backend.logits(encoded)
        return self.calibration.probabilities(logits, self.taxonomy.exclusive)

    def probabilities(self, conversations: Sequence[Sequence[str]]) -> NDArray[np.floating[Any]]:
        """Probabilities (N, K) of N conversations, each a sequence of turns."""
        return self.score(self.encode(conversations))

    def annotate(
        self,
        texts: Sequence[str | Sequence[str]],
        top_k: int | None = None,
        threshold: float | None = None,
    ) -> list[list[Score]]:
        """The labels of each text, most probable first.

        Args:
            texts: each a string, or the turns of a conversation.
            top_k: at most so many labels a text, at least 1.
            threshold: only labels at least as probable, which may be none.

        Returns:
            One list for each text, in the order given.

        Raises:
            InputError: texts that are not a list of text, or a `top_k` below 1.
        """
        if isinstance(texts, str):
            raise InputError("Expected a list of texts; for one text pass [text].")
        if top_k is not None and top_k < 1:
            raise InputError(f"Expected a top_k of at least 1, got {top_k}.")
        conversations = [[text] if isinstance(text, str) else list(text) for text in texts]
        if not conversations:
            return []
        names = self.taxonomy.names
        return [
            select(
                [Score(name, float(p)) for name, p in zip(names, row, strict=True)],
                top_k,
                threshold,
            )
            for row in self.probabilities(conversations)
        ]

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

        The arguments are those of `emoscope.runtime.explain.explain`.
        """
        from emoscope.runtime.explain import explain

        return explain(self, text, labels, method=method, evaluations=evaluations, seed=seed)


def select(scores: list[Score], top_k: int | None, threshold: float | None) -> list[Score]:
    """Scores by falling probability, cut at a number and a threshold."""
    ranked = sorted(scores, key=lambda score: -score.probability)
    if threshold is not None:
        ranked = [score for score in ranked if score.probability >= threshold]
    return ranked[:top_k]


def load(
    folder: str | Path | None = None,
    labels: str | Taxonomy | None = None,
    engine: Engine = "auto",
    *,
    long_texts: LongTexts = "auto",
    threads: int | None = None,
) -> Annotator:
    """The annotator of a model folder, or of the folder of a training.

    Args:
        folder: of the model; the model that ships if None.
        labels: to score instead of those it was trained on, for a model that reads its labels: a
            taxonomy, or what `Taxonomy.load` takes, e.g. `"pride, relief, anger|rage"`.
        engine: what runs the model, see `load_backend`.
        long_texts: what is made of texts longer than the model reads at a time, see `LongTexts`.
        threads: of the engine, at most; as many as there are cores if None.

    Raises:
        InputError: no model there, a damaged one, or one whose labels are fixed.
        MissingExtraError: the packages that run it are not installed.
    """
    opened = ModelFolder.open(PRETRAINED if folder is None else folder)
    backend = LongTextBackend(load_backend(opened, engine, threads), long_texts)
    annotator = Annotator(backend, opened.taxonomy, opened.calibration)
    if labels is None:
        return annotator
    return annotator.with_labels(labels if isinstance(labels, Taxonomy) else Taxonomy.load(labels))
