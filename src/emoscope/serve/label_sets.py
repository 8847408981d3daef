"""Sets of labels that requests have asked for, kept ready for those that come again."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.inference.backend import is_independent
from emoscope.plutchik import place_of
from emoscope.taxonomy import Taxonomy

Words = tuple[str, ...]
PROBE = ("a",)
"""A text that every model reads, to see whether it takes some labels."""


@dataclass(frozen=True, eq=False)
class LabelSet:
    """Labels with the annotator that scores them.

    Attributes:
        annotator: asked for these labels.
    """

    annotator: Annotator

    @cached_property
    def words(self) -> frozenset[Words]:
        """The words of each label that the backend is asked for."""
        return frozenset(label.words for label in self.annotator.scoring.scored_labels.labels)

    @cached_property
    def independent(self) -> bool:
        """Whether texts can be read together for these labels and for others."""
        return is_independent(self.annotator.backend)

    @cached_property
    def described(self) -> list[dict[str, Any]]:
        """Each label as JSON: its words, its threshold, its place on Plutchik's wheel."""
        scoring = self.annotator.scoring
        untrained, guessed = set(scoring.untrained), set(scoring.guessed)
        return [
            {
                "name": label.name,
                "words": list(label.words),
                "trained": label.name not in untrained,
                "threshold": round(float(threshold), 6),
                "threshold_guessed": label.name in guessed,
                "wheel": place_of(label),
            }
            for label, threshold in zip(scoring.taxonomy.labels, scoring.thresholds, strict=True)
        ]


class LabelSets:
    """The sets of labels that were asked for last.

    Args:
        annotator: of the model, with its own labels.
        at_most: how many sets are kept.
    """

    def __init__(self, annotator: Annotator, at_most: int) -> None:
        self.own = LabelSet(annotator)
        self.at_most = at_most
        self._kept: OrderedDict[Taxonomy, LabelSet] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, taxonomy: Taxonomy | None) -> LabelSet | None:
        """A set that is kept, or the model's own; None if the set must be made first."""
        if taxonomy is None:
            return self.own
        with self._lock:
            found = self._kept.get(taxonomy)
            if found is not None:
                self._kept.move_to_end(taxonomy)
            return found

    def make(self, taxonomy: Taxonomy) -> LabelSet:
        """Ask the model for labels, and see that it takes them.

        Raises:
            InputError: it does not.
        """
        made = LabelSet(self.own.annotator.with_labels(taxonomy))
        # A word that the tokenizer makes nothing of is found when a text is read.
        made.annotator.probabilities([PROBE])
        with self._lock:
            self._kept[taxonomy] = made
            while len(self._kept) > self.at_most:
                self._kept.popitem(last=False)
        return made


def takes_any_labels(annotator: Annotator) -> bool:
    """Whether a model can be asked for other labels than its own."""
    ask: Callable[[Taxonomy], object] = annotator.backend.for_taxonomy
    try:
        ask(Taxonomy.of(["joy", "fear"]))
    except InputError:
        return False
    return True
