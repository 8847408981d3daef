"""How good the annotator is that comes with emoscope, and how it compares with its rivals.

    python benchmarks/annotator_quality.py --goemotions DIR [--model FOLDER] [--parent FOLDER]
        [--semeval2025 DIR [--parent-goemotions FOLDER]] [--rivals-python PYTHON] [--quick]
        [--json FILE]

The annotator is the embedded one unless --model names another folder. Its temperature and its
thresholds come with it, from dev; nothing is chosen on test.

- GoEmotions test: all 28 labels, and the same predictions without the column of neutral, which is
  what publications on 27 labels score; expected calibration error (`emoscope.evaluation.
  calibration_error`), of all cells together and as the mean of the labels' own.
- The same texts, the annotator asked for a few of the labels: how well the probabilities of these
  fit (Brier score; the mean probability beside the share of texts that have the label) and rank
  (ROC-AUC), beside what it says of them when asked for all.
- --parent: the training in float32 that the annotator was made from, on the same texts.
- --semeval2025: English dev of SemEval-2025 Task 11, asked for its five labels. The embedded
  annotator was trained on that task's English train split: this is no zero-shot figure. A model
  trained on GoEmotions alone, --parent-goemotions, is zero-shot as to texts and annotators, not as
  to the names of the labels, at the thresholds that were fitted for these on GoEmotions. For labels
  that were never trained on see `transfer_quality.py`.
- Rivals on the same texts: TF-IDF with logistic regression, trained on GoEmotions train, NRCLex and
  text2emotion. `rivals.py` says how the labels are matched. Each is judged twice, at the thresholds
  that are best on dev, the annotator too, and by its own rule: the annotator's stored thresholds,
  ½ for the regression, the highest score for the others. The bar is the better of a rival's two.

The two packages want an interpreter of their own, as text2emotion needs an emoji package of its
time. What cannot be run is named with the reason.

NLTK's data come from its server; where that is not reached, the wheel of llama-index-core holds the
first two and Debian's package wordnet-base the third, less the files lexnames and index.sense.

    python -m venv rivals
    rivals/bin/pip install NRCLex==4.1.0 text2emotion==0.0.5 emoji==0.6.0
    rivals/bin/python -m nltk.downloader -d rivals/nltk_data punkt_tab stopwords wordnet
    python benchmarks/annotator_quality.py --rivals-python rivals/bin/python ...
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

import emoscope
from common import data_sample, finish, machine, options
from emoscope.calibration import decide, fit_thresholds
from emoscope.corpora import goemotions, semeval2025
from emoscope.corpora.corpus import Corpus
from emoscope.evaluation.evaluate import Evaluation, evaluate
from emoscope.inference.annotator import Annotator
from emoscope.metrics.calibration_error import BINS, ReliabilityBins, label_errors
from emoscope.metrics.classification import report
from emoscope.taxonomy import Taxonomy
from rivals import (
    LEXICONS,
    CannotRunError,
    Standing,
    everything,
    grouped,
    of_labels,
    of_lexicon,
    print_standings,
    standing,
    tfidf,
)

BARS = {
    "28": {"macro_f1": 0.53, "micro_f1": 0.60},
    "27": {"macro_f1": 0.53, "micro_f1": 0.57},
}
PUBLISHED = {
    "MiniLMv2-L6": "0.487",
    "BERT-base": "0.46-0.503",
    "RoBERTa-base, at ½": "0.450",
    "RoBERTa-base, thresholds tuned on test": "0.541",
}
"""Macro-F1 over 28 labels."""
ALLOWED_LOSS = 0.005
"""Below the parent, in F1."""
FEW = (
    ("admiration",),
    ("gratitude", "love", "annoyance"),
    ("confusion", "curiosity", "surprise"),
    ("joy", "sadness", "anger"),
    ("joy", "sadness", "anger", "neutral"),
)
"""Labels that the annotator is asked for alone."""
OURS = "annotator"
TFIDF = "TF-IDF, logistic regression"
WIDTH = 52
LINES = 500
"""Of each file, with --quick."""


def opened(folder: Path | None, taxonomy: Taxonomy) -> Annotator:
    """The annotator of a folder or the embedded one, asked for all labels of a taxonomy."""
    annotator = emoscope.load() if folder is None else emoscope.load(folder)
    if set(annotator.taxonomy.names) == set(taxonomy.names):
        return annotator
    return annotator.with_labels(taxonomy)


def averages(labels: Any, decisions: Any, taxonomy: Taxonomy) -> dict[str, dict[str, float]]:
    """Macro- and micro-F1 over 28 labels and over 27."""
    found = {}
    for name, ignored in (("28", ()), ("27", ("neutral",))):
        one = report(labels, decisions, replace(taxonomy, ignored=ignored))
        found[name] = {"macro_f1": one.macro.f1, "micro_f1": one.micro.f1}
    return found


def quality(test: Evaluation) -> dict[str, Any]:
    """Figures of GoEmotions test."""
    halves = decide(test.probabilities, False)
    bins = ReliabilityBins.of(test.probabilities.ravel(), test.labels.ravel())
    errors = label_errors(test.probabilities, test.labels)
    return {
        "fitted": averages(test.labels, test.decisions, test.taxonomy),
        "half": averages(test.labels, halves, test.taxonomy),
        "micro_f1_interval_95": test.interval,
        "labels": {
            name: {**vars(one), "calibration_error": error}
            for (name, one), error in zip(test.report.labels.items(), errors.tolist(), strict=True)
        },
        "calibration_error": {"pooled": bins.error, "mean_of_labels": float(errors.mean())},
        "reliability": [
            {
                "from": int(place) / BINS,
                "cells": int(bins.counts[place]),
                "probability": float(bins.confidence[place]),
                "observed": float(bins.observed[place]),
            }
            for place in np.flatnonzero(bins.counts)
        ],
    }


def print_models(figures: Mapping[str, Any]) -> None:
    """Averages over 28 and 27 labels of all that know them."""
    regression = figures["rivals"][TFIDF]
    rows = {
        f"{OURS}, thresholds from dev": figures["goemotions"]["fitted"],
        f"{OURS}, at ½": figures["goemotions"]["half"],
        f"{TFIDF}, thresholds from dev": regression["fitted"],
        f"{TFIDF}, at ½": regression["half"],
    }
    if "parent" in figures:
        rows["its parent in float32, thresholds from dev"] = figures["parent"]["parent"]
    keys = [(labels, key) for labels in ("28", "27") for key in ("macro_f1", "micro_f1")]
    print(f"    {'':{WIDTH}}" + "".join(f"{labels + ' ' + key:>12}" for labels, key in keys))
    for name, one in rows.items():
        cells = "".join(f"{one[labels][key]:>12.3f}" for labels, key in keys)
        print(f"    {name:{WIDTH}}{cells}", flush=True)
    for name, value in PUBLISHED.items():
        print(f"    {name + ' (published)':{WIDTH}}{value:>12}", flush=True)


def print_quality(figures: Mapping[str, Any]) -> None:
    """The table of labels, and how the probabilities fit."""
    print(f"    {'':16}{'precision':>11}{'recall':>11}{'F1':>11}{'texts':>11}{'ECE':>11}")
    for name, one in figures["labels"].items():
        cells = [one[key] for key in ("precision", "recall", "f1")]
        row = "".join(f"{cell:>11.3f}" for cell in cells)
        print(f"    {name:16}{row}{one['support']:>11}{one['calibration_error']:>11.4f}")
    error = figures["calibration_error"]
    print(f"  expected calibration error: {error['pooled']:.4f} of all cells together, ", end="")
    print(f"{error['mean_of_labels']:.4f} mean of the labels'")
    for one in figures["reliability"]:
        print(
            f"    {one['from']:.1f} to {one['from'] + 1 / BINS:.1f}: {one['cells']:>7} cells, mean "
            f"probability {one['probability']:.3f}, share that is so {one['observed']:.3f}",
            flush=True,
        )


def against_parent(ours: Evaluation, parent: Evaluation) -> dict[str, Any]:
    """The annotator beside what it was made from."""
    both = [averages(one.labels, one.decisions, one.taxonomy) for one in (ours, parent)]
    gaps = np.abs(ours.probabilities - parent.probabilities)
    return {
        "parent": both[1],
        "difference": {
            labels: {key: both[0][labels][key] - both[1][labels][key] for key in figures}
            for labels, figures in both[0].items()
        },
        "probabilities": {"mean_gap": float(gaps.mean()), "largest_gap": float(gaps.max())},
        "other_decisions": float((ours.decisions != parent.decisions).mean()),
    }


def few_labels(annotator: Annotator, test: Evaluation, corpus: Corpus) -> list[dict[str, Any]]:
    """The annotator asked for a few labels, beside what it says of them among all."""
    rows = []
    print("  a few labels alone (among all)")
    print(f"    {'':{WIDTH}}{'Brier score':>18}{'ROC-AUC':>16}  mean probability (share)")
    for names in FEW:
        places = [test.taxonomy.names.index(name) for name in names]
        labels = tuple(test.taxonomy.labels[place] for place in places)
        alone = annotator.with_labels(replace(test.taxonomy, labels=labels))
        truth = test.labels[:, places]
        both = {
            "alone": alone.probabilities(corpus.turns),
            "among_all": test.probabilities[:, places],
        }
        row: dict[str, Any] = {"labels": names, "share": truth.mean(axis=0).tolist()}
        for name, found in both.items():
            row[name] = {
                "brier": float(np.mean((found - truth) ** 2)),
                "roc_auc": float(roc_auc_score(truth, found)),
                "mean": found.mean(axis=0).tolist(),
            }
        one, other = row["alone"], row["among_all"]
        brier = f"{one['brier']:.4f} ({other['brier']:.4f})"
        auc = f"{one['roc_auc']:.3f} ({other['roc_auc']:.3f})"
        pairs = zip(one["mean"], row["share"], strict=True)
        means = " ".join(f"{mean:.3f} ({share:.3f})" for mean, share in pairs)
        print(f"    {', '.join(names):{WIDTH}}{brier:>18}{auc:>16}  {means}", flush=True)
        rows.append(row)
    return rows


def on_semeval(models: Mapping[str, Annotator], corpus: Corpus) -> dict[str, Any]:
    """English dev of SemEval-2025 Task 11 by each model, asked for its labels."""
    found = {}
    print(f"  SemEval-2025 English dev, {len(corpus)} texts, F1 (ROC-AUC)")
    names = [f"{name:>15}" for name in corpus.taxonomy.names]
    print(f"    {'':24}{''.join(names)}{'macro':>15}{'micro':>9}{'macro at ½':>12}")
    for model, annotator in models.items():
        one = evaluate(annotator.with_labels(corpus.taxonomy), corpus)
        pairs = zip(one.labels.T >= 0.5, one.probabilities.T, strict=True)
        auc = [float(roc_auc_score(truth, scores)) for truth, scores in pairs]
        f1 = [figures.f1 for figures in one.report.labels.values()]
        half = one.at_fixed.macro.f1 if one.at_fixed else float("nan")
        cells = zip((*f1, one.report.macro.f1), (*auc, float(np.mean(auc))), strict=True)
        row = "".join(f"{f'{a:.3f} ({b:.3f})':>15}" for a, b in cells)
        print(f"    {model:24}{row}{one.report.micro.f1:>9.3f}{half:>12.3f}", flush=True)
        found[model] = {
            **one.to_dict(),
            "roc_auc": dict(zip(one.taxonomy.names, auc, strict=True)),
        }
    return found


def side_by_side(
    annotator: Annotator, test: Evaluation, splits: Mapping[str, Corpus], python: str
) -> tuple[dict[str, Standing], dict[str, Any]]:
    """The annotator and its rivals on the groups of labels.

    Returns:
        Where each stands, and the rivals' figures.
    """
    train, dev, held = splits["train"], splits["dev"], splits["test"]
    on_dev, on_test, weight = tfidf(train, dev, held)
    halves = decide(on_test, False)
    fitted = decide(on_test, False, fit_thresholds(on_dev, dev.labels))
    ours = evaluate(annotator, dev).probabilities
    contenders = {
        OURS: of_labels(test.taxonomy.names, ours, test.probabilities, test.decisions),
        TFIDF: of_labels(held.taxonomy.names, on_dev, on_test, halves),
    }
    reasons = {}
    for name in LEXICONS:
        try:
            contenders[name] = of_lexicon(name, python, dev, held)
        except CannotRunError as error:
            reasons[name] = str(error)
    contenders["every group to every text"] = everything(dev, held)
    gold = [grouped(one.labels, one.taxonomy.names) for one in (dev, held)]
    found = {name: standing(one, *gold) for name, one in contenders.items()}
    return found, {
        "groups": {name: one.to_dict() for name, one in found.items()},
        "not_run": reasons,
        TFIDF: {
            "class_weight": weight,
            "fitted": averages(held.labels, fitted, held.taxonomy),
            "half": averages(held.labels, halves, held.taxonomy),
        },
    }


def verdicts(figures: Mapping[str, Any], found: Mapping[str, Standing]) -> dict[str, bool]:
    """What was measured against the bars."""
    said = {}
    for name, one in found.items():
        if name != OURS:
            mine = float(np.mean([found[OURS].fitted.labels[group].f1 for group in one.groups]))
            theirs = max(one.fitted.macro.f1, one.own.macro.f1)
            sentence = f"macro-F1 over {len(one.groups)} groups {mine:.3f}, {name} {theirs:.3f}"
            said[sentence] = mine > theirs
    if "parent" in figures:
        for labels, differences in figures["parent"]["difference"].items():
            worst = min(differences.values())
            shown = " / ".join(f"{100 * value:+.2f}" for value in differences.values())
            sentence = f"{labels} labels, macro / micro {shown} points against the parent"
            said[f"{sentence}, bar {-100 * ALLOWED_LOSS:+.1f}"] = worst >= -ALLOWED_LOSS
    for labels, bars in reversed(BARS.items()):
        for key, bar in bars.items():
            value = figures["goemotions"]["fitted"][labels][key]
            said[f"{labels} labels, {key} {value:.3f}, bar {bar}"] = value >= bar
    return said


def main() -> None:
    """Measure, print, judge."""
    parser = options(__doc__)
    parser.add_argument("--goemotions", type=Path, required=True)
    parser.add_argument("--semeval2025", type=Path)
    parser.add_argument("--model", type=Path, help="instead of the embedded one")
    parser.add_argument("--parent", type=Path, help="its training, in float32")
    parser.add_argument("--parent-goemotions", type=Path, help="trained on GoEmotions alone")
    parser.add_argument("--rivals-python", default=sys.executable, help="has the two packages")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    print(machine(), flush=True)
    with data_sample(arguments.goemotions, LINES if arguments.quick else None) as root:
        splits = {name: goemotions.load(root, name) for name in ("train", "dev", "test")}
    annotator = opened(arguments.model, splits["test"].taxonomy)
    test = evaluate(annotator, splits["test"])
    figures["goemotions"] = quality(test)
    print(f"  GoEmotions test, {len(splits['test'])} texts")
    print_quality(figures["goemotions"])
    figures["few_labels"] = few_labels(annotator, test, splits["test"])
    if arguments.parent is not None:
        parent = emoscope.load(arguments.parent, annotator.taxonomy)
        figures["parent"] = against_parent(test, evaluate(parent, splits["test"]))
    found, figures["rivals"] = side_by_side(annotator, test, splits, arguments.rivals_python)
    print_models(figures)
    print_standings(found)
    for name, reason in figures["rivals"]["not_run"].items():
        print(f"    {name} could not be run: {reason}", flush=True)
    if arguments.semeval2025 is not None:
        models = {OURS: annotator}
        if arguments.parent_goemotions is not None:
            models["GoEmotions alone"] = emoscope.load(arguments.parent_goemotions)
        english = semeval2025.load(arguments.semeval2025, "dev", languages=("eng",))
        figures["semeval2025"] = on_semeval(models, english)
    met = verdicts(figures, found)
    if arguments.parent is None:
        print("not measured: the distance to the parent in float32, as no --parent was given")
    finish(figures, met, arguments.json, arguments.quick)


if __name__ == "__main__":
    main()
