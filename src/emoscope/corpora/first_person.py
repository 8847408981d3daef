"""Events about PersonX as PersonX would tell them."""

import re
import zlib

from emoscope.corpora.subtitles import join_tokens

__all__ = ["to_base_form", "to_first_person"]

NAMES = ("Alex", "Anna", "Ben", "Chris", "Dana", "Kim", "Maria", "Omar", "Robin", "Sam")
_AUXILIARIES = {
    "is": "am",
    "has": "have",
    "does": "do",
    "isn't": "am not",
    "hasn't": "haven't",
    "doesn't": "don't",
    "doesnt": "don't",
}
_MODALS = {
    **dict.fromkeys(("cant", "can't"), "can't"),
    **dict.fromkeys(("didnt", "didn't"), "didn't"),
    **dict.fromkeys(("should", "shoulds"), "should"),
    **dict.fromkeys(("wouldnt", "wouldn't"), "wouldn't"),
    **{
        word: word for word in ("can", "could", "couldn't", "may", "must", "will", "won't", "would")
    },
}
_ADVERBS = {"also", "almost", "always", "even", "ever", "just", "never", "often", "soon", "then"}
_UNUSUAL = {"aches": "ache", "focuses": "focus", "quizzes": "quiz", "shoes": "shoe", "toes": "toe"}
# PersonX is the subject after these, and before those.
_BEFORE_SUBJECT = {
    *("after", "as", "because", "before", "if", "than", "that", "until", "way", "what", "when"),
    *("where", "while"),
}
_AFTER_SUBJECT = {"is", "has", "was", "does", "can"}
_SELF = {"himself", "herself", "themselves", "themself"}
_THEIRS = {"his", "her", "their"}
# The shortest form that can lose its ending: below are "is", "was", "his".
_SHORTEST = 4
_PERSON = re.compile(r"Person([XYZ])('s|\W.*)?", re.DOTALL)


def to_first_person(event: str) -> str:
    """An event as PersonX would tell it: `PersonX pays the bills` becomes `I pay the bills`.

    PersonX becomes `I`, `me` or `my`, and the verbs after `I` follow. PersonY and PersonZ get
    names, always the same for the same event; a gap (`___`) becomes `something`. Of pronouns only
    those change that must mean PersonX: `himself`, and `his` where nobody else was named.

    Args:
        event: as in Event2Mind, cut into tokens.
    """
    words = join_tokens(event).split(" ")
    mine = words[0] == "PersonX"
    alone = mine and not re.search("Person[YZ]", event)
    start = zlib.crc32(event.encode())
    retold: list[str] = []
    while words:
        word = words.pop(0)
        before = retold[-1] if retold else ""
        person = _PERSON.fullmatch(word)
        if person is None:
            retold.append(_replace_pronoun(word, before, mine, alone and not _has_others(retold)))
        elif person[1] != "X":
            retold.append(NAMES[(start + (person[1] == "Z")) % len(NAMES)] + (person[2] or ""))
        elif person[2] == "'s":
            retold.append("my")
        elif not retold or before in _BEFORE_SUBJECT or (words[:1] and words[0] in _AFTER_SUBJECT):
            retold.append("I" + (person[2] or ""))
            words = _make_agree(words)
        else:
            retold.append("me" + (person[2] or ""))
    text = " ".join(retold).replace("___", "something")
    return text[:1].upper() + text[1:]


def to_base_form(verb: str) -> str:
    """A verb of the third person as it is in the first: `carries` becomes `carry`."""
    if len(verb) < _SHORTEST or verb.endswith(("ss", "us", "'s")):
        return verb
    if verb in _UNUSUAL:
        return _UNUSUAL[verb]
    if verb.endswith("ies") and len(verb) > _SHORTEST:
        return verb[:-3] + "y"
    if verb.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return verb[:-2]
    return verb.removesuffix("s")


def _make_agree(words: list[str]) -> list[str]:
    """The words after `I`, the verb agreeing with it."""
    start = 0
    negated = False
    while start < len(words) and (
        words[start] == "not" or words[start] in _ADVERBS or words[start].endswith("ly")
    ):
        negated = negated or words[start] == "not"
        start += 1
    adverbs = [word for word in words[:start] if word != "not"]
    if start == len(words) or _PERSON.match(words[start]):
        return words
    verb, rest = words[start], words[start + 1 :]
    if verb in _MODALS:
        return [*adverbs, _MODALS[verb], *map(to_base_form, rest[:1]), *rest[1:]]
    verb = _AUXILIARIES.get(verb, to_base_form(verb))
    if negated:
        verb = "am not" if verb == "am" else f"don't {verb}"
    return [*adverbs, verb, *rest]


def _replace_pronoun(word: str, before: str, mine: bool, alone: bool) -> str:
    if mine and word in _SELF and before != "among":
        return "myself"
    return "my" if alone and word in _THEIRS else word


def _has_others(retold: list[str]) -> bool:
    """Whether somebody else was named before, whom a pronoun may mean."""
    return not {"the", "a", "an", "this", "that", "one"}.isdisjoint(retold)
