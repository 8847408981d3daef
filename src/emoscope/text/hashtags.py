"""The steps for names that are several words in one: hashtags, and the names of subreddits.

Capitals, digits and underscores show where the words of such a name begin. A name in lower case is
split by a unigram model of English: the likeliest sequence of known words, found by a dynamic
programme (Norvig 2009, "Natural Language Corpus Data"). A name that is not made of known words
stays whole.
"""

import functools
import itertools
import math
import re

from emoscope.text.pipeline import StepKind, TextFunction, register_step
from emoscope.text.tables import load_table, load_word_ranks

# Vowel signs and other marks are no \w, yet part of the words of many languages; so is the
# zero-width non-joiner.
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u200c"
)
_NAME = rf"[\w{_MARKS}]++"
_HASHTAGS = re.compile(rf"(?<![\w&/#])(?>(?:#++{_NAME})+)")
_SUBREDDIT = re.compile(r"(?<![\w/])/?r/(?P<name>\w{2,24}+)")


@register_step("hashtags", StepKind.WORD)
def hashtags_step(segment: bool = True, keep_sign: bool = False) -> TextFunction:
    """Split hashtags into words: "#ThisIsGreat" and "#thisisgreat" become three words.

    Numbers such as "#1" stay as they are.

    Args:
        segment: split names in lower case too, by English words; off for other languages.
        keep_sign: leave the sign # before the first word.
    """
    sign = "#" if keep_sign else ""

    def split_hashtag(name: str) -> str:
        words = split_name(name, segment)
        return sign + " ".join(words) if any(map(str.isalpha, name)) else f"#{name}"

    def hashtags(token: str) -> str:
        if "#" not in token:
            return token
        return _HASHTAGS.sub(
            lambda match: " ".join(map(split_hashtag, filter(None, match.group().split("#")))),
            token,
        )

    return hashtags


@register_step("subreddits", StepKind.WORD)
def subreddits_step(segment: bool = True, keep_sign: bool = False) -> TextFunction:
    """Write the name of a subreddit as words: "/r/MadeMeSmile" becomes "Made Me Smile".

    Args:
        segment: split names in lower case too, by English words.
        keep_sign: leave "r/" before the first word.
    """
    sign = "r/" if keep_sign else ""

    def words(match: re.Match[str]) -> str:
        return sign + (" ".join(split_name(match["name"], segment)) or match["name"])

    return lambda token: _SUBREDDIT.sub(words, token) if "r/" in token else token


def split_name(name: str, segment: bool = True) -> list[str]:
    """Split a name without spaces into its words.

    Args:
        name: letters, digits and underscores, as in a hashtag without its sign.
        segment: split runs of letters by English words where nothing else separates them.

    Returns:
        The words in their case; joined they are the name without underscores. Time is linear.
    """
    if not name.isalpha() and name.lower() in load_table("abbreviations"):  # "gr8"
        return [name]
    words: list[str] = []
    parts = _split_parts(name)
    for position, part in enumerate(parts):
        before = parts[position - 1] if position else ""
        if before.isdecimal() and (end := _find_ordinal_end(part, segment)):
            words[-1] += part[:end]
            part = part[end:]
        if part:
            words.extend(segment_words(part) if segment else [part])
    return words


def _classify_character(character: str) -> str:
    if character.isupper():
        return "upper"
    if character.islower():
        return "lower"
    if character.isdecimal():
        return "digit"
    return "letter" if character.isalpha() else "mark"


def _split_parts(name: str) -> list[str]:
    """Split at underscores, between letters and digits, and where capitals begin a word."""
    parts = []
    for run in filter(None, name.split("_")):
        kinds = list(map(_classify_character, run))
        for position in range(1, len(kinds)):
            if kinds[position] == "mark":
                kinds[position] = kinds[position - 1]
        starts = [0]
        for position, (before, kind) in enumerate(itertools.pairwise(kinds), start=1):
            # The last capital of "WTFMoment" begins a word, that of "DMs" does not.
            after = kinds[position + 1] if position + 1 < len(kinds) else ""
            plural = position + 2 == len(run) and run[-1] == "s"
            camel = kind == "upper" and (
                before == "lower" or (before == "upper" and after == "lower" and not plural)
            )
            if camel or (before == "digit") != (kind == "digit"):
                starts.append(position)
        found = [run[start:end] for start, end in itertools.pairwise([*starts, len(run)])]
        if len(found) > 1 and found[0].islower() and len(found[0]) == 1:
            joined = found[0] + found[1]
            if joined.lower() in load_word_ranks():  # "iPhone"
                found[:2] = [joined]
        parts += found
    return parts


