"""Plutchik's wheel of emotions: its sixteen places, their colours, and which words belong where.

Plutchik 2001, "The Nature of Emotions", American Scientist 89(4).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.taxonomy import Label, Taxonomy, builtin_taxonomies

Floats = NDArray[np.floating[Any]]

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
# By name, the number of the place on the wheel.
_PLACES = {name: place for place, name in enumerate(WHEEL)}
_PLACES |= {
    name: (_PLACES[opposite] + len(WHEEL) // 2) % len(WHEEL) for name, opposite in OPPOSITES.items()
}

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
    return name.casefold() in _PLACES


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
    unknown = [name for name in names if name.casefold() not in _PLACES]
    if unknown:
        raise InputError(
            f"Plutchik's wheel has no {', '.join(repr(name) for name in unknown)}. "
            f"It knows: {', '.join(_PLACES)}. Use the correlation of the training labels instead."
        )
    places = [_PLACES[name.casefold()] for name in names]
    return np.array(places, dtype=np.float64) * math.tau / len(WHEEL)


def place_of(label: Label) -> str | None:
    """The emotion of the wheel that a label counts as, or None.

    Known are the emotions of the wheel, the words of `KIN`, and the words that the built-in
    taxonomies have for any of them in other languages.

    Args:
        label: known by its name, else by its word if it has one only.
    """
    known = _emotions_by_word()
    names = [label.name, *(label.words if len(label.words) == 1 else ())]
    return next((known[name.casefold()] for name in names if name.casefold() in known), None)


@cache
def _emotions_by_word() -> dict[str, str]:
    """By word, the emotion of the wheel that it belongs to."""
    places = {word: place for place in WHEEL for word in (place, *kin(place))}
    places |= {name: WHEEL[_PLACES[name]] for name in OPPOSITES}
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


@dataclass(frozen=True)
class WheelMap:
    """Labels as points on Plutchik's wheel, turned there from what a model has learnt.

    Attributes:
        points: by label, x and y, fear to the right and joy up; the farthest has radius 1, and the
            centre is the mean of all labels.
        angles: of the labels that the wheel knows, in radians; there the wheel itself has them.
        explained: share of the spread of the labels that two dimensions hold.
        error: mean angle in degrees between where a known label is and where the wheel has it.
    """

    points: Mapping[str, tuple[float, float]]
    angles: Mapping[str, float]
    explained: float
    error: float


def map_onto_wheel(names: Sequence[str], similarity: Floats) -> WheelMap | None:
    """Put labels on Plutchik's wheel by their similarity.

    Classical multidimensional scaling: the two leading axes of the doubly centred cosines. This
    keeps distances, and leaves open how the points are turned and which side is up; both come
    from an orthogonal Procrustes fit of the labels that the wheel knows to their places on it
    (Schönemann 1966). The fit turns and mirrors all points alike, so that no label is moved
    relative to another: near its place on the wheel is a label only if the model has it there.

    Args:
        names: of the K labels, English.
        similarity: mean cosine of each pair, (K, K).

    Returns:
        None if the wheel knows fewer than three of the labels, or all are alike.
    """
    angles = {name: angle_of(name) for name in names if on_wheel(name)}
    centring = np.eye(len(names)) - 1 / len(names)
    spread, axes = np.linalg.eigh(centring @ similarity @ centring)
    spread = np.maximum(spread[::-1], 0.0)
    if len(angles) < 3 or spread[0] < 1e-9:
        return None
    places = axes[:, ::-1][:, :2] * np.sqrt(spread[:2])
    at = np.array(list(angles.values()))
    known = places[[list(names).index(name) for name in angles]]
    left, _, right = np.linalg.svd(known.T @ np.stack([np.cos(at), np.sin(at)], axis=1))
    places = places @ (left @ right) / np.linalg.norm(places, axis=1).max()
    points = {n: (float(x), float(y)) for n, (x, y) in zip(names, places, strict=True)}
    there = np.array([np.arctan2(points[name][1], points[name][0]) for name in angles])
    apart = np.abs(np.angle(np.exp(1j * (there - at))))
    return WheelMap(
        points=points,
        angles=angles,
        explained=float(spread[:2].sum() / spread.sum()),
        error=float(np.degrees(apart.mean())),
    )
