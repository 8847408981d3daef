"""What the service does, without HTTP: it loads a model, and scores and explains texts."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from emoscope._version import __version__
from emoscope.explain.explanation import Explanation, explain
from emoscope.inference.annotator import Annotator
from emoscope.inference.ranking import Threshold, check_cuts
from emoscope.plutchik import WHEEL
from emoscope.serve.batching import Batcher, NotReadyError, Observer, OverloadError
from emoscope.serve.label_sets import LabelSet, LabelSets, takes_any_labels
from emoscope.serve.limits import Limits
from emoscope.serve.scoring import Row
from emoscope.taxonomy import Taxonomy, builtin_taxonomies

State = Literal["loading", "ready", "stopping", "failed"]
Turns = tuple[str, ...]
LARGE = 50_000
"""Characters, and sixteen for each score, from which an answer is made beside the event loop."""
EXPLANATIONS = 2
"""Explanations under way at a time; each scores hundreds of texts."""


@dataclass(frozen=True)
class Cuts:
    """Which labels of a text are in an answer; see `Annotator.annotate`."""

    top_k: int | None = None
    threshold: Threshold | None = None

    def __post_init__(self) -> None:
        check_cuts(self.top_k, self.threshold)


class Service:
    """A model that many ask at the same time.

    Args:
        load: loads the model.
        name: what the model is called.
        limits: of everything.
        observe: hears of every batch.
    """

    def __init__(
        self,
        load: Callable[[], Annotator],
        name: str = "emoscope",
        limits: Limits | None = None,
        observe: Observer = lambda report: None,
    ) -> None:
        self.load = load
        self.name = name
        self.limits = Limits() if limits is None else limits
        self.observe = observe
        self.state: State = "loading"
        self.failure: Exception | None = None
        self._batcher: Batcher | None = None
        self._any_labels = False
        self._explaining = 0

    async def start(self) -> None:
        """Load the model; `state` says what has become of it, and `failure` why."""
        batcher = None
        try:
            annotator = await asyncio.to_thread(self.load)
            batcher = Batcher(
                LabelSets(annotator, self.limits.label_sets), self.limits, self.observe
            )
            batcher.start()
            # The first batch takes longer, as an engine prepares for it.
            await batcher.score([("a",), ("a b c",)], batcher.sets.own)
            self._any_labels = await asyncio.to_thread(takes_any_labels, annotator)
        except Exception as error:
            self.state, self.failure = "failed", error
            if batcher is not None:
                await batcher.stop()
            return
        self._batcher, self.state = batcher, "ready"

    async def stop(self) -> None:
        """Finish what was accepted."""
        self.state = "stopping"
        if self._batcher is not None:
            await self._batcher.stop()

    @property
    def batcher(self) -> Batcher:
        """What scores texts.

        Raises:
            NotReadyError: the model is not loaded.
        """
        if self._batcher is None or self.state != "ready":
            raise NotReadyError
        return self._batcher

    @property
    def queued(self) -> int:
        """How many texts wait."""
        return 0 if self._batcher is None else len(self._batcher.waiting)

    async def annotate(
        self, texts: Sequence[Turns], taxonomy: Taxonomy | None, cuts: Cuts
    ) -> dict[str, Any]:
        """The scores of texts, as JSON.

        Raises:
            InputError: labels that the model does not take.
            OverloadError, TooSlowError, TextError, NotReadyError: as from `Batcher.score`.
        """
        labels = await self.batcher.find_labels(taxonomy)
        probabilities = np.stack(await self.batcher.score(texts, labels))
        size = sum(len(turn) for turns in texts for turn in turns) + 16 * probabilities.size
        if size < LARGE:
            return self._describe(texts, labels, probabilities, cuts)
        return await asyncio.to_thread(self._describe, texts, labels, probabilities, cuts)

    def _describe(
        self, texts: Sequence[Turns], labels: LabelSet, probabilities: NDArray[Any], cuts: Cuts
    ) -> dict[str, Any]:
        """The answer for texts with probabilities (N, K)."""
        annotator = labels.annotator
        given = annotator.decide(probabilities)
        named = [set(np.array(annotator.taxonomy.names)[row]) for row in given]
        ranked = annotator.rank(probabilities, cuts.top_k, cuts.threshold)
        readable = annotator.reads(texts)
        return {
            "model": self.name,
            "labels": labels.described,
            "results": [
                {
                    "scores": [
                        {
                            "label": score.label,
                            "probability": round(score.probability, 6),
                            "given": score.label in kept,
                        }
                        for score in scores
                    ],
                    "readable": read,
                }
                for scores, kept, read in zip(ranked, named, readable, strict=True)
            ],
        }

    async def probabilities(self, texts: Sequence[Turns]) -> tuple[NDArray[Any], Sequence[str]]:
        """The probabilities of the model's own labels, (N, K), and their names."""
        labels = await self.batcher.find_labels(None)
        rows = await self.batcher.score(texts, labels)
        return np.stack(rows), labels.annotator.taxonomy.names

    async def explain(
        self, turns: Turns, taxonomy: Taxonomy | None, options: "ExplanationOptions"
    ) -> dict[str, Any]:
        """Which words of a text speak for which label, as JSON.

        Raises:
            InputError: as from `emoscope.explain.explanation.explain`.
            OverloadError: others are being explained.
            TooSlowError, TextError, NotReadyError: as from `Batcher.score`.
        """
        batcher = self.batcher
        labels = await batcher.find_labels(taxonomy)
        if self._explaining >= EXPLANATIONS:
            raise OverloadError(1)
        self._explaining += 1
        queued = QueuedAnnotator(labels, batcher, asyncio.get_running_loop())
        try:
            found: Explanation = await asyncio.to_thread(
                explain,
                queued,
                turns,
                options.labels,
                method=options.method,
                evaluations=options.evaluations,
            )
        finally:
            self._explaining -= 1
            queued.cancel()
        return {"model": self.name, "labels_asked": labels.described, **found.to_dict()}

    def describe_model(self) -> dict[str, Any]:
        """The model, as JSON."""
        own = self.batcher.sets.own
        taxonomy = own.annotator.taxonomy
        return {
            "id": self.name,
            "languages": list(own.annotator.languages),
            "taxonomy": taxonomy.name,
            "exclusive": taxonomy.exclusive,
            "independent_labels": own.independent,
            "any_labels": self._any_labels,
            "labels": own.described,
        }

    def describe(self) -> dict[str, Any]:
        """The service, as JSON."""
        return {
            "name": "emoscope",
            "version": __version__,
            "model": self.name,
            "state": self.state,
            "limits": self.limits.to_dict(),
        }