_ORDINAL = re.compile(r"(?:st|nd|rd|th|s)(?P<rest>.*)", re.DOTALL)


def _find_ordinal_end(part: str, segment: bool) -> int:
    """How many characters after a number belong to it, as in "4th" and "90s"."""
    match = _ORDINAL.match(part)
    if match is None:
        return 0
    rest = match["rest"]
    if not rest:
        return len(part)
    if not segment or not rest.islower() or _is_known(part) or len(segment_words(part)) > 1:
        return 0
    return match.start("rest") if _is_known(rest) or len(segment_words(rest)) > 1 else 0


_LONGEST_NAME = 64
_LONGEST_WORD = 20
# What a letter of an unknown word costs, in nats: a split must be likelier than one unknown word.
_UNKNOWN_LETTER = 3.0
_SHORT = frozenset(
    [
        *["a", "i", "u", "ah", "am", "an", "as", "at", "be", "by", "do", "go", "ha", "he"],
        *["hi", "if", "im", "in", "is", "it", "me", "my", "no", "of", "oh", "ok", "on", "or"],
        *["so", "to", "tv", "uk", "up", "us", "vs", "we", "yo"],
    ]
)
_ENDINGS = frozenset(
    [
        *["ally", "ble", "ed", "ent", "er", "ers", "est", "ful", "ian", "ible", "ies", "ing"],
        *["ion", "ions", "ish", "ism", "ist", "ity", "ive", "ling", "ment", "ness", "ous"],
        *["sen", "sters", "ted", "ters", "tion"],
    ]
)


@functools.cache
def _compute_costs() -> dict[str, float]:
    """Minus the logarithm of the probability of each word that may be a part of a name.

    The probability is the mean of two: by rank in a large vocabulary (Zipf's law), and by count in
    social media. Most short words of the large vocabulary are acronyms and names, so what has up to
    three letters must be a common word.
    """
    ranks = load_word_ranks()
    counts = {word: int(count) for word, count in load_table("words_social").items()}
    by_count = 0.5 / sum(counts.values())
    by_rank = 0.5 / sum(1 / rank for rank in range(1, len(ranks) + 1))
    costs = {}
    for word in ranks.keys() | counts.keys():
        usual = word in _SHORT if len(word) < 3 else len(word) > 3 or word in counts
        if usual and word not in _ENDINGS:
            zipf = by_rank / (ranks[word] + 1) if word in ranks else 0.0
            costs[word] = -math.log(zipf + by_count * counts.get(word, 0))
    return costs


def _is_known(word: str) -> bool:
    return word in load_word_ranks() or word in load_table("words_social")


def segment_words(text: str) -> list[str]:
    """Split letters into the English words they are likeliest to be made of.

    Args:
        text: letters in any case.

    Returns:
        The words; `[text]` if it is a word itself, is not made of known words, or is longer than
        64 characters.
    """
    lower = text.lower()
    if not (4 <= len(text) <= _LONGEST_NAME and text.isascii()) or _is_known(lower):
        return [text]
    costs = _compute_costs()
    best = [0.0] + [math.inf] * len(text)
    starts = [0] * (len(text) + 1)
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - _LONGEST_WORD), end):
            word = lower[start:end]
            if word not in costs or (end == len(text) and word in ("a", "i")):
                continue
            cost = best[start] + costs[word]
            if cost < best[end]:
                best[end], starts[end] = cost, start
    if best[-1] >= _UNKNOWN_LETTER * len(text):
        return [text]
    cuts = [len(text)]
    while cuts[-1]:
        cuts.append(starts[cuts[-1]])
    return [text[start:end] for start, end in itertools.pairwise(reversed(cuts))]
