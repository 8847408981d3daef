"""What a corpus holds: sizes, classes, emoji, and how long its texts are after cleaning."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from emoscope.errors import InputError
from emoscope.labelled.texts import Labelled
from emoscope.text.emoji import contains_emoji

__all__ = ["Description", "describe"]


@dataclass(frozen=True)
class Description:
    """Figures about a corpus; shares are in percent, lengths in tokens of a whole example.

    Attributes:
        conversations: number of examples, N.
        labelled: number of examples with labels.
        class_shares: share of the labelled examples that have each label (value of ½ or more).
        emoji_share: share of the examples with an emoji in a turn.
        token_mean: mean length.
        token_median: median length.
        token_p95: length that 95 % of the examples do not pass.
        token_p99: length that 99 % of the examples do not pass.
        token_max: the longest.
        cutoff: the length that `within_cutoff` is about.
        within_cutoff: share of the examples of at most `cutoff` tokens.
        types: number of different tokens.
        turns_per_example: mean number of turns.
        labels_per_example: mean number of labels of the labelled examples; None without any.
        length_counts: number of examples of 0, 1, 2, … tokens.
    """

    conversations: int
    labelled: int
    class_shares: Mapping[str, float]
    emoji_share: float
    token_mean: float
    token_median: float
    token_p95: int
    token_p99: int
    token_max: int
    cutoff: int
    within_cutoff: float
    types: int
    turns_per_example: float
    labels_per_example: float | None
    length_counts: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain numbers for JSON, without `length_counts`."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        del values["length_counts"]
        return {**values, "class_shares": dict(self.class_shares)}


def describe(
    corpus: Labelled,
    pipeline: Callable[[Sequence[str]], Sequence[str]] | None = None,
    cutoff: int = 35,
) -> Description:
    """Count what a corpus holds.

    Args:
        corpus: N examples, labelled or not.
        pipeline: cleans the turns of an example, such as a `TextPipeline`; tokens are what its
            output has between white space. None leaves the turns as they are.
        cutoff: a length in tokens.

    Raises:
        InputError: if the corpus is empty or the cut-off less than 1.
    """
    if not len(corpus):
        raise InputError(f"Corpus {corpus.name!r}: expected at least one example, got none.")
    if cutoff < 1:
        raise InputError(f"Expected a cut-off of at least 1 token, got {cutoff}.")
    turns = corpus.turns
    vocabulary: set[str] = set()
    lengths = np.zeros(len(turns), dtype=np.int64)
    for number, example in enumerate(turns):
        tokens = [
            token for turn in (pipeline(example) if pipeline else example) for token in turn.split()
        ]
        vocabulary.update(tokens)
        lengths[number] = len(tokens)
    labels = corpus.labels
    has = labels[~np.isnan(labels).any(axis=1)] >= 0.5
    shares = 100 * has.mean(axis=0) if len(has) else []
    p95, p99 = np.percentile(lengths, [95, 99], method="inverted_cdf")
    return Description(
        conversations=len(turns),
        labelled=len(has),
        class_shares={
            name: float(share) for name, share in zip(corpus.taxonomy.names, shares, strict=False)
        },
        emoji_share=100 * sum(any(map(contains_emoji, each)) for each in turns) / len(turns),
        token_mean=float(lengths.mean()),
        token_median=float(np.median(lengths)),
        token_p95=int(p95),
        token_p99=int(p99),
        token_max=int(lengths.max()),
        cutoff=cutoff,
        within_cutoff=float(100 * (lengths <= cutoff).mean()),
        types=len(vocabulary),
        turns_per_example=sum(map(len, turns)) / len(turns),
        labels_per_example=float(has.sum(axis=1).mean()) if len(has) else None,
        length_counts=tuple(np.bincount(lengths).tolist()),
    )
