"""The steps that clean posts of social media, and their default order for each site.

The texts go to the tokenizer of a pretrained encoder, so they stay near to what people write: case
and punctuation are kept, and only what carries no feeling is replaced (who, where, which address).
The words in their place are those of the tweets that encoders were trained on (Barbieri et al.
2020, TweetEval, arXiv 2010.12421). Every step takes time linear in its text.
"""

import functools
import re
from collections.abc import Mapping

from emoscope.errors import InputError
from emoscope.text import hashtags, markup  # noqa: F401 - they register their steps
from emoscope.text.chat import elongations_step
from emoscope.text.emoji import space_emoji, to_canonical
from emoscope.text.pipeline import StepKind, StepSpec, TextFunction, register_step

TWITTER_STEPS: tuple[str | StepSpec, ...] = (
    "unicode",
    "links",
    "emails",
    "users",
    "phones",
    "hashtags",
    "cased_elongations",
    "emoji",
)
REDDIT_STEPS: tuple[str | StepSpec, ...] = (
    "removed_posts",
    "quotes",
    "emphasis",
    "markdown",
    "unicode",
    "links",
    "emails",
    StepSpec("users", {"site": "reddit"}),
    "phones",
    "subreddits",
    "hashtags",
    "cased_elongations",
    "emoji",
)
FACEBOOK_STEPS: tuple[str | StepSpec, ...] = (
    "unicode",
    "links",
    "emails",
    StepSpec("users", {"site": "facebook"}),
    "phones",
    "hashtags",
    "cased_elongations",
    "emoji",
)
SOCIAL_STEPS: Mapping[str, tuple[str | StepSpec, ...]] = {
    "twitter": TWITTER_STEPS,
    "reddit": REDDIT_STEPS,
    "facebook": FACEBOOK_STEPS,
}


def _check_word(step: str, option: str, word: str) -> None:
    if word and word.split() != [word]:
        raise InputError(
            f"Option {option!r} of step {step!r}: expected one word, or nothing, got {word!r}."
        )


# Emoji and quotation marks end an address; so does the sign of a tweet that was cut.
_REST = '[^\\s<>"“”«»…\u2600-\u27bf\U0001f000-\U0001faff]'
_LINK = re.compile(
    rf"(?:https?|ftp)://{_REST}*+"
    rf"|(?<![\w@.-])(?:www\.(?=\w){_REST}++"
    r"|(?:[a-z0-9-]++\.){1,8}(?:"
    rf"(?:com|org|net|edu|gov|info)(?![\w@-]|\.\w)(?:/{_REST}*+)?"
    rf"|(?:be|ca|co|de|es|fr|gg|gl|in|io|it|ly|me|tv|uk|us)/{_REST}++))",
    re.IGNORECASE,
)


@register_step("links", StepKind.WORD)
def links_step(word: str = "http") -> TextFunction:
    """Replace web addresses by one word.

    Args:
        word: what stands for an address; empty to drop it.
    """
    _check_word("links", "word", word)

    def replace(match: re.Match[str]) -> str:
        link, start = match.group(), match.start()
        end = len(link.rstrip(".,!?;:'*" if "(" in link else ".,!?;:'*)]}"))
        glued = start and match.string[start - 1].isalnum()
        return f"{' ' if glued else ''}{word}{link[end:]}"

    return lambda token: _LINK.sub(replace, token) if "." in token or "://" in token else token


_EMAIL = re.compile(r"(?<![\w.+%@-])[.+%-]*+\w[\w.+%-]*+(?>(?:@[\w-]++(?>(?:\.[\w-]++)+))+)")


@register_step("emails", StepKind.WORD)
def emails_step(word: str = "email") -> TextFunction:
    """Replace e-mail addresses by one word.

    Args:
        word: what stands for an address; empty to drop it.
    """
    _check_word("emails", "word", word)
    return lambda token: _EMAIL.sub(lambda _: word, token) if "@" in token else token


# Groups are repeated within (?>…): Python before 3.11.5 loses its place after one that is repeated
# possessively.
# Not a time, as in "see you @5pm".
_AT = r"(?<![\w@])@(?!\d{1,2}(?:[ap]m)?(?!\w))(?:<\w++>(?!\w)|\w++)"
_SERVER = r"(?>(?:@[\w-]++(?>(?:\.[\w-]++)+))*)"  # of a federated network
_USERS = {
    "twitter": re.compile(_AT + _SERVER),
    "reddit": re.compile(rf"(?:(?<![\w/@])/?[uU]/[\w-]{{2,24}}+(?![\w-])|{_AT}){_SERVER}"),
    "facebook": re.compile(rf"{_AT}(?>(?:[.-]\w++)*){_SERVER}"),
}


@register_step("users", StepKind.WORD)
def users_step(word: str = "@user", site: str = "twitter") -> TextFunction:
    """Replace the names of users by one word: @name, /u/name on Reddit, @Full.Name on Facebook.

    Args:
        word: what stands for a name; empty to drop it.
        site: whose names: `"twitter"`, `"reddit"` or `"facebook"`.
    """
    _check_word("users", "word", word)
    if site not in _USERS:
        raise InputError(
            f"Option 'site' of step 'users': expected one of {', '.join(_USERS)}, got {site!r}."
        )
    pattern = _USERS[site]

    def users(token: str) -> str:
        return pattern.sub(lambda _: word, token) if "@" in token or "/" in token else token

    return users


