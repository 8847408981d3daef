"""Metrics of several systems on the same texts, and on bootstrap resamples of the texts.

A metric depends on a text only through the counts of this text. So the counts of all texts, runs
and labels are one matrix, a resample is a row of weights (how often it drew each text), and the
counts of all resamples are a matrix product.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emoscope.metrics.bootstrap import Difference, count_draws, draw_texts
from emoscope.metrics.counts import (
    Bools,
    Floats,
    f1_score,
    harmonic_mean,
    jaccard_score,
    precision_score,
    recall_score,
)
from emoscope.metrics.metric import (
    ACCURACY,
    AVERAGES,
    JACCARD,
    MACRO_F1,
    MICRO_F1,
    MORE_AVERAGES,
    OF_LABEL,
    Metric,
    Score,
)
from emoscope.taxonomy import Taxonomy

CHUNK = 250
"""Resamples at a time, so that their weights fit into the processor's cache."""


@dataclass(frozen=True)
class GoldTexts:
    """N texts with the gold labels against which systems are measured.

    Attributes:
        taxonomy: the K labels; ignored ones are not averaged.
        gold: gold labels, 0 or 1, or shares cut at ½, (N, K); NaN where not annotated.
        parts: the part of each text, (N,). Metrics are means over the parts, as in training, and a
            resample keeps the size of each part.
    """

    taxonomy: Taxonomy
    gold: Floats
    parts: Sequence[str]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What can be measured: averages, scores of each annotated label, averages by part."""
        known = ~np.isnan(self.gold).all(axis=0)
        names = np.array(self.taxonomy.names)[known]
        parts = dict.fromkeys(self.parts)
        f1, *further = ([Metric(score, name) for name in names.tolist()] for score in OF_LABEL)
        found = (*AVERAGES, *f1, *MORE_AVERAGES, *(metric for each in further for metric in each))
        averages = (*AVERAGES, *MORE_AVERAGES)
        of_parts = [average.of_part(part) for part in parts for average in averages]
        return (*found, *(of_parts if len(parts) > 1 else ()))

    def of_parts(self) -> Iterator[tuple[str, NDArray[np.intp]]]:
        """Each part with the indices of its texts."""
        parts = np.asarray(self.parts)
        for name in dict.fromkeys(self.parts):
            yield name, np.flatnonzero(parts == name)


@dataclass(frozen=True)
class PairedMetrics:
    """M metrics of C systems.

    Attributes:
        runs: the metrics of each run of each system, C arrays (R, M).
        resampled: the means over the runs of each system, on each of S resamples, (S, C, M).
    """

    runs: tuple[Floats, ...]
    resampled: Floats

    def difference(self, first: int, second: int, metric: int) -> Difference:
        """By how much a metric of the first system is higher than that of the second."""
        return Difference.of(
            float(self.runs[first][:, metric].mean() - self.runs[second][:, metric].mean()),
            self.resampled[:, first, metric] - self.resampled[:, second, metric],
        )


def measure_systems(
    texts: GoldTexts,
    systems: Sequence[Bools],
    metrics: Sequence[Metric],
    *,
    resamples: int = 10_000,
    seed: int = 0,
) -> PairedMetrics:
    """Measure each run, and the means over the runs of each system on bootstrap resamples.

    All systems are measured on the same resamples: the bootstrap is paired.

    Args:
        texts: N texts.
        systems: the predictions of the R runs of each system, (R, N, K); R may differ.
        metrics: M of `texts.metrics`.
        resamples: number of resamples, S.
        seed: random seed of the resamples.
    """
    ends = np.cumsum([len(predictions) for predictions in systems])
    starts = [0, *ends[:-1]]
    runs = np.zeros((int(ends[-1]), len(metrics)))
    resampled = np.zeros((resamples, len(systems), len(metrics)))
    having = np.zeros(len(metrics))
    for place, (name, rows) in enumerate(texts.of_parts()):
        predicted = [predictions[:, rows] for predictions in systems]
        counts = PartCounts.of(texts, predicted, rows, name)
        generator = np.random.default_rng((seed, place))
        everything = counts.compute(np.ones((1, len(rows))), metrics)[0]
        having += ~np.isnan(everything[0])
        runs += np.nan_to_num(everything)
        light = counts.single()
        for start in range(0, resamples, CHUNK):
            drawn = draw_texts(len(rows), min(CHUNK, resamples - start), generator)
            found = np.nan_to_num(light.compute(count_draws(drawn), metrics))
            means = np.add.reduceat(found, starts, axis=1) / np.diff([0, *ends])[:, None]
            resampled[start : start + len(drawn)] += means
    return PairedMetrics(tuple(np.split(runs / having, ends[:-1])), resampled / having)


@dataclass(frozen=True)
class PartCounts:
    """The counts of each of N texts of one part for R runs.

    Attributes:
        part: name of the part.
        labels: names of the K labels.
        averaged: which labels count in averages, (K,).
        present: which labels the part was annotated for, (K,).
        gold: whether each text has each label, (N, K).
        runs: for each text and run the true positives and the predictions of each label, the
            Jaccard index, and whether every label is right, (N, R, 2K + 2).
    """

    part: str
    labels: tuple[str, ...]
    averaged: Bools
    present: Bools
    gold: Floats
    runs: Floats

    @classmethod
    def of(
        cls, texts: GoldTexts, systems: Sequence[Bools], rows: NDArray[np.intp], part: str
    ) -> "PartCounts":
        """Count for the texts in `rows`; `systems` are the predictions for them, (R, N, K)."""
        known = ~np.isnan(texts.gold[rows])
        gold = (np.where(known, texts.gold[rows], 0.0) >= 0.5)[:, None]
        predicted = np.concatenate(systems).transpose(1, 0, 2) & known[:, None]
        averaged = np.zeros(len(texts.taxonomy), dtype=bool)
        averaged[list(texts.taxonomy.averaged)] = True
        jaccard = jaccard_score(gold[..., averaged], predicted[..., averaged])
        right = (gold == predicted).all(axis=-1)
        runs = [gold & predicted, predicted, jaccard[..., None], right[..., None]]
        return cls(
            part=part,
            labels=texts.taxonomy.names,
            averaged=averaged,
            present=np.asarray(known.any(axis=0)),
            gold=gold[:, 0].astype(float),
            runs=np.concatenate(runs, axis=-1, dtype=float),
        )

    def single(self) -> "PartCounts":
        """The same counts in single precision, in which integers up to 2²⁴ are exact."""
        gold, runs = self.gold.astype(np.float32), self.runs.astype(np.float32)
        return replace(self, gold=gold, runs=runs)

    def compute(self, weight: Floats, metrics: Sequence[Metric]) -> Floats:
        """Compute metrics of the weighted texts.

        Args:
            weight: the weight of each text in each of S resamples, (S, N); a row sums to N.
            metrics: M metrics.

        Returns:
            (S, R, M); NaN for scores of a label that the part was not annotated for, and for
            metrics of other parts.
        """
        size, (texts, runs, width) = len(self.labels), self.runs.shape
        sums = (weight @ self.runs.reshape(texts, -1)).reshape(-1, runs, width)
        hits, predicted = sums[..., :size], sums[..., size : 2 * size]
        actual = (weight @ self.gold)[:, None]
        kept = np.flatnonzero(self.averaged & self.present)
        # As in a report, labels without a case have no part in the mean.
        having = self.averaged & (actual > 0)
        of_labels: dict[Score, Floats] = {
            "f1": f1_score(hits, predicted, actual),
            "precision": precision_score(hits, predicted),
            "recall": recall_score(hits, np.broadcast_to(actual, hits.shape)),
        }
        macro = {
            score: (values * having).sum(axis=-1) / np.maximum(having.sum(axis=-1), 1)
            for score, values in of_labels.items()
        }
        sums_of = [counts[..., kept].sum(axis=-1) for counts in (hits, predicted, actual)]
        known = {
            MICRO_F1: f1_score(*sums_of),
            Metric("micro_precision"): precision_score(sums_of[0], sums_of[1]),
            Metric("micro_recall"): recall_score(sums_of[0], sums_of[2]),
            MACRO_F1: macro["f1"],
            Metric("macro_precision"): macro["precision"],
            Metric("macro_recall"): macro["recall"],
            Metric("harmonic_macro_f1"): harmonic_mean(macro["precision"], macro["recall"]),
            JACCARD: sums[..., 2 * size] / texts,
            ACCURACY: sums[..., 2 * size + 1] / texts,
        }
        known |= {metric.of_part(self.part): values for metric, values in known.items()}
        known |= {
            Metric(score, name): values[..., k]
            for score, values in of_labels.items()
            for k, name in enumerate(self.labels)
            if self.present[k]
        }
        if not self.present.any():
            # The part is not annotated for any of these labels.
            known = {}
        nothing = np.full_like(sums[..., 0], np.nan)
        return np.stack([known.get(metric, nothing) for metric in metrics], axis=-1)
