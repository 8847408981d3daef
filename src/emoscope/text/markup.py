"""The steps that undo the markup of Reddit: quotes, emphasis, links, lists, removed posts.

They look at the beginnings of lines, so they come before the step `unicode`, which makes every line
break a space; entities such as `&gt;` may still be there. What a pattern spans is bounded, so that
every step takes linear time.
"""

import re

from emoscope.text.pipeline import StepKind, TextFunction, register_step

_REMOVED = frozenset(["[deleted]", "[removed]", "[deleted by user]", "[ removed by reddit ]"])


@register_step("removed_posts", StepKind.TEXT)
def removed_posts_step() -> TextFunction:
    """Empty a text that is only a notice such as [deleted] or [removed]."""
    return lambda text: "" if len(text) < 40 and text.strip().lower() in _REMOVED else text


# Not the emoticons ">:(" and ">_<", not the spoiler ">!".
_QUOTE = re.compile(r"[ \t]*+(?>(?:(?:>|&gt;)(?![!:;=._-])[ \t]*+)+)")


@register_step("quotes", StepKind.TEXT)
def quotes_step(keep: bool = False) -> TextFunction:
    """Drop the lines that quote another post ("> …"), unless there are no others.

    Args:
        keep: keep the quoted lines, without the sign.
    """

    def quotes(text: str) -> str:
        if ">" not in text and "&gt;" not in text:
            return text
        lines = text.split("\n")
        own = [line for line in lines if not _QUOTE.match(line)]
        if keep or not any(map(str.strip, own)):
            own = [_QUOTE.sub("", line, count=1) if _QUOTE.match(line) else line for line in lines]
        return "\n".join(own)

    return quotes


# A sign must touch the text inside and none outside: not "2 * 3 * 4", not "snake_case", not "f***".
_EMPHASIS = re.compile(
    r"(?<![^\W_])(?<![*\\])(\*{1,3})(?![\s*])([^*\n]{1,200}+)(?<![\s\\])\1(?!\*|[^\W_])"
    r"|(?<![\w\\])(_{1,3})(?![\s_])([^_\n]{1,200}+)(?<![\s\\])\3(?!\w)"
)
_NESTED = 8


@register_step("emphasis", StepKind.TEXT)
def emphasis_step() -> TextFunction:
    """Remove the signs of emphasis: `*word*`, `**two words**`, `_word_`."""

    def inside(match: re.Match[str]) -> str:
        text: str = match[2] or match[4]
        return text if any(map(str.isalnum, text)) else match.group()  # the emoticon *-*

    def emphasis(text: str) -> str:
        if "*" not in text and "_" not in text:
            return text
        for _ in range(_NESTED):
            plain = _EMPHASIS.sub(inside, text)
            if plain == text:
                break
            text = plain
        return text

    return emphasis


_LINK = re.compile(
    r"!?\[(?P<text>[^\[\]\n]{0,300}+)\]"
    r'\((?>(?:[^()\s]++|\([^()\s]*+\))*)(?:[ ]"[^"\n]{0,200}+")?\)'
)
_MARKS = [
    (re.compile(r"^[ \t]*+(?:```[^\n`]*+|(?>(?:[-*_=][ \t]*+){3,}))$", re.MULTILINE), ""),
    (re.compile(r"&(?:amp;)?(?:#x200b|nbsp);", re.IGNORECASE), " "),
    (_LINK, r"\g<text>"),
    (re.compile(r"^[ \t]*+(?:#{1,6}+[ \t]++|(?>(?:[-*+][ \t]++)+))", re.MULTILINE), ""),
    (re.compile(r"(?<!`)(`{1,3})(?!`)([^`\n]{1,200}+)\1(?!`)"), r"\2"),
    (re.compile(r"(?<!~)~~(?![\s~])([^~\n]{1,200}+)~~(?!~)"), r"\1"),
    (re.compile(r"(?:>|&gt;)!((?:(?!!<|!&lt;)[^\n]){1,200})!(?:<|&lt;)"), r"\1"),
    (re.compile(r"(?<!\^)\^++\(([^()\n]{0,200}+)\)"), r"\1"),
    (re.compile(r"(?<![\w^])\^++(?=[^\W_]{2})"), ""),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!~>^|-])"), r"\1"),
]


@register_step("markdown", StepKind.TEXT)
def markdown_step() -> TextFunction:
    """Keep the text of markdown: links, headings, lists, code, spoilers, escapes."""

    def markdown(text: str) -> str:
        for pattern, replacement in _MARKS:
            text = pattern.sub(replacement, text)
        return text

    return markdown
