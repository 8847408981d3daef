"""Plutchik's wheel of emotions: its sixteen places, their colours, and which words belong where.

Plutchik 2001, "The Nature of Emotions", American Scientist 89(4).
"""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.taxonomy import Label, Taxonomy, builtin_taxonomies

# Plutchik's primary emotions and the dyads between them, an eighth of π apart.
WHEEL = (
    "fear",
    "submission",
    "trust",
    "love",
    "joy",
    "optimism",
    "anticipation",
    "aggressiveness",
    "anger",
    "contempt",
    "disgust",
    "remorse",
    "sadness",
    "disapproval",
    "surprise",
    "awe",
)
# Not on the wheel, but the opposite of an emotion that is.
OPPOSITES = {"pessimism": "optimism"}

# As Plutchik paints them: every second of the sixteen emotions is a primary one.
PRIMARY = {
    "fear": "#3c8f4f",
    "trust": "#9bc53d",
    "joy": "#f7d038",
    "anticipation": "#f28f3b",
    "anger": "#d7263d",
    "disgust": "#8b5fa8",
    "sadness": "#3f6fb5",
    "surprise": "#5bb5d6",
}

KIN = {
    "fear": "apprehension, terror; afraid, fearful, fright, horror, nervousness, panic, scared, "
    "uneasiness, worry",
    "trust": "acceptance, admiration",
    "love": "affection, caring, fondness, tenderness",
    "joy": "serenity, ecstasy; amusement, cheerfulness, enjoyment, gladness, happiness, happy",
    "anticipation": "interest, vigilance; expectation",
    "aggressiveness": "aggression",
    "anger": "annoyance, rage; angry, annoyed, fury, hostility, irritation, wrath",
    "disgust": "boredom, loathing; disgusted, revulsion",
    "remorse": "regret",
    "sadness": "pensiveness, grief; gloom, melancholy, sad, sorrow, unhappiness",
    "disapproval": "disappointment",
    "surprise": "distraction, amazement; astonishment, surprised",
}
"""Words at a place besides its own: of a primary emotion first its mild and intense degree on the
wheel, then after a semicolon other forms of the word and words of the same cluster in Shaver et
al. 1987, "Emotion knowledge", Journal of Personality and Social Psychology 52(6). Emotions between
two that are no neighbours (pride is joy and anger, guilt joy and fear) have no place: what lies
halfway between the two on the wheel is a third."""


def on_wheel(name: str) -> bool:
    """Whether the wheel has an emotion by its English name, or as the opposite of one it has."""
    return name.casefold() in {*WHEEL, *OPPOSITES}


def angle_of(name: str) -> float:
    """Angle of an emotion on Plutchik's wheel, in radians from fear, in [0, 2π).

    Args:
        name: English name, in any case.

    Raises:
        InputError: if the wheel does not have it.
    """
    return float(angles_of([name])[0])


def angles_of(names: Sequence[str]) -> NDArray[np.float64]:
    """Angles of emotions on Plutchik's wheel, in radians from fear, (K,).

    Args:
        names: English names, in any case.

    Raises:
        InputError: if the wheel does not have one of them.
    """
    step = math.tau / len(WHEEL)
    places = {name: index for index, name in enumerate(WHEEL)}
    for name, opposite in OPPOSITES.items():
        places[name] = (places[opposite] + len(WHEEL) // 2) % len(WHEEL)
    unknown = [name for name in names if name.casefold() not in places]
    if unknown:
        raise InputError(
            f"Plutchik's wheel has no {', '.join(repr(name) for name in unknown)}. "
            f"It knows: {', '.join(places)}. Use the correlation of the training labels instead."
        )
    return np.array([places[name.casefold()] * step for name in names], dtype=np.float64)


def place_of(label: Label) -> str | None:
    """The emotion of the wheel that a label counts as, or None.

    Known are the emotions of the wheel, the words of `KIN`, and the words that the built-in
    taxonomies have for any of them in other languages.

    Args:
        label: known by its name, else by its word if it has one only.
    """
    known = _places()
    names = [label.name, *(label.words if len(label.words) == 1 else ())]
    return next((known[name.casefold()] for name in names if name.casefold() in known), None)


@cache
def _places() -> dict[str, str]:
    """By word, the emotion of the wheel that it belongs to."""
    places = {word: place for place in WHEEL for word in (place, *kin(place))}
    for name in OPPOSITES:
        places[name] = WHEEL[round(angle_of(name) / math.tau * len(WHEEL))]
    english = dict(places)
    for taxonomy in map(Taxonomy.load, builtin_taxonomies()):
        for table in taxonomy.translations.values():
            for name, words in table.items():
                if name in english and len(words) == 1:
                    places.setdefault(words[0].casefold(), english[name])
    return places


def kin(place: str) -> list[str]:
    """Words that count as an emotion of the wheel besides its own name."""
    return KIN[place].replace(";", ",").split(", ") if place in KIN else []
