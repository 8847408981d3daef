"""Emoticons found in text, by the packaged table."""

import functools
import re

from emoscope.text.tables import load_table

# In text this short, what is left beside an emoticon is looked at again, now that it stands alone
# ("<3<3"); in longer text that could take quadratic time.
_AGAIN = 64


def replace_emoticons(text: str, keep: bool = False) -> str:
    """Space emoticons out, each as the emoji of the same meaning or as itself.

    A mouth may be drawn several times, as in ":)))". Time is linear in the length of the text.

    Args:
        text: any text; letters of emoticons are matched in either case.
        keep: write the emoticon in the table's spelling in place of the emoji.

    Returns:
        The text; what is no emoticon stays as it is ("http://", "10:30", "(8)").
    """
    forms = load_table("emoticons")
    whole = text.lower()
    if whole in forms:
        return whole if keep else forms[whole]
    if text.isalnum():
        return text

    def replacement(match: re.Match[str]) -> str:
        form = match.group().lower()
        if form not in forms:
            form = form.rstrip(form[-1]) + form[-1]
        return f" {form if keep else forms[form]} "

    replaced = _make_pattern().sub(replacement, text)
    if replaced == text or len(text) > _AGAIN:
        return replaced
    return " ".join(replace_emoticons(part, keep) for part in replaced.split())


@functools.cache
def _make_pattern() -> re.Pattern[str]:
    """All emoticons, longest first, grouped by first character so that few are tried anywhere."""
    groups: dict[str, list[str]] = {}
    for form in sorted(load_table("emoticons"), key=lambda form: (-len(form), form)):
        for first in sorted({form[0], form[0].upper()}):
            groups.setdefault(first, []).append(_make_rest_pattern(first, form))
    firsts = re.escape("".join(sorted(groups)))
    choices = (f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in groups.items())
    return re.compile(f"(?=[{firsts}])(?:{'|'.join(choices)})")


def _make_rest_pattern(first: str, form: str) -> str:
    """A pattern for an emoticon after its first character, with the neighbours it must not have.

    Letters and digits at an edge need the edge of a word there (not "10:30", not "box:door"); other
    emoticons need one on one side at least (not "a:(b"), those with a slash and those that close a
    bracket on the left (not "http://"); "d:" must not begin a path.
    """
    parts = [f"[{c}{c.upper()}]" if c.isalpha() else re.escape(c) for c in form[1:]]
    if form[-1] in "()[]*3dpo":
        parts[-1] += "++"
    rest = "".join(parts)
    no_word_before = rf"(?<!\w{re.escape(first)})"
    if form[0].isalnum():
        path = r"/\\" if form[-1] == ":" else ""
        return rf"{no_word_before}{rest}(?![\w{path}])"
    if form[-1].isalnum():
        return rf"(?<!\d{re.escape(first)}){rest}(?!\w)"
    if form[-1] in "/\\|" or form[0] in ")]":
        return rf"{no_word_before}{rest}(?![\w/\\|])"
    return rf"{no_word_before}{rest}|{rest}(?!\w)"