# Years, dates, scores, prices and plain numbers are no phone numbers: one begins with + or 0, or
# has the groups of North America.
_PHONE = re.compile(
    r"(?<![\w+@#$€£.,:/-])(?:"
    r"\+[1-9](?:[ .()-]{0,2}[0-9]){7,14}"
    r"|(?:1[ .-])?(?:\([0-9]{3}\)[ .-]?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}"
    r"|\(0[0-9]{1,4}\)[ -]?[0-9]{3,4}[ -]?[0-9]{3,4}"
    r"|0[0-9]{2,4}[ /-][0-9]{3,4}[ -]?[0-9]{3,5}"
    r"|0[0-9](?:[ .-][0-9]{2}){4}"
    r"|0[0-9]{9,10}"
    r")(?![\w%€$£]|[.,:/-][0-9])"
)


@register_step("phones", StepKind.TEXT)
def phones_step(word: str = "phone") -> TextFunction:
    """Replace telephone numbers by one word; years, dates, scores and prices stay.

    Args:
        word: what stands for a number; empty to drop it.
    """
    _check_word("phones", "word", word)
    return lambda text: _PHONE.sub(lambda _: word, text)


_LETTERS = re.compile(r"[^\W\d_]{3,}+")
_ROMAN = frozenset("IVXLCDM")


@register_step("cased_elongations", StepKind.WORD)
def cased_elongations_step(keep: int = 2) -> TextFunction:
    """Shorten words as `elongations` does, but keep their case and the punctuation around them.

    Args:
        keep: letters to leave of each run where no form is a known word, 1 to 3.
    """
    shorten = elongations_step(keep)

    def word(match: re.Match[str]) -> str:
        written = match.group()
        lower = written.lower()
        short = shorten(lower)
        # A letter such as the capital dotted İ becomes two characters, so the lengths may differ.
        if short == lower or len(lower) != len(written):
            return written
        if written.isupper():
            # Numerals ("World War III") and abbreviations ("AAA") are no elongations.
            known = len(written) == 3 or _ROMAN.issuperset(written)
            return written if known else short.upper()
        return short[0].upper() + short[1:] if written[0].isupper() else short

    return lambda token: _LETTERS.sub(word, token) if len(token) > 2 else token


_CAPS = re.compile(r"(?<![\w\[<@#])[^\W\d_]++(?>(?:'[^\W\d_]++)*)(?![\w\]>])")


@register_step("all_caps", StepKind.WORD)
def all_caps_step(mark: str = "", shortest: int = 4) -> TextFunction:
    """Lower-case words in capitals.

    Args:
        mark: a word to put after each of them, for example "<caps>"; empty for none.
        shortest: letters that a word must have, so that acronyms stay.
    """
    _check_word("all_caps", "mark", mark)
    if shortest < 1:
        raise InputError(
            f"Option 'shortest' of step 'all_caps': expected 1 or more, got {shortest}."
        )

    def lower(match: re.Match[str]) -> str:
        written = match.group()
        long = len(written) - written.count("'") >= shortest
        return written.lower() if long and written.isupper() else written

    def all_caps(token: str) -> str:
        if token.islower():
            return token
        lowered = _CAPS.sub(lower, token)
        return f"{lowered} {mark}" if mark and lowered != token else lowered

    return all_caps


@functools.cache
def _load_emoji_names(language: str) -> dict[str, str]:
    """The words for every emoji in canonical form."""
    from emoji import EMOJI_DATA, config

    config.load_language(language)
    names: dict[str, str] = {}
    # Spellings with a skin tone have longer names, and come in no fixed order.
    for spelling in sorted(EMOJI_DATA, key=len):
        form, name = to_canonical(spelling), EMOJI_DATA[spelling].get(language)
        toneless = spelling.replace("\ufe0f", "").replace("\ufe0e", "") == form
        if form and name and toneless:
            names.setdefault(form, " ".join(name.strip(":").split("_")))
    for form in map(to_canonical, EMOJI_DATA):
        parts = [names[part] for part in form.split("\u200d") if part in names]
        if parts:  # a few pairs of people have names with skin tones only
            names.setdefault(form, " ".join(parts))
    return names


@register_step("emoji_words", StepKind.WORD)
def emoji_words_step(language: str = "en") -> TextFunction:
    """Describe emoji in words: "red heart", or "corazón rojo".

    Args:
        language: the code of the language, as the `emoji` package has it.
    """
    from emoji import LANGUAGES

    if language not in LANGUAGES:
        raise InputError(
            f"Option 'language' of step 'emoji_words': no descriptions in {language!r}; there are "
            f"{', '.join(sorted(LANGUAGES))}."
        )

    def emoji_words(token: str) -> str:
        if token.isascii():
            return token
        names = _load_emoji_names(language)
        return " ".join(names.get(part, part) for part in space_emoji(token).split())

    return emoji_words