@dataclass(frozen=True)
class ExplanationOptions:
    """What is explained, and how; see `emoscope.explain.explanation.explain`."""

    labels: Sequence[str] | None = None
    method: Literal["shapley", "occlusion"] = "shapley"
    evaluations: int = 512


class QueuedAnnotator(Annotator):
    """An annotator for a thread of its own, whose texts wait in the queue with all others.

    Args:
        labels: whose annotator it stands for.
        batcher: scores the texts.
        loop: the event loop of the batcher.
    """

    def __init__(self, labels: LabelSet, batcher: Batcher, loop: asyncio.AbstractEventLoop) -> None:
        self.backend = labels.annotator.backend
        self.scoring = labels.annotator.scoring
        self.languages = labels.annotator.languages
        self._labels = labels
        self._batcher = batcher
        self._event_loop = loop
        self._pending: list[Future[list[Row]]] = []
        self._given_up = False

    def probabilities(self, conversations: Sequence[Sequence[str]]) -> NDArray[np.floating[Any]]:
        """Probabilities (N, K) of N conversations."""
        texts = [tuple(turns) for turns in conversations]
        # The thread may have been between two questions when it was told.
        if self._given_up:
            raise CancelledError
        pending = asyncio.run_coroutine_threadsafe(
            self._batcher.score(texts, self._labels), self._event_loop
        )
        self._pending.append(pending)
        return np.stack(pending.result())

    def cancel(self) -> None:
        """Ask for nothing more, as when the client has left."""
        self._given_up = True
        for pending in self._pending:
            pending.cancel()


def describe_taxonomies() -> list[dict[str, Any]]:
    """The label sets that ship."""
    found: Iterable[Taxonomy] = map(Taxonomy.load, builtin_taxonomies())
    return [
        {
            "name": taxonomy.name,
            "languages": list(taxonomy.languages),
            "exclusive": taxonomy.exclusive,
            "labels": list(taxonomy.names),
        }
        for taxonomy in found
    ]


def describe_wheel() -> list[str]:
    """The places of Plutchik's wheel, from fear on, against the clock."""
    return list(WHEEL)
