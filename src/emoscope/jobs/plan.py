"""A chunk that the workers score."""

from dataclasses import dataclass

import numpy as np

from emoscope.jobs.options import RowCounts
from emoscope.jobs.scores import Conversation, Probabilities, Unique
from emoscope.jobs.source import Item, ItemChunk


@dataclass(frozen=True)
class Plan:
    """A chunk to be scored.

    Attributes:
        number: the number of the chunk.
        chunk: the rows.
        counts: counts of the rows.
        items: the rows that are written.
        unique: their distinct conversations.
        found: cached probabilities (K,), by the index of the conversation.
    """

    number: int
    chunk: ItemChunk
    counts: RowCounts
    items: list[Item]
    unique: Unique
    found: dict[int, Probabilities]

    @property
    def missing(self) -> list[Conversation]:
        """The conversations that the cache lacks and that must be scored."""
        conversations = enumerate(self.unique.conversations)
        return [turns for place, turns in conversations if place not in self.found]

    def probabilities(self, scored: Probabilities) -> Probabilities:
        """Probabilities of all conversations, (U, K), from those of the missing ones."""
        if not self.found:
            return scored
        count = len(self.unique.conversations)
        whole = np.empty((count, scored.shape[1]))
        known = np.array(sorted(self.found))
        whole[known] = [self.found[place] for place in known]
        whole[np.setdiff1d(np.arange(count), known)] = scored
        return whole
