"""The parts of `any_labels.py` that compare scorers of labels: what they measure and print."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.metrics.classification import report
from emoscope.metrics.counts import Bools, Floats
from emoscope.taxonomy import Taxonomy
from label_families import FAMILIES
from label_scorers import Scorer
from label_sentences import SENTENCES

EDOS, EVENT2MIND, XED, BRIGHTER = "EDOS", "Event2Mind", "XED", "BRIGHTER"
VOTES = {EDOS: 1 / 2, EVENT2MIND: 1 / 3}
"""From which share of the votes a text has a family."""
EPSILON = 1e-6
"""Votes are sums of thirds and the like in float32."""
TITLE, CELL = 38, 13

Scorers = Mapping[str, Scorer]
Cell = float | int | str | None


def print_row(title: str, cells: Sequence[Cell]) -> None:
    """A line of a table; a cell that is None has no value."""
    shown = [f"{x:.3f}" if isinstance(x, float) else "–" if x is None else str(x) for x in cells]
    print(f"    {title:{TITLE}}" + "".join(f"{cell:>{CELL}}" for cell in shown), flush=True)


def scores_of(title: str, scorer: Scorer, corpus: Corpus, taxonomy: Taxonomy) -> Floats | None:
    """Scores of a corpus, (N, K); None where labels are not taken, which is told."""
    try:
        return scorer.scores(corpus.turns, taxonomy)
    except InputError as error:
        print(f"    {corpus.name}: {title} does not take {len(taxonomy)} labels: {error}")
        return None


def areas(scores: Floats, truth: Bools, least: int) -> list[float | None]:
    """ROC-AUC of each label, (K,).

    Args:
        scores: (N, K).
        truth: (N, K).
        least: cases of a label; None stands for the area of one with fewer.
    """
    return [
        float(roc_auc_score(gold, column)) if least <= gold.sum() < len(gold) else None
        for column, gold in zip(scores.T, truth.T, strict=True)
    ]


def mean(values: Sequence[float | None]) -> float:
    """The mean of those that there are; NaN of none."""
    present = [value for value in values if value is not None]
    return fmean(present) if present else float("nan")


def top1(scores: Floats, truth: Bools) -> float:
    """The share of texts with a label whose highest score is of one that they have."""
    rows = truth.any(axis=1)
    best = scores[rows].argmax(axis=1)
    return mean(truth[rows][np.arange(len(best)), best].tolist())


def measure_families(corpora: Mapping[str, Corpus], scorers: Scorers, least: int) -> dict[str, Any]:
    """Ask for the words of the families.

    Args:
        corpora: EDOS and Event2Mind, by name.
        scorers: to compare, by title.
        least: cases of a family whose ROC-AUC counts.
    """
    figures: dict[str, Any] = {}
    print("  families left out: ROC-AUC of each")
    print_row("", [*FAMILIES, "mean", "top-1", "standardised"])
    for name, corpus in corpora.items():
        words = [
            [word for word in family.words if word in corpus.taxonomy.names]
            for family in FAMILIES.values()
        ]
        truth = family_votes(corpus, words) >= VOTES[name] - EPSILON
        cases = truth.sum(axis=0).tolist()
        print_row(f"{name}, cases in {len(corpus)} texts", cases)
        figures[name] = {"texts": len(corpus), "cases": dict(zip(FAMILIES, cases, strict=True))}
        asked = corpus.taxonomy.subset(word for of_family in words for word in of_family)
        for title, scorer in scorers.items():
            scores = scores_of(title, scorer, corpus, asked)
            if scores is not None:
                places = [list(map(asked.index, of_family)) for of_family in words]
                highest = np.stack([scores[:, columns].max(axis=1) for columns in places], axis=1)
                figures[name][title] = ranking = rank_families(highest, truth, least)
                area, *others = ranking.values()
                print_row(f"{name}, {title}", [*area.values(), *others])
    return figures


def family_votes(corpus: Corpus, words: Sequence[Sequence[str]]) -> Floats:
    """Votes for all words of each of F families together, (N, F)."""
    columns = [list(map(corpus.taxonomy.index, of_family)) for of_family in words]
    return np.stack([corpus.labels[:, places].sum(axis=1) for places in columns], axis=1)


def rank_families(scores: Floats, truth: Bools, least: int) -> dict[str, Any]:
    """Figures of the scores of families, (N, F); see `measure_families`."""
    area = areas(scores, truth, least)
    standard = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    return {
        "roc_auc": dict(zip(FAMILIES, area, strict=True)),
        "mean_roc_auc": mean(area),
        "top1": top1(scores, truth),
        "standardised_top1": top1(standard, truth),
    }


def measure_vocabularies(
    corpora: Mapping[str, Corpus], dev: Corpus, scorers: Scorers, least: int
) -> dict[str, Any]:
    """Ask for the labels of other corpora.

    Args:
        corpora: by name.
        dev: of BRIGHTER, to calibrate on.
        scorers: to compare, by title.
        least: cases of a label whose ROC-AUC counts.
    """
    figures: dict[str, Any] = {}
    print("  other vocabularies")
    print_row("", ["texts", "labels", "ROC-AUC", "top-1", "macro-F1"])
    for name, corpus in corpora.items():
        size = {"texts": len(corpus), "labels": len(corpus.taxonomy)}
        figures[name] = dict(size)
        for title, scorer in scorers.items():
            scores = scores_of(title, scorer, corpus, corpus.taxonomy)
            if scores is None:
                continue
            truth, right = truth_of(name, corpus)
            found = {"roc_auc": mean(areas(scores, truth, least)), "top1": top1(scores, right)}
            if name == BRIGHTER:
                decisions = scorer.decisions(dev, corpus)
                found["macro_f1"] = report(corpus.labels, decisions, corpus.taxonomy).macro.f1
            figures[name][title] = found
            print_row(f"{name}, {title}", [*size.values(), *found.values()])
    return figures


def truth_of(name: str, corpus: Corpus) -> tuple[Bools, Bools]:
    """Which labels the texts have, and which are right as the first one, (N, K) each."""
    labels = corpus.labels
    if name == EDOS:
        # Three workers may choose three labels, each of which is right.
        most = labels.max(axis=1, keepdims=True)
        return labels >= 0.5, (labels > 0) & (labels >= most - EPSILON)
    return labels > 0, labels > 0


def measure_groups(annotator: Annotator, corpus: Corpus, names: Sequence[str]) -> dict[str, Any]:
    """Ask for taxonomies that are made of a corpus' labels, beside the decisions on these labels.

    Args:
        annotator: of the model.
        corpus: GoEmotions.
        names: of the taxonomies.
    """
    figures: dict[str, Any] = {}
    own = annotator.with_labels(corpus.taxonomy).with_truncation()
    of_labels = own.decide(own.probabilities(corpus.turns))
    print(f"  groups of GoEmotions' labels, {len(corpus)} texts of test")
    for name in names:
        taxonomy = Taxonomy.load(name)
        parts = [
            list(map(corpus.taxonomy.index, taxonomy.made_of[group])) for group in taxonomy.names
        ]
        truth, of_parts = (
            np.stack([values[:, places].any(axis=1) for places in parts], axis=1)
            for values in (corpus.labels >= 0.5, of_labels)
        )
        asked = annotator.with_labels(taxonomy).with_truncation()
        decisions = asked.decide(asked.probabilities(corpus.turns))
        measured, by_parts = (
            report(truth.astype(np.float32), given, taxonomy) for given in (decisions, of_parts)
        )
        f1 = {group: of_group.f1 for group, of_group in measured.labels.items()}
        figures[name] = {
            "macro_f1": measured.macro.f1,
            "macro_f1_of_parts": by_parts.macro.f1,
            "without_any": float((~decisions.any(axis=1)).mean()),
            "f1": f1,
        }
        cells = list(figures[name].values())[:3]
        print_row("", ["macro-F1", "28 grouped", "without any", *f1])
        print_row(name, [*cells, *f1.values()])
    return figures


def measure_sentences(scorers: Scorers) -> dict[str, Any]:
    """Ask which of twelve labels fits each of twelve sentences best."""
    taxonomy = Taxonomy.of(list(SENTENCES))
    turns = [[sentence] for sentence in SENTENCES.values()]
    figures: dict[str, Any] = {}
    for title, scorer in scorers.items():
        chosen = [taxonomy.names[k] for k in scorer.scores(turns, taxonomy).argmax(axis=1)]
        answers = dict(zip(SENTENCES, chosen, strict=True))
        right = sum(label == answer for label, answer in answers.items())
        figures[title] = {"right": right, "answers": answers}
    print("  twelve sentences: what each is taken for")
    width = max(map(len, figures)) + 2
    print(f"    {'':{TITLE}}" + "".join(f"{title:>{width}}" for title in figures))
    for label in SENTENCES:
        answers = [found["answers"][label] for found in figures.values()]
        shown = ["right" if answer == label else answer for answer in answers]
        print(f"    {label:{TITLE}}" + "".join(f"{answer:>{width}}" for answer in shown))
    total = "".join(f"{found['right']:>{width}}" for found in figures.values())
    print(f"    {'right':{TITLE}}{total}", flush=True)
    return figures
