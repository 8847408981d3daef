"""Other ways to find emotions in text, on labels that they share with GoEmotions.

The rivals have fewer labels than GoEmotions, so that its labels are put together in the groups
that were published with it: Ekman's emotions, and positive and negative. A text has a group if it
has one of the group's labels. A model of the labels scores a group with the highest of them.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.multiclass import OneVsRestClassifier

from emoscope.calibration import best_threshold, decide, fit_thresholds
from emoscope.corpora.corpus import Corpus
from emoscope.metrics.classification import Report, report
from emoscope.metrics.counts import Bools, Floats
from emoscope.taxonomy import Taxonomy

GROUPS: Mapping[str, Sequence[str]] = {
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "joy": (
        *("joy", "amusement", "approval", "excitement", "gratitude", "love"),
        *("optimism", "relief", "pride", "admiration", "desire", "caring"),
    ),
    "sadness": ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    "surprise": ("surprise", "realization", "confusion", "curiosity"),
    "positive": (
        *("amusement", "excitement", "joy", "love", "desire", "optimism"),
        *("caring", "pride", "admiration", "gratitude", "relief", "approval"),
    ),
    "negative": (
        *("fear", "nervousness", "remorse", "embarrassment", "disappointment", "sadness"),
        *("grief", "disgust", "anger", "annoyance", "disapproval"),
    ),
}
"""Demszky et al. 2020, arXiv 2005.00547: `ekman_mapping.json` and `sentiment_mapping.json`."""
LEXICONS: Mapping[str, Mapping[str, str]] = {
    "NRCLex": {name: name for name in GROUPS},
    "text2emotion": {
        "anger": "Angry",
        "fear": "Fear",
        "joy": "Happy",
        "sadness": "Sad",
        "surprise": "Surprise",
    },
}
"""What a package calls the groups that it knows. NRC's trust and anticipation are in no group."""
WEIGHTS = (None, "balanced")
LEXICON_SCRIPT = Path(__file__).with_name("lexicon_scores.py")


class CannotRunError(Exception):
    """Why a rival has no figures."""


@dataclass(frozen=True)
class Contender:
    """What one of them makes of N texts of dev and M of test.

    Attributes:
        groups: those that it knows, G of `GROUPS`, in their order.
        dev: scores, (N, G).
        test: scores, (M, G).
        own: what it decides on test by its own rule, (M, G).
    """

    groups: tuple[str, ...]
    dev: Floats
    test: Floats
    own: Bools


@dataclass(frozen=True)
class Standing:
    """How well one of them did on test, over the groups that it knows.

    Attributes:
        groups: their names, G.
        fitted: figures at the thresholds that are best on dev.
        own: figures of its own rule.
        auc: ROC-AUC of each group, (G,).
    """

    groups: tuple[str, ...]
    fitted: Report
    own: Report
    auc: Floats

    def to_dict(self) -> dict[str, Any]:
        """A mapping for JSON."""
        return {
            "fitted": self.fitted.to_dict(),
            "own": self.own.to_dict(),
            "roc_auc": dict(zip(self.groups, self.auc.tolist(), strict=True)),
        }


def grouped(values: NDArray[Any], names: Sequence[str]) -> NDArray[Any]:
    """The highest of each group's labels: (N, K) values of the labels → (N, `len(GROUPS)`)."""
    places = [[names.index(name) for name in members] for members in GROUPS.values()]
    return np.stack([values[:, columns].max(axis=1) for columns in places], axis=1)


def of_labels(names: Sequence[str], dev: Floats, test: Floats, decisions: Bools) -> Contender:
    """A model of GoEmotions' labels.

    Args:
        names: of the K labels.
        dev: probabilities, (N, K).
        test: probabilities, (M, K).
        decisions: on test, (M, K).
    """
    scores = (grouped(one, names) for one in (dev, test, decisions))
    return Contender(tuple(GROUPS), *scores)


