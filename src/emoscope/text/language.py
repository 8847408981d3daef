"""Whether a text is in a language that a model reads: by its letters, then by its words.

A model scores whatever it is given, and what it cannot read comes out as neutral more often than
not. Two rules tell such a text, and both can be checked by eye: most of its letters are of another
script, or fewer than six in ten of its words are words of the language. The words of English are
those of the tables that split hashtags. `benchmarks/languages.py` measures how well it works.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from emoscope.text.repair import split_chunks
from emoscope.text.tables import load_table, load_word_ranks

MIN_WORDS = 5
"""A text of fewer words is judged by its letters alone."""

KNOWN_SHARE = 0.6
"""The least share of known words in a text."""

_CHUNK = 200
_ADDRESSES = re.compile(r"https?://[!-~]+|www\.[!-~]+|@<?\w+>?", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]+")
# A hashtag is several words in one, and often English in other languages.
_WORDS = re.compile(r"(?<![\w#])[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z\u00aa\u00ba\u00c0-\u02b8\u1d00-\u1dbf\u1e00-\u1eff\u2c60-\u2c7f]+")


@dataclass(frozen=True)
class Language:
    """What tells that a text is in a language.

    Attributes:
        name: the name of the language, in English.
        letters: matches runs of letters of its script.
        words: gives its words, in lower case and without apostrophes; called when first needed.
    """

    name: str
    letters: re.Pattern[str]
    words: Callable[[], Collection[str]]


@functools.cache
def load_english_words() -> frozenset[str]:
    """Words of Reddit comments, and the 25,000 most frequent ones of GloVe 6B.

    Languages of Latin script share many short words, and the large table has some of theirs. So a
    word of up to three letters must be common in the comments.
    """
    counts = {word: int(count) for word, count in load_table("words_social").items()}
    common = {word for word, count in counts.items() if len(word) > 3 or count >= 30}
    return frozenset(common | {word for word in load_word_ranks() if len(word) > 3})


LANGUAGES = {"en": Language("English", _LATIN, load_english_words)}
"""The languages that can be told from others, by their codes of ISO 639-1."""


def is_read(text: str, languages: Sequence[str]) -> bool | None:
    """Whether a text is likely to be in one of some languages.

    Args:
        text: as people wrote it; links, user names and hashtags are not looked at as words.
        languages: codes of ISO 639-1, such as `["en"]`.

    Returns:
        None where that cannot be told: the text has fewer than five words, though not if its
        script is another; or there are no languages, or one that is not in `LANGUAGES`.
    """
    if not languages or not all(code in LANGUAGES for code in languages):
        return None
    text = _ADDRESSES.sub(" ", _normalise(text))
    verdicts = [_is_in(text, LANGUAGES[code]) for code in languages]
    return True if True in verdicts else None if None in verdicts else False


def _normalise(text: str) -> str:
    """The text in NFKC, in linear time."""
    if text.isascii():
        return text
    # Canonical order is a sort that takes quadratic time over a long run of accents.
    return "".join(unicodedata.normalize("NFKC", chunk) for chunk in split_chunks(text, _CHUNK))


def name_languages(languages: Sequence[str]) -> str:
    """Languages as a sentence names them: `English`."""
    return " or ".join(LANGUAGES[code].name for code in languages if code in LANGUAGES)


def _is_in(text: str, language: Language) -> bool | None:
    letters = "".join(_LETTERS.findall(text))
    others = language.letters.sub("", letters)
    # A letter of another script that stands alone is a drawing: ¯\_(ツ)_/¯
    if 2 * len(others) > len(letters) and len(set(others)) > 1:
        return False
    words = _WORDS.findall(text.replace("'", "").replace("’", "").lower())
    if len(words) < MIN_WORDS:
        return None
    known = language.words()
    return sum(word in known for word in words) >= KNOWN_SHARE * len(words)
