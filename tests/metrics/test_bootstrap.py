"""The bootstrap of a score against one that resamples texts one by one; its parts by hand."""

import numpy as np
import pytest

from emoscope.metrics.bootstrap import (
    Difference,
    count_draws,
    draw_texts,
    macro_f1_interval,
    micro_f1_interval,
)
from emoscope.metrics.classification import report
from emoscope.taxonomy import Taxonomy

EMOCONTEXT = Taxonomy.load("emocontext")


@pytest.fixture
def judged():
    rng = np.random.default_rng(0)
    truth = rng.choice(4, size=300, p=[0.7, 0.1, 0.1, 0.1])
    decided = np.where(rng.random(300) < 0.75, truth, rng.integers(0, 4, 300))
    return np.eye(4)[truth], np.eye(4, dtype=bool)[decided]


@pytest.mark.parametrize(
    ("average", "interval"), [("micro", micro_f1_interval), ("macro", macro_f1_interval)]
)
@pytest.mark.parametrize("texts", [300, 12])
def test_equals_resampling_of_texts(judged, average, interval, texts):
    """Also of few texts, where a resample may lack all those of a label."""
    labels, decisions = (rows[:texts] for rows in judged)
    rng = np.random.default_rng(1)
    figures = []
    for _ in range(1500):
        rows = rng.integers(0, len(labels), len(labels))
        figures.append(getattr(report(labels[rows], decisions[rows], EMOCONTEXT), average).f1)
    expected = np.quantile(figures, [0.025, 0.975])
    got = interval(labels, decisions, EMOCONTEXT, resamples=4000)
    assert got == pytest.approx(tuple(expected), abs=0.01 if texts == 300 else 0.06)
    assert got[0] < getattr(report(labels, decisions, EMOCONTEXT), average).f1 < got[1]


def test_is_seeded_and_shrinks_with_the_level(judged):
    labels, decisions = judged
    wide = micro_f1_interval(labels, decisions, EMOCONTEXT)
    assert wide == micro_f1_interval(labels, decisions, EMOCONTEXT)
    narrow = micro_f1_interval(labels, decisions, EMOCONTEXT, level=0.5)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_perfect_decisions_have_no_spread(judged):
    labels, _ = judged
    assert micro_f1_interval(labels, labels.astype(bool), EMOCONTEXT) == (1.0, 1.0)


def test_draws_are_counted():
    drawn = np.array([[0, 0, 2], [1, 1, 1]])
    assert count_draws(drawn).tolist() == [[2, 0, 1], [0, 3, 0]]
    drawn = draw_texts(7, 3, np.random.default_rng(0))
    slow = [[row.count(text) for text in range(7)] for row in drawn.tolist()]
    assert count_draws(drawn).tolist() == slow


def test_p_and_interval_by_hand():
    resampled = np.array([-0.1, 0.0, *[0.2] * 97, 0.3])
    difference = Difference.of(0.2, resampled)
    # Two of 100 resamples are not above 0.
    assert difference.p == pytest.approx(2 * 3 / 101)
    assert (difference.low, difference.high) == pytest.approx(
        np.quantile(resampled, [0.025, 0.975])
    )
    assert Difference.of(-0.2, -resampled).p == difference.p
    assert Difference.of(0.0, np.zeros(100)).p == 1.0
    assert Difference.of(0.1, np.full(100, 0.1)).p == pytest.approx(2 / 101)
