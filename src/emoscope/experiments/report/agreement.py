"""How far runs that differ only in their seed agree, and which texts they get most wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emoscope.experiments.report.measured import MeasuredRuns
from emoscope.experiments.report.reliability import compute_text_losses
from emoscope.experiments.runs import MeanStd
from emoscope.metrics.agreement import fleiss_kappa, pairwise_agreement


@dataclass(frozen=True)
class RunAgreement:
    """Agreement of R runs on the N texts that have a gold label.

    Attributes:
        texts: N.
        right: number of texts for which 0, 1 … R runs predict every label right, (R + 1,).
        pairs: share of texts with the same predictions by two runs, over all pairs of runs; None
            for a single run.
        kappa: Fleiss' kappa over the runs for each label, by name; NaN where all runs always or
            never predict the label, which leaves nothing to agree on; empty for a single run.
    """

    texts: int
    right: tuple[int, ...]
    pairs: MeanStd | None
    kappa: dict[str, float]


def measure_agreement(measured: MeasuredRuns) -> RunAgreement:
    """Measure how far the runs of a configuration agree."""
    annotated = measured.known.any(axis=1)
    predicted = measured.predictions[:, annotated]
    truth = (measured.gold >= 0.5)[annotated]
    runs = len(predicted)
    right = (predicted == truth).all(axis=2).sum(axis=0)
    alike = pairwise_agreement(predicted)
    kappa = {
        name: fleiss_kappa(predicted[:, measured.known[annotated, k], k].sum(axis=0), runs)
        for k, name in enumerate(measured.taxonomy.names)
    }
    return RunAgreement(
        texts=int(annotated.sum()),
        right=tuple(int(item) for item in np.bincount(right, minlength=runs + 1)),
        pairs=MeanStd.of(alike) if alike else None,
        kappa=kappa if runs > 1 else {},
    )


@dataclass(frozen=True)
class LabelVotes:
    """One label of one text.

    Attributes:
        name: name of the label.
        gold: whether the text has the label; None if it was not annotated for it.
        votes: number of runs that predict it.
        probability: mean probability over the runs.
    """

    name: str
    gold: bool | None
    votes: int
    probability: float


@dataclass(frozen=True)
class HardText:
    """A text with a wrong label in some run.

    Attributes:
        id: id of the text.
        part: the part of the split that it is from.
        turns: its turns, oldest first.
        loss: its cross-entropy over the runs.
        wrong: number of runs with a wrong label.
        runs: number of all runs.
        labels: the labels to show: gold, predicted by a run, or most probable.
    """

    id: str
    part: str
    turns: Sequence[str]
    loss: MeanStd
    wrong: int
    runs: int
    labels: tuple[LabelVotes, ...]


def find_hardest_texts(measured: MeasuredRuns, count: int, shown: int = 3) -> list[HardText]:
    """Find the texts with the highest mean loss among those with a wrong label in some run.

    Args:
        measured: the runs.
        count: number of texts, at most.
        shown: number of labels to show for each text, at least, where there are so many.
    """
    losses = compute_text_losses(measured)
    mean = losses.mean(axis=0)
    truth = measured.gold >= 0.5
    wrong = (measured.predictions != truth).any(axis=2).sum(axis=0)
    wanted = np.flatnonzero((wrong > 0) & ~np.isnan(mean))
    # Equal losses keep the order of the texts, so that two reports of one log are the same.
    ordered = wanted[np.argsort(-mean[wanted], kind="stable")][:count]
    texts = measured.texts
    return [
        HardText(
            id=str(texts.ids[row]),
            part=str(texts.parts[row]),
            turns=texts.turns[row],
            loss=MeanStd.of([float(loss) for loss in losses[:, row]]),
            wrong=int(wrong[row]),
            runs=len(losses),
            labels=count_votes(measured, int(row), shown),
        )
        for row in ordered
    ]


def count_votes(measured: MeasuredRuns, row: int, shown: int) -> tuple[LabelVotes, ...]:
    """The labels of a text to show: gold, predicted by a run, or most probable; sorted by that."""
    mean = measured.probabilities[:, row].mean(axis=0)
    gold = measured.gold[row] >= 0.5
    counts = measured.predictions[:, row].sum(axis=0)
    # A label without annotation is neither right nor wrong.
    known = measured.known[row]
    needed = set(np.flatnonzero((gold | (counts > 0)) & known).tolist())
    ordered = [k for k in np.argsort(-mean, kind="stable").tolist() if known[k]]
    for k in ordered:
        if len(needed) < shown:
            needed.add(k)
    return tuple(
        LabelVotes(measured.taxonomy.names[k], bool(gold[k]), int(counts[k]), float(mean[k]))
        for k in ordered
        if k in needed
    )
