"""Emoji as tokens: one canonical form each, found and spaced out in linear time.

Which sequences are emoji is decided by the data of the `emoji` package, read on first use. The
canonical form drops what does not change the meaning: variation selectors and skin tones.
"""

import functools
import itertools
import re
from dataclasses import dataclass

_VARIATION = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]+")
_ZWJ = "\u200d"


@dataclass(frozen=True)
class _EmojiTable:
    """The canonical emoji, and a pattern that finds candidates for them."""

    forms: frozenset[str]
    longest: int
    candidate: re.Pattern[str]


def _make_ranges(characters: list[str], gap: int = 64) -> str:
    """Body of a character class that covers `characters`, in few ranges, so that it is fast.

    Characters less than `gap` apart share a range, so the class may hold others between them.
    """
    codes = sorted(map(ord, characters))
    starts = [codes[0]]
    ends = []
    for code, following in itertools.pairwise(codes):
        if following - code >= gap:
            ends.append(code)
            starts.append(following)
    ends.append(codes[-1])
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in zip(starts, ends, strict=True))


@functools.cache
def _load_table() -> _EmojiTable:
    from emoji import EMOJI_DATA

    forms = frozenset(to_canonical(form) for form in EMOJI_DATA) - {""}
    base = _make_ranges([form for form in forms if len(form) == 1])
    # Joined sequences are bounded, so a candidate has a bounded length whatever the text is.
    # Left-over joiners after an emoji are taken along, to be dropped. The look-ahead turns away
    # letters before the longer class is tried.
    candidate = re.compile(
        "(?![\x00-\x22\x24-\x29\x2b-\x2f\x3a-\xa8])(?:"
        "[\U0001f1e6-\U0001f1ff]{2}"
        "|[0-9#*]\u20e3"
        "|\U0001f3f4[\U000e0020-\U000e007f]{1,7}"
        f"|[{base}](?:{_ZWJ}[{base}]){{0,7}}{_ZWJ}*+)"
    )
    return _EmojiTable(forms, max(map(len, forms)), candidate)


@functools.cache
def list_emoji_characters() -> frozenset[str]:
    """Every character that occurs in a canonical emoji, joiners, tags and keycap digits included.

    Returns:
        A frozen set of single characters.
    """
    return frozenset("".join(_load_table().forms))


def list_emoji() -> frozenset[str]:
    """Every known emoji, in canonical form."""
    return _load_table().forms


def name_emoji(emoji: str) -> str:
    """The English name of an emoji, as Unicode has it; the emoji itself where it has none."""
    from emoji import demojize

    return demojize(emoji, delimiters=("", "")).replace("_", " ")


def to_canonical(emoji: str) -> str:
    """Remove variation selectors (U+FE0E, U+FE0F) and skin tones (U+1F3FB..1F3FF).

    Args:
        emoji: one emoji; any other text is treated alike.

    Returns:
        The form under which the emoji is counted and looked up, so that two spellings of one
        emoji are one token.
    """
    return emoji if emoji.isascii() else _VARIATION.sub("", emoji)


def is_emoji(token: str) -> bool:
    """Whether a whole token is exactly one emoji, in canonical or any other spelling."""
    return not token.isascii() and to_canonical(token) in _load_table().forms


def _split_candidate(candidate: str, table: _EmojiTable) -> str:
    """Space out the known emoji of a candidate that is not itself one, longest first."""
    parts = []
    start = 0
    while start < len(candidate):
        for end in range(min(start + table.longest, len(candidate)), start, -1):
            if candidate[start:end] in table.forms:
                parts.append(f" {candidate[start:end]} ")
                start = end
                break
        else:
            if candidate[start] != _ZWJ:
                parts.append(candidate[start])
            start += 1
    return "".join(parts)


def space_emoji(text: str) -> str:
    """Put every emoji in canonical form, with a space on both sides.

    Sequences with zero-width joiners, flags and keycaps stay whole; a sequence that is no known
    emoji falls apart into the longest emoji it is made of. Time is linear in the length of the
    text; text in ASCII returns at once.

    Args:
        text: any text.

    Returns:
        The text with its emoji as separate tokens.
    """
    if text.isascii():
        return text
    table = _load_table()
    forms = table.forms

    def space(match: re.Match[str]) -> str:
        candidate = match.group()
        return f" {candidate} " if candidate in forms else _split_candidate(candidate, table)

    return table.candidate.sub(space, to_canonical(text))


def contains_emoji(text: str) -> bool:
    """Whether the text has at least one emoji. Linear in the length of the text."""
    if text.isascii():
        return False
    table = _load_table()
    return any(
        match.group() in table.forms or " " in _split_candidate(match.group(), table)
        for match in table.candidate.finditer(to_canonical(text))
    )
