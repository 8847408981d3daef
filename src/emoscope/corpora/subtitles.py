"""Text that was cut into tokens, as that of film subtitles, joined as people write it."""

import re

__all__ = ["join_tokens"]

# The order counts: "can n't" must not become "cann't", and marks come after clitics.
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\bcan n['´’]t\b", "can't"),
        (r"(?<=\w)\s+n['´’]t\b", "n't"),
        (r"(?<=\w)\s+['´’](?=(?:s|m|t|d|re|ll|ve|am|clock|ii|il)\b)", "'"),
        (r"\b(y) '(?=all\b)", r"\1'"),
        (r"\b([od]) '(?=\w)", r"\1'"),
        (r"' (?=(?:em|cause|til|bout)\b)", "'"),
        (r"(?<=\win) '(?=[\s.,?!;:]|$)", "'"),
        (r"\b(wan|gon) na\b", r"\1na"),
        (r"\b(got) ta\b", r"\1ta"),
        (r"(?<=\d) ?: (?=\d\d\b)", ":"),
        (r"([($£€])\s+(?=\S)", r"\1"),
        (r"(?<=\S)\s+(?=(?:[.,?!;:%]+|\))(?:[\s\"'.,?!;:)]|$))", ""),
        (r"\s+", " "),
    )
)


def join_tokens(text: str) -> str:
    """English text cut into tokens, as people write it.

    Spaces before marks and clitics go (`isn 't it , man ?` becomes `isn't it, man?`), those around
    quotation marks stay, as nothing says which word such a mark belongs to.

    Args:
        text: one line or several; any white space becomes a single space.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text.strip()
