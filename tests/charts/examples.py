"""Tallies to draw: random annotations, few or many, with ordinary and hostile names."""

from datetime import date, timedelta

import numpy as np

from emoscope.charts import Tally
from emoscope.taxonomy import Label, Taxonomy

HOSTILE = (
    "<script>alert(1)</script>",
    "\"onload='x' & ]]> -->",
    "$\\frac{1}{0}$ %s {0}",
    "\u202eright to left\u2069 and out",
    "غضب شديد",
    "आश्चर्य",
    "怒り 😀",
    "\ue123 \U000e0001",
    "w" * 300,
)


def taxonomy_of(names, exclusive=False):
    return Taxonomy("t", tuple(Label(name, (name,)) for name in names), exclusive=exclusive)


def tally_of(names, texts=200, days=None, exclusive=False, seed=0):
    """Random annotations, dates spread over some days."""
    rng = np.random.default_rng(seed)
    tally = Tally(taxonomy_of(names, exclusive))
    probabilities = rng.random((texts, len(names))) ** np.linspace(1, 4, len(names))
    chosen = probabilities >= (probabilities.max(axis=1, keepdims=True) if exclusive else 0.5)
    start = date(2020, 1, 1)
    dates = None
    if days is not None:
        dates = [start + timedelta(int(day)) for day in rng.integers(0, days, texts)]
    tally.add(probabilities, chosen, dates)
    return tally


def numbered(count):
    return [f"emotion {number} of many" for number in range(count)]


CASES = {
    "one text, one label": lambda: tally_of(["joy"], 1, 1),
    "two labels": lambda: tally_of(["joy", "anger"], 30, 10),
    "goemotions": lambda: tally_of(Taxonomy.load("goemotions").names, 900, 700),
    "sixty labels": lambda: tally_of(numbered(60), 300, 40_000),
    "more than are drawn": lambda: tally_of(numbered(75), 300, 90),
    "hostile names": lambda: tally_of(HOSTILE, 200, 30),
    "exclusive": lambda: tally_of(Taxonomy.load("emocontext").names, 50, None, True),
    "no texts": lambda: Tally(Taxonomy.load("ekman")),
}
