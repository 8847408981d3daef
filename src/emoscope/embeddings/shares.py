"""How much of a text has vectors."""

from collections.abc import Mapping
from dataclasses import dataclass

from emoscope.embeddings.vectors import WordVectors
from emoscope.embeddings.vocabulary import Vocabulary
from emoscope.text.emoji import is_emoji


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    known: int
    total: int

    @property
    def value(self) -> float:
        """The share in [0, 1]; 1 where there is nothing, as nothing lacks a vector."""
        return self.known / self.total if self.total else 1.0


@dataclass(frozen=True)
class Coverage:
    """How much of a text has vectors.

    Attributes:
        types: distinct tokens.
        tokens: all tokens.
        emoji_types: distinct tokens that are emoji.
        emoji_tokens: all tokens that are emoji.
        unknown: the most frequent types without a vector, and their counts.
    """

    types: Share
    tokens: Share
    emoji_types: Share
    emoji_tokens: Share
    unknown: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        shares = [
            f"{share.value:.1%} of {share.total:,} {what}"
            for what, share in (
                ("types", self.types),
                ("tokens", self.tokens),
                ("emoji types", self.emoji_types),
                ("emoji tokens", self.emoji_tokens),
            )
        ]
        most = ", ".join(f"{word} ({count})" for word, count in self.unknown[:10])
        unknown = f" Unknown most often: {most}." if most else ""
        return f"Vectors know {', '.join(shares)}.{unknown}"

    def to_dict(self) -> dict[str, float]:
        """The shares, in [0, 1]."""
        return {
            "types": self.types.value,
            "tokens": self.tokens.value,
            "emoji_types": self.emoji_types.value,
            "emoji_tokens": self.emoji_tokens.value,
        }


def coverage(
    vocabulary_or_counts: Vocabulary | Mapping[str, int], vectors: WordVectors, *, top: int = 20
) -> Coverage:
    """Count what has a vector.

    Args:
        vocabulary_or_counts: a vocabulary, whose trained types count (not its special tokens, nor
            what `max_size` or `min_count` dropped); or counts of tokens, such as a `Counter`.
        vectors: the vectors to look in.
        top: how many unknown types to list.
    """
    if isinstance(vocabulary_or_counts, Vocabulary):
        fitted = vocabulary_or_counts
        counts: Mapping[str, int] = dict(zip(fitted.words, fitted.counts, strict=True))
    else:
        counts = vocabulary_or_counts
    emoji = {word: count for word, count in counts.items() if is_emoji(word)}
    missing = [(word, count) for word, count in counts.items() if word not in vectors]
    missing.sort(key=lambda pair: -pair[1])
    types, tokens = _shares(counts, vectors)
    emoji_types, emoji_tokens = _shares(emoji, vectors)
    return Coverage(types, tokens, emoji_types, emoji_tokens, tuple(missing[:top]))


def _shares(counts: Mapping[str, int], vectors: WordVectors) -> tuple[Share, Share]:
    known = [count for word, count in counts.items() if word in vectors]
    return Share(len(known), len(counts)), Share(sum(known), sum(counts.values()))
