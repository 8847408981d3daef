"""How far runs that differ in their seed alone decide alike, and the texts they get most wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emoscope.experiments.log import MeanStd
from emoscope.experiments.report.measured import MeasuredRuns
from emoscope.experiments.report.reliability import text_losses
from emoscope.metrics.agreement import fleiss_kappa, pairwise_agreement


@dataclass(frozen=True)
class RunAgreement:
    """R runs over the N texts that have a gold label.

    Attributes:
        texts: N.
        right: how many texts 0, 1 … R of the runs have every label right of, (R + 1,).
        pairs: share of texts that two runs decide alike, over all pairs; None of one run.
        kappa: Fleiss' kappa over the runs of each label, by name; NaN where all runs always or
            never decide it, which leaves nothing to agree on; empty of one run.
    """

    texts: int
    right: tuple[int, ...]
    pairs: MeanStd | None
    kappa: dict[str, float]


def measure_agreement(measured: MeasuredRuns) -> RunAgreement:
    """How the runs of a configuration agree."""
    annotated = measured.known.any(axis=1)
    decided = measured.decisions[:, annotated]
    truth = (measured.gold >= 0.5)[annotated]
    runs = len(decided)
    right = (decided == truth).all(axis=2).sum(axis=0)
    alike = pairwise_agreement(decided)
    kappa = {
        name: fleiss_kappa(decided[:, measured.known[annotated, k], k].sum(axis=0), runs)
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
        name: of the label.
        gold: whether the text has it; None if nobody said.
        votes: how many runs decide it.
        probability: mean over the runs.
    """

    name: str
    gold: bool | None
    votes: int
    probability: float


@dataclass(frozen=True)
class HardText:
    """A text that runs decide wrongly.

    Attributes:
        id: of the text.
        part: of the split.
        turns: of the text.
        loss: cross-entropy over the runs.
        wrong: how many runs have a label wrong.
        runs: how many there are.
        labels: those given by people or by a run, then the most probable others.
    """

    id: str
    part: str
    turns: Sequence[str]
    loss: MeanStd
    wrong: int
    runs: int
    labels: tuple[LabelVotes, ...]


def hardest(measured: MeasuredRuns, count: int, shown: int = 3) -> list[HardText]:
    """The texts with the highest mean loss among those that a run has a label wrong of.

    Args:
        measured: the runs.
        count: how many texts, at most.
        shown: labels of each, at least, where there are so many.
    """
    losses = text_losses(measured)
    mean = losses.mean(axis=0)
    truth = measured.gold >= 0.5
    wrong = (measured.decisions != truth).any(axis=2).sum(axis=0)
    wanted = np.flatnonzero((wrong > 0) & ~np.isnan(mean))
    # Equal losses in the order of the texts, so that two reports of one log are the same.
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
            labels=votes(measured, int(row), shown),
        )
        for row in ordered
    ]


def votes(measured: MeasuredRuns, row: int, shown: int) -> tuple[LabelVotes, ...]:
    """The labels of a text that matter: given, decided, or the most probable; the latter first."""
    mean = measured.probabilities[:, row].mean(axis=0)
    gold = measured.gold[row] >= 0.5
    counts = measured.decisions[:, row].sum(axis=0)
    # A label nobody was asked about is neither right nor wrong.
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
