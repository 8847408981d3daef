"""The words of a conversation as it was written, and what is left of it without some of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from emoscope.errors import InputError

# Chinese and Japanese put no spaces between words: each character is taken for one.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Pictures are words too, wherever they stand: "phone😭😭" is three. Wider than Unicode's emoji, as
# arrows and stars part words just as well.
_PICTURE = "\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
# Variation selectors, tags of flags, skin tones.
_MODIFIER = "\ufe0e\ufe0f\U000e0020-\U000e007f\U0001f3fb-\U0001f3ff"
_WORD = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    rf"|[{_PICTURE}](?:[{_MODIFIER}\u200d]|(?<=\u200d)[{_PICTURE}])*"
    rf"|[{_UNSPACED}]"
    rf"|[^\s{_UNSPACED}{_PICTURE}]+"
)
_STARTS_UNSPACED = re.compile(f"[{_UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Span:
    """One word of a turn, or several neighbouring ones.

    Attributes:
        turn: place of the turn in the conversation.
        start: place of the first character in the turn.
        end: place after the last one.
        text: what stands there.
    """

    turn: int
    start: int
    end: int
    text: str


def find_words(turns: Sequence[str]) -> list[Span]:
    """The words of each turn: what stands between spaces, each emoji, each Chinese character.

    Args:
        turns: as they were written.
    """
    return [
        Span(place, found.start(), found.end(), found.group())
        for place, turn in enumerate(turns)
        for found in _WORD.finditer(turn)
    ]


def group_words(turns: Sequence[str], at_most: int) -> list[Span]:
    """The words of each turn, in a long conversation several neighbours to a span.

    Args:
        turns: as they were written.
        at_most: how many spans; none crosses from one turn to the next.

    Raises:
        InputError: more turns with words than spans.
    """
    by_turn: dict[int, list[Span]] = {}
    for word in find_words(turns):
        by_turn.setdefault(word.turn, []).append(word)
    if len(by_turn) > at_most:
        raise InputError(
            f"Expected at most {at_most} turns with words in them, got {len(by_turn)}: pass the "
            "last ones alone."
        )
    lengths = [len(of_turn) for of_turn in by_turn.values()]
    size = next(n for n in count(1) if sum(-(-length // n) for length in lengths) <= at_most)
    spans = []
    for of_turn in by_turn.values():
        for start in range(0, len(of_turn), size):
            first, last = of_turn[start], of_turn[start : start + size][-1]
            text = turns[first.turn][first.start : last.end]
            spans.append(Span(first.turn, first.start, last.end, text))
    return spans


def keep_words(turns: Sequence[str], spans: Sequence[Span], kept: Iterable[object]) -> list[str]:
    """Keep some words of the turns; the number of turns stays, and some may be empty.

    A word goes together with the space before it, and never leaves two others stuck together.

    Args:
        turns: as they were written.
        spans: all spans of the turns, in order.
        kept: for each span whether it is kept.
    """
    by_turn: list[list[tuple[Span, bool]]] = [[] for _ in turns]
    for span, stays in zip(spans, kept, strict=True):
        by_turn[span.turn].append((span, bool(stays)))
    return [_join_kept(turn, inside) for turn, inside in zip(turns, by_turn, strict=True)]


def _join_kept(turn: str, spans: Sequence[tuple[Span, bool]]) -> str:
    """What is left of one turn, given which of its spans stay."""
    if all(stays for _, stays in spans):
        return turn
    left: list[str] = []
    end, gone = 0, False
    for span, stays in spans:
        gap = turn[end : span.start]
        if gone and not left:
            gap = ""
        elif gone and not gap and not _STARTS_UNSPACED.match(span.text):
            gap = " "
        if stays:
            left += [gap, span.text]
        end, gone = span.end, not stays
    return "".join(left)
