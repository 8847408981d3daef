"""Bootstrap over texts (Efron & Tibshirani 1993): how uncertain a score or a difference is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoscope.metrics.counts import Bools, Counts, Floats
from emoscope.taxonomy import Taxonomy

ROUNDING = 1e-6
"""What float32 may make of no difference at all."""
CELLS = 2_000_000
"""Numbers of texts that are drawn at a time."""


def draw_texts(texts: int, resamples: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Rows of the texts of each resample, (resamples, texts), with replacement."""
    return generator.integers(0, texts, (resamples, texts))


def count_draws(drawn: NDArray[np.int64]) -> NDArray[np.float32]:
    """How often each resample drew each text, (S, N), from the rows it drew, (S, N)."""
    count, texts = drawn.shape
    cells = drawn + np.arange(count)[:, None] * texts
    times = np.bincount(cells.ravel(), minlength=count * texts)
    return times.reshape(count, texts).astype(np.float32)


def percentile_interval(resampled: Floats, tail: float) -> tuple[float, float]:
    """The interval that leaves out this share of the resamples, (S,), at each end (chapter 13)."""
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)


@dataclass(frozen=True)
class Difference:
    """A difference of two systems by a paired bootstrap over texts (Koehn 2004, EMNLP, W04-3250).

    Attributes:
        value: on the texts themselves.
        low: of its 95 % percentile interval (Efron & Tibshirani 1993, chapter 13).
        high: of the same.
        p: two-sided: twice the share of resamples in which the difference has the other sign or
            is none, at most 1; the observed texts count as one resample, so it is never 0.
    """

    value: float
    low: float
    high: float
    p: float

    @classmethod
    def of(cls, value: float, resampled: Floats) -> "Difference":
        """From the difference on the texts, and on each of S resamples, (S,)."""
        low, high = percentile_interval(resampled, 0.025)
        below, above = (resampled <= ROUNDING).sum(), (resampled >= -ROUNDING).sum()
        p = min(1.0, 2 * (min(below, above) + 1) / (len(resampled) + 1))
        return cls(value, low, high, float(p))


def micro_f1_interval(
    labels: Floats,
    decisions: Bools,
    taxonomy: Taxonomy,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of micro-F1 over resampled texts.

    A text matters only through its own counts of true positives, predictions and cases, so a
    resample is a multinomial draw over the few distinct triples.

    Args:
        labels: (N, K), 0 or 1, or shares cut at ½.
        decisions: (N, K).
        taxonomy: its ignored labels stay out of the sums.
        level: share of the resamples inside the interval.
        resamples: how many.
        seed: of the draws.
    """
    averaged = list(taxonomy.averaged)
    truth = (np.asarray(labels) >= 0.5)[:, averaged]
    counts = Counts.of(truth, decisions[:, averaged], axis=1)
    triples = np.stack([counts.true_positives, counts.predicted, counts.actual], axis=1)
    kinds, frequency = np.unique(triples, axis=0, return_counts=True)
    texts = len(truth)
    draws = np.random.default_rng(seed).multinomial(texts, frequency / texts, size=resamples)
    f1 = Counts(*(draws @ kinds).T).f1
    return percentile_interval(f1, (1 - level) / 2)


def macro_f1_interval(
    labels: Floats,
    decisions: Bools,
    taxonomy: Taxonomy,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of macro-F1 over resampled texts.

    As on the texts themselves, the mean is over the labels that have a case in a resample.

    Args:
        labels: (N, K), 0 or 1, or shares cut at ½.
        decisions: (N, K).
        taxonomy: its ignored labels stay out of the mean.
        level: share of the resamples inside the interval.
        resamples: how many.
        seed: of the draws.
    """
    averaged = list(taxonomy.averaged)
    truth = (np.asarray(labels) >= 0.5)[:, averaged]
    given = np.asarray(decisions, dtype=np.bool_)[:, averaged]
    # Texts with the same labels and predictions are one kind.
    kinds, frequency = np.unique(np.hstack([truth, given]), axis=0, return_counts=True)
    truth, given = kinds[:, : len(averaged)], kinds[:, len(averaged) :]
    each = np.stack([truth & given, given, truth]).astype(np.float32)
    texts = int(frequency.sum())
    generator = np.random.default_rng(seed)
    found = []
    chunk = max(1, CELLS // len(kinds))
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        drawn = generator.multinomial(texts, frequency / texts, size=size).astype(np.float32)
        counts = Counts(*(drawn @ each))
        with_cases = counts.actual > 0
        f1 = np.where(with_cases, counts.f1, 0).sum(axis=1)
        found.append(f1 / np.maximum(with_cases.sum(axis=1), 1))
    return percentile_interval(np.concatenate(found), (1 - level) / 2)
