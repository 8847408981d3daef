"""Measure a trained model on a corpus."""

from dataclasses import dataclass
from math import isnan
from statistics import fmean
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from emoscope.calibration import decide
from emoscope.errors import InputError
from emoscope.inference.annotator import Annotator
from emoscope.labelled.names import find_name
from emoscope.labelled.texts import Labelled
from emoscope.metrics.agreement import cohen_kappa
from emoscope.metrics.bootstrap import macro_f1_interval, micro_f1_interval
from emoscope.metrics.classification import Report, report
from emoscope.metrics.confusions import Confusion, find_confusions
from emoscope.metrics.metric import AVERAGES
from emoscope.taxonomy import Label, Taxonomy

Texts = TypeVar("Texts", bound=Labelled)
MAX_CONFUSIONS = 20
"""Confusions in the figures as JSON."""


@dataclass(frozen=True)
class Evaluation:
    """Figures of one model on one corpus, and what they were computed from.

    Attributes:
        taxonomy: the K labels that the model and the corpus share.
        report: the figures, at the thresholds that were fitted in training.
        at_fixed: the same at a threshold of ½; None of exclusive labels, which have none.
        interval: bootstrap interval of micro-F1, 95 %.
        macro_interval: the same of macro-F1.
        kappa: Cohen's kappa of predictions and labels, of each label by its name; NaN where both
            always or never have it.
        languages: figures of the texts of each language.
        confusions: which labels are taken for which, the most frequent first; here labels that the
            model gives and the corpus lacks count as well.
        labels: (N, K).
        decisions: (N, K).
        probabilities: (N, K).
    """

    taxonomy: Taxonomy
    report: Report
    at_fixed: Report | None
    interval: tuple[float, float]
    macro_interval: tuple[float, float]
    kappa: dict[str, float]
    languages: dict[str, Report]
    confusions: tuple[Confusion, ...]
    labels: NDArray[np.floating[Any]]
    decisions: NDArray[np.bool_]
    probabilities: NDArray[np.floating[Any]]

    @property
    def agreement(self) -> float:
        """Cohen's kappa of all labels: of the label given if exclusive, else the mean over labels.

        The mean is over the averaged labels with a case, as that of F1.
        """
        if self.taxonomy.exclusive:
            return cohen_kappa(self.labels.argmax(axis=1), self.decisions.argmax(axis=1))
        ignored = {*self.taxonomy.ignored, *self.report.without_cases}
        found = [value for name, value in self.kappa.items() if name not in ignored]
        known = [value for value in found if not isnan(value)]
        return fmean(known) if known else float("nan")

    def over_languages(self) -> dict[str, dict[str, float]]:
        """Averages over the languages of the averaged figures: plain, and weighted by texts."""
        values = [report.metrics() for report in self.languages.values()]
        texts = [report.texts for report in self.languages.values()]
        return {
            "macro": {str(metric): fmean(row[metric] for row in values) for metric in AVERAGES},
            "weighted": {
                str(metric): float(np.average([row[metric] for row in values], weights=texts))
                for metric in AVERAGES
            },
        }

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON."""
        written = self.report.to_dict() | {
            "micro_f1_interval_95": list(self.interval),
            "macro_f1_interval_95": list(self.macro_interval),
            "kappa": _or_none(self.agreement),
            "label_kappas": {name: _or_none(value) for name, value in self.kappa.items()},
            "confusions": [each.to_dict() for each in self.confusions[:MAX_CONFUSIONS]],
        }
        if self.at_fixed is not None:
            written["half"] = self.at_fixed.to_dict()
        if len(self.languages) > 1:
            written["languages"] = {
                name: language.to_dict() for name, language in self.languages.items()
            }
            written["over_languages"] = self.over_languages()
        return written


def evaluate(annotator: Annotator, corpus: Labelled, seed: int = 0) -> Evaluation:
    """Annotate a labelled corpus and compare, on the labels that both know.

    Args:
        annotator: of the model.
        corpus: with some of the same labels, in any order, or with those that they are made of;
            with all of them if they exclude each other. Examples without labels are left out.
        seed: of the bootstrap.

    Raises:
        InputError: the corpus has no labelled examples, or no label that the model knows.
    """
    known = annotator.taxonomy
    corpus = with_groups(corpus, known)
    shared = shared_labels(known, corpus)
    corpus = corpus.only_labelled(corpus.name)
    of_model = [known.index(name) for name in shared.names]
    of_corpus = [corpus.taxonomy.index(name) for name in shared.names]
    labels = corpus.labels[:, of_corpus]
    truth = np.zeros((len(corpus), len(known)))
    truth[:, of_model] = labels
    probabilities = annotator.with_truncation().probabilities(corpus.turns)
    given = annotator.decide(probabilities)
    decisions = given[:, of_model]
    probabilities = probabilities[:, of_model]
    at_fixed = None if known.exclusive else report(labels, decide(probabilities, False), shared)
    languages = np.array(corpus.languages)
    return Evaluation(
        taxonomy=shared,
        report=report(labels, decisions, shared),
        at_fixed=at_fixed,
        interval=micro_f1_interval(labels, decisions, shared, seed=seed),
        macro_interval=macro_f1_interval(labels, decisions, shared, seed=seed),
        kappa={
            name: cohen_kappa(labels[:, place] >= 0.5, decisions[:, place])
            for place, name in enumerate(shared.names)
        },
        languages={
            str(name): report(labels[languages == name], decisions[languages == name], shared)
            for name in dict.fromkeys(corpus.languages)
        },
        confusions=tuple(find_confusions(truth, given, known)),
        labels=labels,
        decisions=decisions,
        probabilities=probabilities,
    )


def with_groups(corpus: Texts, taxonomy: Taxonomy) -> Texts:
    """A corpus with the labels that a taxonomy makes of its own, in place of their parts.

    An example has such a label as far as it has one of the parts, or the label itself. Labels that
    the taxonomy writes in another case are called as there.

    Args:
        corpus: of any labels.
        taxonomy: with `made_of`, of which labels count all of whose parts the corpus has.
    """
    corpus = _with_names_of(taxonomy, corpus)
    own = corpus.taxonomy
    groups = {
        name: [own.index(part) for part in dict.fromkeys((*parts, name)) if part in own.names]
        for name, parts in taxonomy.made_of.items()
        if set(parts) <= set(own.names)
    }
    if not groups or own.exclusive or taxonomy.exclusive:
        return corpus
    used = {part for name in groups for part in taxonomy.made_of[name]}
    names = [*groups, *(name for name in own.names if name not in used and name not in groups)]
    columns = [groups.get(name) or [own.index(name)] for name in names]
    labels = np.stack([corpus.labels[:, places].max(axis=1) for places in columns], axis=1)
    grouped = Taxonomy(own.name, tuple(Label(name, (name,)) for name in names), own.language)
    return corpus.relabelled(grouped, labels)


def _with_names_of(taxonomy: Taxonomy, corpus: Texts) -> Texts:
    """A corpus whose labels are written as in a taxonomy, where only their case differs."""
    own = corpus.taxonomy
    written = [find_name(name, taxonomy.names) or name for name in own.names]
    if written == list(own.names) or len(set(written)) < len(written):
        return corpus
    labels = tuple(Label(name, x.words) for name, x in zip(written, own.labels, strict=True))
    ignored = tuple(written[own.index(name)] for name in own.ignored)
    called = Taxonomy(own.name, labels, own.language, own.exclusive, ignored)
    return corpus.relabelled(called, corpus.labels)


def shared_labels(known: Taxonomy, corpus: Labelled) -> Taxonomy:
    """The labels of a model that a corpus has too, in the model's order."""
    names = [name for name in known.names if name in corpus.taxonomy.names]
    same = set(known.names) == set(corpus.taxonomy.names)
    exclusive = known.exclusive or corpus.taxonomy.exclusive
    if not names or (exclusive and not same):
        advice = (
            "Labels that exclude each other must be the same ones: name a model of these with "
            "--model."
            if exclusive
            else "Name a model of these with --model, or labels that both have with --taxonomy."
        )
        raise InputError(
            f"The model knows the labels {', '.join(known.names)}; "
            f"{corpus.name} has {', '.join(corpus.taxonomy.names)}. {advice}"
        )
    return known.subset(names)


def _or_none(value: float) -> float | None:
    """A number for JSON, which has no NaN."""
    return None if isnan(value) else value
