"""Unicode repair by ftfy, with fast ways around it and bounded work within it."""

import re

_CHUNK = 1_000
# In text of these characters there is nothing to repair but quotes: no lead byte of UTF-8 read in
# a single-byte encoding, nothing that composes, nothing invisible.
_UNSUSPECTED = re.compile(
    "[ -~‘’“”\u2600-\u27bf\u200d\ufe0f\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]*+"
)
_QUOTES = str.maketrans("‘’“”", "''\"\"")
# Line breaks become spaces, also because ftfy goes line by line; the rest has no width.
_LINE_BREAKS = (*range(0x09, 0x0E), *range(0x1C, 0x20), 0x2028, 0x2029)
_NO_WIDTH = (
    *(0xAD, 0x61C, 0x200B, 0x200E, 0x200F, 0xFEFF),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFFF9, 0xFFFD),
)
_INVISIBLE = {**dict.fromkeys(_LINE_BREAKS, " "), **dict.fromkeys(_NO_WIDTH, "")}
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")


def split_chunks(text: str, size: int = _CHUNK) -> list[str]:
    """Cut text into pieces of at most `size` characters, after white space where there is any."""
    chunks = []
    start = 0
    while len(text) - start > size:
        space = text.rfind(" ", start, start + size)
        end = space + 1 if space >= 0 else start + size
        chunks.append(text[start:end])
        start = end
    chunks.append(text[start:])
    return chunks


def repair_unicode(text: str) -> str:
    """Repair mojibake, HTML entities and curly quotes, normalise to NFC, drop what has no width.

    Args:
        text: any text; lone surrogates become U+FFFD.

    Returns:
        The text without control characters, line breaks being spaces. Time is linear; plain ASCII
        returns at once.
    """
    if "&" not in text:
        if text.isascii() and text.isprintable():
            return text
        if _UNSUSPECTED.fullmatch(text):
            return text.translate(_QUOTES)
    return _repair(text)


def _repair(text: str) -> str:
    import ftfy
    from ftfy.fixes import unescape_html

    # Repair repeats until nothing changes, and canonical order is a sort: both can be quadratic,
    # so they get bounded pieces. Entities are unescaped here, twice at most, for the same reason.
    text = text.translate(_INVISIBLE)
    config = ftfy.TextFixerConfig(unescape_html=False, explain=False)
    repaired = "".join(
        ftfy.fix_text(unescape_html(unescape_html(chunk)), config) for chunk in split_chunks(text)
    )
    return repaired.translate(_CONTROLS)
