"""A chunk on its way through the workers."""

from dataclasses import dataclass

import numpy as np

from emoscope.jobs.options import Counts
from emoscope.jobs.scores import Conversation, Probabilities, Unique
from emoscope.jobs.source import Chunk, Item


@dataclass(frozen=True)
class Plan:
    """A chunk to be scored.

    Attributes:
        number: of the chunk.
        chunk: the rows.
        counts: of the rows.
        items: those that are written.
        unique: their conversations.
        found: probabilities (K,) that are known, by the place of the conversation.
    """

    number: int
    chunk: Chunk
    counts: Counts
    items: list[Item]
    unique: Unique
    found: dict[int, Probabilities]

    @property
    def missing(self) -> list[Conversation]:
        """The conversations that are to be scored."""
        conversations = enumerate(self.unique.conversations)
        return [turns for place, turns in conversations if place not in self.found]

    def probabilities(self, scored: Probabilities) -> Probabilities:
        """Those of all conversations, (U, K), from those that were missing."""
        if not self.found:
            return scored
        count = len(self.unique.conversations)
        whole = np.empty((count, scored.shape[1]))
        known = np.array(sorted(self.found))
        whole[known] = [self.found[place] for place in known]
        whole[np.setdiff1d(np.arange(count), known)] = scored
        return whole
