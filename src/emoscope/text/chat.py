"""The steps that clean chat messages, and their default order.

They follow the cleaning of NELEC as reported for EmoContext (Agrawal & Suri 2019, arXiv
1904.03223): punctuation spaced out, abbreviations and misspellings restored, emoji kept as tokens,
surface forms left as they are. Every step takes time linear in its text and leaves special tokens
such as `<eos>` alone.
"""

import functools
import itertools
import re
import unicodedata

from emoscope.errors import InputError
from emoscope.text.emoji import is_emoji, list_emoji_characters, space_emoji
from emoscope.text.emoticons import replace_emoticons
from emoscope.text.pipeline import StepKind, TextFunction, TurnsFunction, register_step
from emoscope.text.repair import repair_unicode
from emoscope.text.tables import load_table, load_word_ranks

CHAT_STEPS = (
    "unicode",
    "lower",
    "emoji",
    "emoticons",
    "repeated_punctuation",
    "drop_punctuation",
    "elongations",
    "contractions",
    "abbreviations",
    "turn_boundaries",
)


@register_step("unicode", StepKind.TEXT)
def unicode_step() -> TextFunction:
    """Repair mojibake, entities and curly quotes, normalise to NFC, drop control characters."""
    return repair_unicode


@register_step("lower", StepKind.WORD)
def lower_step() -> TextFunction:
    """Lower-case everything."""
    # A capital dotted İ becomes a plain i, not an i with a combining dot, which no table knows.
    return lambda token: token.lower().replace("i\u0307", "i")


@register_step("emoji", StepKind.WORD)
def emoji_step() -> TextFunction:
    """Make each emoji a token of its own, without skin tone and variation selector."""
    return space_emoji


@register_step("emoticons", StepKind.WORD)
def emoticons_step(to: str = "emoji") -> TextFunction:
    """Turn emoticons such as :-) into the emoji of the same meaning, or keep them as tokens.

    Args:
        to: `"emoji"`, or `"keep"` for one token an emoticon, in the table's spelling.
    """
    if to not in ("emoji", "keep"):
        raise InputError(
            f"Option 'to' of step 'emoticons': expected 'emoji' or 'keep', got {to!r}."
        )

    def emoticons(token: str) -> str:
        return token if _is_special(token) else replace_emoticons(token, keep=to == "keep")

    return emoticons


def _is_special(token: str) -> bool:
    """Whether a token is a marker such as `<eos>`."""
    return token[0] == "<" and token[-1] == ">" and token[1:-1].isidentifier()


def _is_protected(token: str) -> bool:
    """Whether the steps on punctuation must leave a token whole."""
    return (
        token in load_table("emoticons")
        or token in load_table("abbreviations")
        or _is_special(token)
        or is_emoji(token)
    )


_MARKS = re.compile(r"[.?!,]++")
_OTHER_MARKS = str.maketrans("…。؟،", "..?,")


@register_step("repeated_punctuation", StepKind.WORD)
def repeated_punctuation_step() -> TextFunction:
    """Collapse runs of . ? ! , to one of each, and put spaces around; "3.5" and "1,000" stay."""

    def space(match: re.Match[str]) -> str:
        marks = match.group()
        if marks in (".", ","):
            start, end, text = match.start(), match.end(), match.string
            if start and end < len(text) and text[start - 1].isdecimal() and text[end].isdecimal():
                return marks
        return f" {' '.join(dict.fromkeys(marks))} "

    def repeated_punctuation(token: str) -> str:
        if token.isalnum() or _is_protected(token):
            return token
        return _MARKS.sub(space, token.translate(_OTHER_MARKS))

    return repeated_punctuation


_JOINERS = "\u200c\u200d" + "".join(map(chr, range(0xE0020, 0xE0080)))