def of_lexicon(name: str, python: str, dev: Corpus, test: Corpus) -> Contender:
    """A package that looks words up.

    Args:
        name: in `LEXICONS`.
        python: interpreter that has it.
        dev: the texts that a threshold is fitted on.
        test: the texts to judge it by.

    Raises:
        CannotRunError: the interpreter has not what it needs.
    """
    calls = LEXICONS[name]
    lines = "".join(json.dumps(text) + "\n" for text in (*texts(dev), *texts(test)))
    try:
        done = subprocess.run(
            [python, "-W", "ignore", LEXICON_SCRIPT, name.lower()],
            input=lines,
            capture_output=True,
            encoding="utf-8",
        )
    except OSError as error:
        raise CannotRunError(str(error)) from error
    if done.returncode:
        said = done.stderr.splitlines()
        raise CannotRunError(said[-1] if said else f"exit code {done.returncode}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    scores = np.array([[row["scores"].get(call, 0.0) for call in calls.values()] for row in rows])
    own = np.array([[call in row["chosen"] for call in calls.values()] for row in rows])
    return Contender(tuple(calls), scores[: len(dev)], scores[len(dev) :], own[len(dev) :])


def tfidf(train: Corpus, dev: Corpus, test: Corpus) -> tuple[Floats, Floats, str]:
    """TF-IDF of words and pairs of words, and a logistic regression for each label.

    Returns:
        Probabilities of dev, (N, K), and of test, (M, K), and which class weights did better on
        dev.
    """
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    known, held = vectors.fit_transform(texts(train)), vectors.transform(texts(dev))
    best = -1.0
    for weight in WEIGHTS:
        regression = LogisticRegression(solver="liblinear", class_weight=weight)
        model = OneVsRestClassifier(regression).fit(known, train.labels >= 0.5)
        scores = model.predict_proba(held)
        decisions = decide(scores, False, fit_thresholds(scores, dev.labels))
        macro = report(dev.labels, decisions, dev.taxonomy).macro.f1
        if macro > best:
            best, kept = macro, (scores, model, str(weight))
    scores, model, weight = kept
    return scores, model.predict_proba(vectors.transform(texts(test))), weight


def everything(dev: Corpus, test: Corpus) -> Contender:
    """Each text has each group: what there is to beat."""
    groups = len(GROUPS)
    own = np.ones((len(test), groups), dtype=np.bool_)
    return Contender(tuple(GROUPS), np.ones((len(dev), groups)), np.ones((len(test), groups)), own)


def texts(corpus: Corpus) -> list[str]:
    """The texts of a corpus, the turns of each joined."""
    return [" ".join(turns) for turns in corpus.turns]


def standing(one: Contender, dev: Floats, test: Floats) -> Standing:
    """Judge a contender.

    Args:
        one: what it makes of the texts.
        dev: which groups the texts have, (N, `len(GROUPS)`).
        test: the same, (M, `len(GROUPS)`).
    """
    places = [list(GROUPS).index(name) for name in one.groups]
    truth, taxonomy = test[:, places], Taxonomy.parse_labels(",".join(one.groups))
    # Not `fit_thresholds`, which pulls thresholds together: that is for probabilities.
    pairs = zip(one.dev.T, dev[:, places].T >= 0.5, strict=True)
    fitted = one.test >= np.array([best_threshold(scores, has) for scores, has in pairs])
    return Standing(
        groups=one.groups,
        fitted=report(truth, fitted, taxonomy),
        own=report(truth, one.own, taxonomy),
        auc=np.array([roc_auc_score(y, p) for y, p in zip(truth.T, one.test.T, strict=True)]),
    )


def print_standings(found: Mapping[str, Standing]) -> None:
    """F1 of each group, by both rules, and ROC-AUC."""
    print("  GoEmotions test, groups of labels: F1 at the thresholds best on dev, by its own rule")
    print(f"    {'':30}" + "".join(f"{name:>10}" for name in (*GROUPS, "macro")))
    for name, one in found.items():
        for title, figures in ((name, one.fitted), ("  by its own rule", one.own)):
            print_row(title, {key: value.f1 for key, value in figures.labels.items()})
        print_row("  ROC-AUC", dict(zip(one.groups, one.auc.tolist(), strict=True)))


def print_row(title: str, cells: Mapping[str, float]) -> None:
    """Figures of the groups that one knows, and their mean."""
    known = [f"{cells[name]:.3f}" if name in cells else "-" for name in GROUPS]
    mean = f"{np.mean(list(cells.values())):.3f}"
    print(f"    {title:30}" + "".join(f"{cell:>10}" for cell in (*known, mean)), flush=True)
