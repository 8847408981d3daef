"""Labelled texts in memory, without the packages that training needs."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.labelled.examples import Example, to_label_array
from emoscope.taxonomy import Taxonomy

__all__ = ["Labelled", "LabelledTexts", "find_labelled"]

_log = logging.getLogger(__name__)


class Labelled(Protocol):
    """N texts with K labels each: a `Corpus`, or `LabelledTexts`."""

    @property
    def name(self) -> str:
        """Name of the corpus or table."""

    @property
    def taxonomy(self) -> Taxonomy:
        """The K labels."""

    @property
    def turns(self) -> Sequence[Sequence[str]]:
        """Turns of each of the N examples, oldest first."""

    @property
    def languages(self) -> Sequence[str]:
        """Code of the language of each of the N examples."""

    @property
    def labels(self) -> NDArray[np.float32]:
        """Labels from 0 to 1, (N, K), a row of NaN where there is none."""

    def __len__(self) -> int:
        """The number of examples, N."""

    def only_labelled(self, what: str) -> Self:
        """The examples that have labels."""

    def relabelled(self, taxonomy: Taxonomy, labels: NDArray[np.float32]) -> Self:
        """The same examples with other labels, (N, K)."""


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """N texts with K labels each, of a table.

    Attributes:
        name: name of the table.
        taxonomy: the K labels.
        turns: turns of each, oldest first.
        languages: code of the language of each.
        labels: from 0 to 1, (N, K), a row of NaN where there is none.
    """

    name: str
    taxonomy: Taxonomy
    turns: Sequence[Sequence[str]]
    languages: Sequence[str]
    labels: NDArray[np.float32]

    @classmethod
    def of(cls, name: str, taxonomy: Taxonomy, examples: Sequence[Example]) -> "LabelledTexts":
        """The texts of examples that have labels of this taxonomy alone."""
        return cls(
            name,
            taxonomy,
            [example.turns for example in examples],
            [example.language for example in examples],
            to_label_array(examples, taxonomy.names),
        )

    def __len__(self) -> int:
        return len(self.turns)

    def only_labelled(self, what: str) -> "LabelledTexts":
        """The texts that have labels; how many have none is logged.

        Args:
            what: where they come from, for messages.

        Raises:
            InputError: if none is labelled.
        """
        kept = find_labelled(self.labels, self.taxonomy, what).tolist()
        if len(kept) == len(self):
            return self
        return replace(
            self,
            turns=[self.turns[place] for place in kept],
            languages=[self.languages[place] for place in kept],
            labels=self.labels[kept],
        )

    def relabelled(self, taxonomy: Taxonomy, labels: NDArray[Any]) -> "LabelledTexts":
        """The same texts with other labels, (N, K)."""
        return replace(self, taxonomy=taxonomy, labels=labels)


def find_labelled(labels: NDArray[Any], taxonomy: Taxonomy, what: str) -> NDArray[np.intp]:
    """The places of the examples that have labels; how many have none is logged.

    Args:
        labels: (N, K), a row of NaN where there is none.
        taxonomy: the K labels.
        what: file or split that they come from, for messages.

    Raises:
        InputError: if none is labelled.
    """
    kept = np.flatnonzero(~np.isnan(labels).any(axis=1))
    if not kept.size:
        raise InputError(
            f"{what}: expected texts labelled with some of {', '.join(taxonomy.names)}; "
            "none is labelled. Fill the labels in, or name the columns that hold them."
        )
    if kept.size < len(labels):
        _log.warning(
            "%s: %d of %d texts left out, as unlabelled.",
            what,
            len(labels) - kept.size,
            len(labels),
        )
    return kept