class _DropTable(dict[int, str]):
    """For `str.translate`: what a character becomes, found by its category and remembered."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kept = (
            character in ".?!,'"
            or character in _JOINERS
            or unicodedata.category(character)[0] in "LMN"
            or (code > 0x7F and character in list_emoji_characters())
        )
        replacement = character if kept else " "
        if code < 0x20000:  # the planes in use; bounds the memory
            self[code] = replacement
        return replacement


@functools.cache
def _make_drop_table() -> _DropTable:
    return _DropTable({ord("&"): " & ", ord("’"): "'", ord("‘"): "'"})


@register_step("drop_punctuation", StepKind.WORD)
def drop_punctuation_step() -> TextFunction:
    """Replace brackets, dashes, quotes, slashes and other symbols by a space.

    Letters, digits, `. ? ! ,`, emoji, `&`, apostrophes inside words, emoticons that are a token of
    their own and abbreviations that are written with a symbol ("w/o") are kept.
    """

    def trim(word: str) -> str:
        if word == "'s" or is_emoji(word):
            return word
        return word.strip("'" + _JOINERS)

    def drop_punctuation(token: str) -> str:
        if token.isalnum() or _is_protected(token):
            return token
        kept = token.translate(_make_drop_table()).replace("''", " ")
        return " ".join(map(trim, kept.split()))

    return drop_punctuation


_LONG_RUN = re.compile(r"([^\W\d_])\1\1++")
_COMMON = 5_000
_INTERJECTIONS = frozenset(
    ["aww", "eww", "grr", "haha", "hehe", "hmm", "lol", "ooh", "shh", "ugh", "umm", "yay"]
)


def _find_rank(word: str) -> int | None:
    """How frequent a word is, 0 the most; words that only chats use come last; None if unknown."""
    ranks = load_word_ranks()
    if word in ranks:
        return ranks[word]
    if word in _INTERJECTIONS:
        return len(ranks)
    return len(ranks) + 1 if word in load_table("abbreviations") else None


def _shorten_laughter(token: str) -> str | None:
    """The short form of "hahahaha", "hehhe" and the like, or None."""
    letters = set(token)
    for vowel in "aeio":
        if letters == {"h", vowel} and (f"h{vowel}h" in token or f"{vowel}h{vowel}" in token):
            return f"h{vowel}" * 2
    return None


@register_step("elongations", StepKind.WORD)
def elongations_step(keep: int = 2) -> TextFunction:
    """Shorten words with letters repeated three times or more, and laughter, to normal length.

    Each long run becomes two letters or one, whichever makes a known English word; of two words the
    one with two letters if it is common ("good", not "god"), else the more frequent one.

    Args:
        keep: letters to leave of each run where no form is a known word, 1 to 3.
    """
    if not 1 <= keep <= 3:
        raise InputError(f"Option 'keep' of step 'elongations': expected 1 to 3, got {keep}.")

    def elongations(token: str) -> str:
        if len(token) < 3:
            return token
        if "'" in token:
            return "'".join(map(elongations, token.split("'")))
        if len(token) > 3 and (laugh := _shorten_laughter(token)):
            return laugh
        if len(token) > 4 and token.isalpha() and token[2:] == token[:-2] and token[0] != token[1]:
            return token[:3] if token.startswith("lol") else token[:4]
        runs = [match.span() for match in _LONG_RUN.finditer(token)]
        if not runs:
            return token
        return _find_known_form(token, runs) or _LONG_RUN.sub(lambda match: match[1] * keep, token)

    return elongations


def _find_known_form(token: str, runs: list[tuple[int, int]]) -> str | None:
    """The best known word among the forms of a token whose long runs are two letters or one."""
    if len(runs) > 4 or len(token) > 200:
        return None
    if runs[0] == (0, len(token)):  # one letter: a word that chats write so, or a sound
        return token[0] if token[0] in "ikruyn" else None
    best: tuple[int, str] | None = None
    for lengths in itertools.product((2, 1), repeat=len(runs)):
        start = 0
        parts = []
        for (run_start, run_end), length in zip(runs, lengths, strict=True):
            parts += [token[start:run_start], token[run_start] * length]
            start = run_end
        form = "".join(parts) + token[start:]
        rank = _find_rank(form)
        if rank is None:
            continue
        if best is None and rank < _COMMON:
            return form
        if best is None or rank < best[0]:
            best = rank, form
    return best[1] if best else None


_SUFFIXES = {"'re": "are", "'ll": "will", "'ve": "have", "n't": "not", "'m": "am", "'d": "would"}


@register_step("contractions", StepKind.WORD)
def contractions_step() -> TextFunction:
    """Write contractions out ("don't", "dont" and "gonna"), and split off a possessive 's."""

    def contractions(token: str) -> str:
        expansion = load_table("contractions").get(token)
        if expansion is not None:
            return expansion
        if "'" not in token or len(token) > 40:
            return token
        for suffix, word in _SUFFIXES.items():
            stem = token.removesuffix(suffix)
            if stem and stem != token:
                return f"{contractions(stem)} {word}"
        if len(token) > 2 and token.endswith("'s"):
            return f"{contractions(token[:-2])} 's"
        return token

    return contractions


@register_step("abbreviations", StepKind.WORD)
def abbreviations_step() -> TextFunction:
    """Restore chat abbreviations and frequent misspellings ("u", "brb", "frnd")."""

    def abbreviations(token: str) -> str:
        return load_table("abbreviations").get(token, token)

    return abbreviations


@register_step("turn_boundaries", StepKind.TURNS)
def turn_boundaries_step(token: str = "<eos>") -> TurnsFunction:  # noqa: S107
    """Join the turns into one text, with a token between them.

    Args:
        token: what stands between two turns.
    """
    if not token or token.split() != [token]:
        raise InputError(
            f"Option 'token' of step 'turn_boundaries': expected text without white space, "
            f"got {token!r}."
        )

    def turn_boundaries(turns: list[str]) -> list[str]:
        parts = [part for turn in turns for part in (token, turn)][1:]
        return [" ".join(filter(None, parts))] if turns else []

    return turn_boundaries
